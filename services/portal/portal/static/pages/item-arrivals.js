// What is on its way into an item, or did not arrive: each with its reason, and its import for whoever began it.

import * as api from "../api.js";
import { element } from "../dom.js";
import { STATES } from "../words.js";
import { SessionCard } from "./session-card.js";

const LOOK_AGAIN_MS = 2000;

export async function arrivals({ item, signal, again }) {
  if (!item.arriving.length) return null;
  const cards = item.arriving.map((each) => new SessionCard(each.upload_session.split("/").at(-2), signal));
  await refresh(cards);
  follow(item, cards, { signal, again });
  return element("ul", { class: "people arrivals", "aria-label": "On its way" }, item.arriving.map((each, index) => arrival(each, cards[index])));
}

function arrival({ interface: socket, state, reason }, card) {
  return element(
    "li",
    { "data-socket": socket },
    element("p", { class: `state ${state}` }, `${socket}: ${STATES[state]}`, reason && `. ${reason}`),
    card.view,
  );
}

// An import that somebody else began is not shown; what became of it the item tells.
async function refresh(cards) {
  await Promise.allSettled(cards.filter((card) => card.isBusy).map((card) => card.refresh()));
}

// Shows the item anew once something of it arrived or failed; not while somebody is writing.
async function follow(item, cards, { signal, again }) {
  const before = JSON.stringify(item.arriving);
  try {
    for (;;) {
      await api.pause(LOOK_AGAIN_MS, signal);
      if (document.hidden) continue;
      await refresh(cards);
      const now = await api.get(item.api_url, { signal });
      if (JSON.stringify(now.arriving) !== before && !document.querySelector("main form")) return again();
    }
  } catch (error) {
    if (error.name !== "AbortError") follow(item, cards, { signal, again });
  }
}
