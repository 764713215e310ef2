// The archives somebody may see, as cards.

import * as api from "../api.js";
import { buttonLink, element, link, notice } from "../dom.js";
import { countOf } from "../words.js";
import { logo } from "./logo.js";

const PAGE_SIZE = 24;

export async function archivesPage({ signal, title }) {
  title("");
  const list = await archiveList(signal);
  return element(
    "section",
    {},
    element("div", { class: "heading" }, element("h1", {}, "Archives"), buttonLink("/new-archive/", "New archive")),
    list || notice("empty", "There are no archives yet. Make the first one."),
  );
}

// Returns the cards of all archives the reader may see, a page at a time; null when there are none.
export async function archiveList(signal) {
  const grid = element("ul", { class: "cards" });
  const more = element("button", { type: "button", onclick: () => load() }, "Show more");
  const load = async () => {
    const page = await api.get(`/api/v1/archives/?limit=${PAGE_SIZE}&offset=${grid.children.length}`, { signal });
    grid.append(...page.results.map((archive) => card(archive, signal)));
    more.hidden = grid.children.length >= page.count;
  };
  await load();
  return grid.children.length ? element("div", {}, grid, more) : null;
}

function card(archive, signal) {
  const facts = element("p", { class: "facts" }, badge(archive));
  countItems(archive, facts, signal);
  return element(
    "li",
    { class: "card archive" },
    logo(archive, signal),
    element(
      "div",
      {},
      element("h2", {}, link(`/archives/${encodeURIComponent(archive.slug)}/`, archive.title)),
      element("p", { class: "description" }, archive.description || ""),
      facts,
    ),
  );
}

export function badge(archive) {
  return element("span", { class: "badge" }, archive.public ? "Public" : "Private");
}

// The list does not say how many items there are, and to whom it may not be said.
async function countItems(archive, facts, signal) {
  try {
    const { item_count: count } = await api.get(archive.api_url, { signal });
    facts.append(count === null ? stranger() : countOf(count, "item"));
  } catch {
    facts.append("The number of items is not known now");
  }
}

function stranger() {
  return api.session.isOpen ? "You have no role here" : "Members see its items";
}
