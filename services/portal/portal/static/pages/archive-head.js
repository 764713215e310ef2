// What stands above every page of an archive: where one is, and the way to its other pages.

import * as api from "../api.js";
import { element, link } from "../dom.js";

const FOR_ALL = [["", "Items"], ["table/", "Table"], ["duplicates/", "Duplicates"]];
const FOR_EDITORS = [["settings/", "Settings"], ["members/", "Members"], ["downloads/", "Downloads"], ["deleted/", "Deleted"]];

export function archivePath(archive, page = "") {
  return `/archives/${encodeURIComponent(archive.slug)}/${page}`;
}

export function crumbs(...archive) {
  return element("p", { class: "crumbs" }, link("/", "Archives"), archive.map((each) => [" / ", link(archivePath(each), each.title)]));
}

// The pages of editors are named once the server has said that the reader is one.
export function archivePages(archive, here, signal) {
  const pages = element("ul", {}, FOR_ALL.map((page) => entry(archive, page, here)));
  showForEditors(archive, pages, here, signal);
  return element("nav", { class: "pages", "aria-label": "Pages of the archive" }, pages);
}

function entry(archive, [page, text], here) {
  const shown = link(archivePath(archive, page), text);
  if (page === here) shown.setAttribute("aria-current", "page");
  return element("li", { "data-page": page }, shown);
}

async function showForEditors(archive, pages, here, signal) {
  try {
    const { count } = await api.get(`/api/v1/archives/${archive.pk}/requests/?state=pending&limit=1`, { signal });
    pages.append(...FOR_EDITORS.map((page) => entry(archive, page, here)));
    if (count) pages.querySelector("[data-page='members/'] a").append(" ", element("span", { class: "badge" }, `${count} waiting`));
  } catch {
    // Not for this reader.
  }
}

export function pageOfArchive(archive, here, heading, signal, ...content) {
  return element("article", { class: "chapters" }, crumbs(archive), element("h1", {}, heading), archivePages(archive, here, signal), content);
}
