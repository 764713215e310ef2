// What was deleted from an archive and can be brought back; for its editors.

import * as api from "../api.js";
import { acting } from "../acting.js";
import { announce, element, link, notice } from "../dom.js";
import { restore } from "../restoring.js";
import { countOf, day, moment } from "../words.js";
import { archivePath, pageOfArchive } from "./archive-head.js";
import { findArchive } from "./find-archive.js";

const PAGE_SIZE = 50;

export async function deletedItemsPage({ signal, title }, name) {
  const archive = await findArchive(name, signal);
  title(`Deleted from ${archive.title}`);
  const list = element("ul", { class: "people" });
  const more = element("button", { type: "button" }, "Show older ones");
  const show = async (address) => {
    const page = await api.get(address, { signal });
    list.append(...page.results.map((item) => row(archive, item, signal)));
    more.hidden = !page.next;
    more.onclick = () => show(page.next).catch((error) => more.replaceWith(notice("error", error.reasons || String(error))));
  };
  await show(`${archive.api_url}deleted-items/?limit=${PAGE_SIZE}`);
  return pageOfArchive(archive, "deleted/", "Deleted items", signal, list.children.length ? [list, more] : notice("empty", "Nothing can be brought back."));
}

function row(archive, item, signal) {
  const said = element("div", { role: "status" });
  const name = item.title || "Untitled item";
  const button = element("button", { type: "button", "aria-label": `Bring back ${name}` }, "Bring it back");
  button.onclick = acting(said, async () => {
    await restore([item], signal);
    button.replaceWith(link(archivePath(archive, `items/${item.pk}/`), "It is back"));
    announce(`${name} is back.`);
  });
  const facts = [countOf(item.values, "value"), `deleted ${moment(item.deleted)}${item.deleted_by ? ` by ${item.deleted_by}` : ""}`, `can be brought back until ${day(item.restorable_until)}`];
  return element("li", { class: "card person", "data-deleted": name }, element("div", {}, element("p", {}, element("strong", {}, name)), element("p", { class: "facts" }, facts.join(" · ")), said), button);
}
