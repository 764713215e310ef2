// Who did what when, the newest first.

import * as api from "../api.js";
import { element, notice, plainTable } from "../dom.js";
import { moment } from "../words.js";

// `url` is the API address of something that has a history; nothing is fetched before somebody wants to see it.
export function historyOf(url, signal) {
  const place = element("div", { class: "scrolled" });
  const show = async (event) => {
    if (!event.currentTarget.open || place.hasChildNodes()) return;
    try {
      const { results } = await api.get(`${url}history/`, { signal });
      place.replaceChildren(historyTable(results));
    } catch (error) {
      if (error.name !== "AbortError") place.replaceChildren(notice("error", error.reasons || String(error)));
    }
  };
  return element("details", { class: "history", ontoggle: show }, element("summary", {}, "History"), place);
}

function historyTable(changes) {
  return plainTable(["When", "Who", "What"], changes.map((each) => [moment(each.at), each.username || "The platform", what(each)]));
}

function what({ action, socket, detail }) {
  return [action, socket, detail && `(${detail.replaceAll("_", " ")})`].filter(Boolean).join(" ");
}
