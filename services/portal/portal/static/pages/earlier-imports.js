// What became of the imports into an archive that the reader began before, on whatever page or machine.

import * as api from "../api.js";
import { acting } from "../acting.js";
import { element, notice } from "../dom.js";
import { SessionCard, hasEnded } from "./session-card.js";

const SESSIONS = "/api/v1/cases/upload-sessions/";
const PAGE_SIZE = 100;
const SHOWN_AT_ONCE = 10;
export const OPENED_BY = "imports"; // in the address of the archive's page

// Returns the identifiers of those that wait or run, the oldest first.
export async function underWay(archive, signal) {
  const { results } = await api.get(`${SESSIONS}?limit=${PAGE_SIZE}`, { signal });
  return results.filter((session) => session.archive === archive.pk && !hasEnded(session)).map(({ pk }) => pk).reverse();
}

// They are looked up once somebody wants to see them.
export function earlierImports(archive, signal) {
  const list = element("div", { class: "sessions" });
  const said = element("div", { role: "status" });
  const sessions = sessionsInto(archive, signal);
  const load = async () => {
    for (let shown = 0; shown < SHOWN_AT_ONCE; shown += 1) {
      const { value: session, done } = await sessions.next();
      more.hidden = Boolean(done);
      if (done) return;
      list.append(await cardOf(session, signal));
    }
  };
  const more = element("button", { type: "button", onclick: acting(said, load) }, "Show more");
  const begin = async () => {
    await acting(said, load)({ currentTarget: more });
    if (!list.children.length && !said.children.length) said.replaceChildren(notice("empty", "You have imported nothing into this archive."));
  };
  const isWanted = new URLSearchParams(window.location.search).has(OPENED_BY);
  const view = element("details", { class: "earlier", open: isWanted }, element("summary", {}, "Your earlier imports"), list, said, more);
  view.addEventListener("toggle", () => view.open && !list.children.length && begin());
  return view;
}

// The newest first; the server lists those into all archives.
async function* sessionsInto(archive, signal) {
  for (let next = `${SESSIONS}?limit=${PAGE_SIZE}`; next; ) {
    const page = await api.get(next, { signal });
    yield* page.results.filter((session) => session.archive === archive.pk);
    next = page.next;
  }
}

async function cardOf({ pk }, signal) {
  const card = new SessionCard(pk, signal, { isDated: true });
  await card.refresh();
  return card.view;
}
