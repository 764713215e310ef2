// The way from an item to the one before and the one after it, in the order of the list or table that was looked at last in this tab.

import { element, link } from "../dom.js";
import { archivePath } from "./archive-head.js";

function noteName(archive) {
  return `listed:${archive.pk}`;
}

export function rememberListed(archive, items) {
  sessionStorage.setItem(noteName(archive), JSON.stringify(items.map(({ pk }) => pk)));
}

// Returns null for an item that was not come to from a list.
export function neighbours(archive, item) {
  const listed = JSON.parse(sessionStorage.getItem(noteName(archive))) || [];
  const at = listed.indexOf(item.pk);
  if (at < 0 || listed.length < 2) return null;
  const step = (pk, text) => pk && element("li", {}, link(archivePath(archive, `items/${pk}/`), text));
  return element(
    "nav",
    { class: "neighbours", "aria-label": "Items beside this one" },
    element("ul", {}, step(listed[at - 1], "‹ Previous"), element("li", { class: "hint" }, `${at + 1} of ${listed.length}`), step(listed[at + 1], "Next ›")),
  );
}
