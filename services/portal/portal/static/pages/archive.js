// One archive: what it is, what is being added, and what is in it.

import * as api from "../api.js";
import { element, link, notice } from "../dom.js";
import { day } from "../words.js";
import { badge } from "./archives.js";
import { ItemGrid } from "./item-grid.js";
import { logo } from "./logo.js";
import { UploadPanel } from "./upload-panel.js";

const BUSY_PAUSE_MS = 1500;
const CALM_PAUSE_MS = 10000;

export async function archivePage({ signal, title }, slug) {
  const archive = await find(slug, signal);
  title(archive.title);
  if (archive.item_count === null) return element("article", {}, header(archive, signal), stranger());
  const count = element("span", { class: "badge" });
  const grid = new ItemGrid(archive, { signal, onCount: (number) => count.replaceChildren(String(number)) });
  const panel = new UploadPanel(archive, { signal });
  await Promise.all([grid.refresh(), panel.refresh()]);
  keepFresh(grid, panel, signal);
  return element(
    "article",
    {},
    header(archive, signal),
    panel.view,
    element("div", { class: "heading" }, element("h2", {}, "Items"), count),
    grid.view,
  );
}

async function find(slug, signal) {
  const { results } = await api.get(`/api/v1/archives/?slug=${encodeURIComponent(slug)}`, { signal });
  if (!results.length) throw new api.ApiError(404);
  return api.get(results[0].api_url, { signal });
}

function header(archive, signal) {
  return element(
    "header",
    { class: "archive-header" },
    logo(archive, signal),
    element(
      "div",
      {},
      element("p", { class: "crumbs" }, link("/", "Archives")),
      element("h1", {}, archive.title),
      archive.description && element("p", { class: "lead" }, archive.description),
      element("p", { class: "facts" }, badge(archive), `since ${day(archive.created)}`),
    ),
  );
}

function stranger() {
  return notice("empty", "You see the card of this archive because it is public. Its items need a role; its editors give them.");
}

// Looks again while the page is open: often while something is happening, rarely otherwise.
async function keepFresh(grid, panel, signal) {
  try {
    for (;;) {
      await api.pause(panel.isBusy || grid.isBusy ? BUSY_PAUSE_MS : CALM_PAUSE_MS, signal);
      if (!document.hidden) await Promise.allSettled([panel.refresh(), grid.refresh()]);
    }
  } catch (error) {
    if (error.name !== "AbortError") throw error;
  }
}
