// What stands above every page of an archive: where one is, and the way to its other pages.

import * as api from "../api.js";
import { element, link } from "../dom.js";
import { mayManage } from "../rights.js";

const FOR_ALL = [["", "Items"], ["table/", "Table"], ["versions/", "Versions"], ["duplicates/", "Duplicates"]];
const FOR_EDITORS = [["settings/", "Settings"], ["members/", "Members"], ["downloads/", "Downloads"], ["deleted/", "Deleted"]];

export function archivePath(archive, page = "") {
  return `/archives/${encodeURIComponent(archive.slug)}/${page}`;
}

export function crumbs(...archive) {
  return element("p", { class: "crumbs" }, link("/", "Archives"), archive.map((each) => [" / ", link(archivePath(each), each.title)]));
}

export function archivePages(archive, here, signal) {
  const named = mayManage(archive) ? [...FOR_ALL, ...FOR_EDITORS] : FOR_ALL;
  const pages = element("ul", {}, named.map((page) => entry(archive, page, here)));
  if (mayManage(archive)) showWaiting(archive, pages, signal);
  return element("nav", { class: "pages", "aria-label": "Pages of the archive" }, pages);
}

function entry(archive, [page, text], here) {
  const shown = link(archivePath(archive, page), text);
  if (page === here) shown.setAttribute("aria-current", "page");
  return element("li", { "data-page": page }, shown);
}

// How many people wait for an answer.
async function showWaiting(archive, pages, signal) {
  try {
    const { count } = await api.get(`/api/v1/archives/${archive.pk}/requests/?state=pending&limit=1`, { signal });
    if (count) pages.querySelector("[data-page='members/'] a").append(" ", element("span", { class: "badge" }, `${count} waiting`));
  } catch {
    // The page of the members says what is wrong.
  }
}

export function pageOfArchive(archive, here, heading, signal, ...content) {
  return element("article", { class: "chapters" }, crumbs(archive), element("h1", {}, heading), archivePages(archive, here, signal), content);
}
