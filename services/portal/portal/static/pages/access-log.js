// Who downloaded what of an archive, the newest first; for its editors.

import * as api from "../api.js";
import { element, link, notice } from "../dom.js";
import { moment } from "../words.js";
import { archivePath, pageOfArchive } from "./archive-head.js";
import { findArchive } from "./find-archive.js";

const KINDS = { archive: "The whole archive", export: "A table of all items", manifest: "A list of all files", image: "An image", file: "A file of a value" };
const PAGE_SIZE = 100;

export async function accessLogPage({ signal, title }, name) {
  const archive = await findArchive(name, signal);
  title(`Downloads from ${archive.title}`);
  const rows = element("tbody");
  const more = element("button", { type: "button" }, "Show older ones");
  const show = async (address) => {
    const page = await api.get(address, { signal });
    rows.append(...page.results.map((each) => row(archive, each)));
    more.hidden = !page.next;
    more.onclick = () => show(page.next).catch((error) => more.replaceWith(notice("error", String(error))));
  };
  await show(`${archive.api_url}access-log/?limit=${PAGE_SIZE}`);
  const heads = ["When", "Who", "What", "Which"].map((text) => element("th", { scope: "col" }, text));
  const table = element("div", { class: "scrolled" }, element("table", {}, element("thead", {}, element("tr", {}, heads)), rows), more);
  return pageOfArchive(archive, "downloads/", "Downloads", signal, rows.children.length ? table : notice("empty", "Nobody has downloaded anything yet."));
}

function row(archive, { at, username, kind, subject, part }) {
  const which = {
    archive: () => `bytes ${part}`,
    export: () => part,
    file: () => link(archivePath(archive, `items/${subject}/`), "of this item"),
    image: () => subject,
  }[kind];
  return element("tr", {}, [moment(at), username, KINDS[kind] || kind, which ? which() : subject].map((cell) => element("td", {}, cell)));
}
