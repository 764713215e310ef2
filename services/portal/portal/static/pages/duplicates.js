// Images of an archive that are equal: in every pixel, or made from equal files.

import * as api from "../api.js";
import { element, link, notice } from "../dom.js";
import { countOf } from "../words.js";
import { archivePath, pageOfArchive } from "./archive-head.js";
import { findArchive } from "./find-archive.js";
import { showPreview } from "./item-grid.js";

export async function duplicatesPage({ signal, title }, name) {
  const archive = await findArchive(name, signal);
  title(`Duplicates in ${archive.title}`);
  const pixels = chapter("Equal pixels", "Found whatever the files are like. Nothing is refused for it, and nothing deleted.");
  const sources = chapter("Made from equal files", "Of several uploads; images that came out of one file together are none.");
  const more = element("button", { type: "button" }, "Show more");
  const show = async (address) => {
    const page = await api.get(address, { signal });
    pixels.add(page.results.map(({ images }) => group(archive, images, signal)));
    sources.add(page.by_source.map(({ images }) => group(archive, images, signal)));
    more.hidden = !page.next;
    more.onclick = () => show(page.next).catch((error) => more.replaceWith(notice("error", error.reasons || String(error))));
  };
  await show(`${archive.api_url}duplicates/`);
  return pageOfArchive(archive, "duplicates/", "Duplicates", signal, pixels.view, sources.view, more);
}

function chapter(heading, lead) {
  const list = element("ul", { class: "equals" });
  const none = notice("empty", "There are none.");
  const add = (groups) => {
    list.append(...groups);
    none.hidden = list.hasChildNodes();
  };
  return { view: element("section", { class: "chapter" }, element("h2", {}, heading), element("p", { class: "hint" }, lead), list, none), add };
}

function group(archive, images, signal) {
  return element("li", { class: "card equal" }, element("p", { class: "facts" }, countOf(images.length, "image")), element("ul", {}, images.map((url) => member(archive, url, signal))));
}

function member(archive, url, signal) {
  const picture = element("div", { class: "picture", "aria-hidden": "true" });
  const said = element("p", {}, "…");
  fill(archive, url, { picture, said }, signal);
  return element("li", {}, picture, said);
}

async function fill(archive, url, { picture, said }, signal) {
  try {
    const image = await api.get(url, { signal });
    const items = await api.get(`/api/v1/archives/items/?${new URLSearchParams({ archive: archive.pk, "image[name]": image.name, limit: 100 })}`, { signal });
    const item = items.results.find((each) => each.values.some((value) => value.image === url));
    said.replaceChildren(item ? link(archivePath(archive, `items/${item.pk}/`), item.title || image.name) : image.name);
    await showPreview(image, picture, signal);
  } catch (error) {
    if (error.name !== "AbortError") said.textContent = error.status === 404 ? "An image that is gone by now." : "It could not be fetched.";
  }
}
