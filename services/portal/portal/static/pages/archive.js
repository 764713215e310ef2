// One archive: what it is, what is being added, and what is in it.

import * as api from "../api.js";
import { element, link, notice } from "../dom.js";
import { mayUpload } from "../rights.js";
import { day } from "../words.js";
import { archivePages, crumbs } from "./archive-head.js";
import { badge } from "./archives.js";
import { findArchive, isIdentifier } from "./find-archive.js";
import { ItemGrid } from "./item-grid.js";
import { logo } from "./logo.js";
import { accessPanel } from "./request-access.js";
import { UploadPanel } from "./upload-panel.js";

const BUSY_PAUSE_MS = 1500;
const CALM_PAUSE_MS = 10000;

export async function archivePage({ signal, title, go }, name) {
  const again = () => go(`/archives/${encodeURIComponent(name)}/`);
  const archive = await findOrAsk(name, signal);
  if (!archive) return unknown(name, { signal, title, again });
  title(archive.title);
  if (archive.item_count === null) {
    return element("article", {}, header(archive, signal), stranger(), publications(archive), await accessPanel(archive.pk, { signal, again }));
  }
  const count = element("span", { class: "badge" });
  const download = downloadAll(archive);
  const onCount = (number) => {
    count.replaceChildren(String(number));
    download.hidden = number === 0;
  };
  const grid = new ItemGrid(archive, { signal, onCount });
  const panel = new UploadPanel(archive, { signal });
  await Promise.all([grid.refresh(), panel.refresh()]);
  keepFresh(grid, panel, signal);
  return element(
    "article",
    {},
    header(archive, signal),
    archivePages(archive, "", signal),
    about(archive),
    mayUpload(archive) && panel.view,
    element("div", { class: "heading" }, element("h2", {}, "Items"), count, download),
    grid.view,
    publications(archive),
  );
}

// Returns null for an archive that is not shown to the reader, but whose exact address they have.
async function findOrAsk(name, signal) {
  try {
    return await findArchive(name, signal);
  } catch (error) {
    if (error.status === 404 && isIdentifier(name)) return null;
    throw error;
  }
}

async function unknown(archive, { signal, title, again }) {
  const [plate, panel] = await Promise.all([
    api.get(`/api/v1/archives/${archive}/nameplate/`, { signal }),
    accessPanel(archive, { signal, again }),
  ]);
  title(plate.title);
  const lead = element("p", { class: "lead" }, "A private archive. You have its exact address, so you may ask its editors for access. What is in it, only members see.");
  const words = element("div", {}, element("h1", {}, plate.title), lead);
  return element("article", {}, element("header", { class: "archive-header" }, logo(plate, signal), words), panel);
}

export function header(archive, signal) {
  return element(
    "header",
    { class: "archive-header" },
    logo(archive, signal),
    element(
      "div",
      {},
      crumbs(),
      element("h1", {}, archive.title),
      archive.description && element("p", { class: "lead" }, archive.description),
      element("p", { class: "facts" }, badge(archive), `since ${day(archive.created)}`),
      filedUnder(archive),
    ),
  );
}

// The browser downloads it and can go on after a break; of a large archive it has to be planned first, and the button waits.
function downloadAll(archive) {
  const button = element("button", { type: "button", class: "quiet", onclick: start }, "Download all");
  return button;

  async function start() {
    button.disabled = true;
    try {
      let plan = await api.post(`/api/v1/archives/${archive.pk}/downloads/`, {});
      while (plan.state === "planning") {
        button.textContent = `Planning … ${plan.items} items`;
        await api.pause(BUSY_PAUSE_MS);
        plan = await api.get(api.local(plan.api_url));
      }
      location.assign(api.local(plan.url));
    } catch (error) {
      button.replaceWith(notice("error", error.reasons || "The download could not be started."));
    }
    button.textContent = "Download all";
    button.disabled = false;
  }
}

// What the editors wrote about it; the server made it of Markdown and left nothing in it that acts.
function about(archive) {
  if (!archive.page_html) return null;
  const written = new DOMParser().parseFromString(archive.page_html, "text/html");
  return element("section", { class: "card written", "aria-label": "About the archive" }, [...written.body.childNodes]);
}

// What it is filed under; an organisation leads to all of its archives.
function filedUnder(archive) {
  const words = [...archive.modalities, ...archive.structures].map((each) => element("span", { class: "badge" }, each));
  const organisations = archive.organizations.map((each) => link(`/?${new URLSearchParams({ organization: each })}`, each));
  const facts = [...words, ...organisations];
  return facts.length > 0 && element("p", { class: "facts" }, facts);
}

export function publications(archive) {
  if (!archive.publications.length) return null;
  const cited = (each) => element("li", {}, each.citation && `${each.citation} `, element("a", { href: each.url, rel: "noopener" }, each.identifier));
  return element("section", { class: "chapter" }, element("h2", {}, "Publications"), element("ul", { class: "publications" }, archive.publications.map(cited)));
}

function stranger() {
  return notice("empty", "You see the card of this archive because it is public. Its items need a role; its editors give them.");
}

// Looks again while the page is open: often while something is happening, rarely otherwise. What begins during a long pause
// is not waited for to its end.
async function keepFresh(grid, panel, signal) {
  try {
    for (let paused = 0; ; ) {
      await api.pause(BUSY_PAUSE_MS, signal);
      paused += BUSY_PAUSE_MS;
      if (document.hidden || !(panel.isBusy || grid.isBusy || paused >= CALM_PAUSE_MS)) continue;
      paused = 0;
      await Promise.allSettled([panel.refresh(), grid.refresh()]);
    }
  } catch (error) {
    if (error.name !== "AbortError") throw error;
  }
}
