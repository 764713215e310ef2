// The archives somebody may see, as cards; found by words, kept in the address of the page.

import * as api from "../api.js";
import { buttonLink, element, link, notice } from "../dom.js";
import { countOf } from "../words.js";
import { logo } from "./logo.js";

const PAGE_SIZE = 24;
const MOST_TERMS = 1000;
const NEWEST = "-created";
const ORDERS = [[NEWEST, "Newest first"], ["title", "By title"], ["created", "Oldest first"]];

export async function archivesPage({ signal, title, go }) {
  title("");
  const wanted = new URLSearchParams(window.location.search);
  const [list, terms] = await Promise.all([archiveList(signal, wanted), knownTerms(signal)]);
  return element(
    "section",
    {},
    element("div", { class: "heading" }, element("h1", {}, "Archives"), buttonLink("/new-archive/", "New archive")),
    (list || wanted.size > 0) && finder(wanted, { terms, go }),
    list || notice("empty", wanted.size ? "No archive is like this." : "There are no archives yet. Make the first one."),
  );
}

// What archives may be filed under, by name.
async function knownTerms(signal) {
  const list = async (path) => (await api.get(`/api/v1/${path}/?limit=${MOST_TERMS}`, { signal })).results;
  const [modalities, structures, organisations] = await Promise.all(["modalities", "structures", "organisations"].map(list));
  return {
    modalities: modalities.map(({ name }) => name),
    structures: structures.map(({ name }) => name),
    organisations: organisations.map(({ title }) => title),
  };
}

function finder(wanted, { terms, go }) {
  const words = element("input", { type: "search", "aria-label": "Words", placeholder: "Title or description", value: wanted.get("search") || "" });
  const mine = element("input", { type: "checkbox", checked: wanted.get("mine") === "true" });
  const choice = (name, label, options) => element("select", { "aria-label": label }, options.map(([value, text]) => element("option", { value, selected: value === wanted.get(name) }, text)));
  const term = (name, label, known) => {
    const offered = new Set([...known, wanted.get(name)].filter(Boolean)); // archives are filed under words that nobody keeps, too
    return choice(name, label, [["", `Any ${label.toLowerCase()}`], ...[...offered].map((each) => [each, each])]);
  };
  const selects = {
    modality: term("modality", "Modality", terms.modalities),
    structure: term("structure", "Structure", terms.structures),
    organization: term("organization", "Organisation", terms.organisations),
    ordering: choice("ordering", "Order", ORDERS),
  };
  const find = (event) => {
    event?.preventDefault();
    const chosen = Object.entries(selects).map(([name, { value }]) => [name, value]);
    const query = new URLSearchParams([["search", words.value.trim()], ["mine", mine.checked ? "true" : ""], ...chosen]);
    for (const [name, value] of [...query]) if (!value || value === NEWEST) query.delete(name);
    go(query.size ? `/?${query}` : "/");
  };
  for (const input of [mine, ...Object.values(selects)]) input.onchange = find;
  return element("form", { class: "finder", role: "search", onsubmit: find }, element("div", {}, words), element("button", { type: "submit" }, "Search"), element("label", { class: "inline" }, mine, "Mine only"), Object.values(selects));
}

// Returns the cards of the archives that are `wanted` and the reader may see, a page at a time; null when there are none.
export async function archiveList(signal, wanted = new URLSearchParams()) {
  const grid = element("ul", { class: "cards" });
  const more = element("button", { type: "button", onclick: () => load() }, "Show more");
  const load = async () => {
    const query = new URLSearchParams({ ordering: NEWEST, ...Object.fromEntries(wanted), limit: PAGE_SIZE, offset: grid.children.length });
    const page = await api.get(`/api/v1/archives/?${query}`, { signal });
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
