// One item: its images, its values, and what those with the right to may do with it.

import * as api from "../api.js";
import { element, notice } from "../dom.js";
import { mayManage, mayUpload } from "../rights.js";
import { presetsOf } from "../window-presets.js";
import { moment } from "../words.js";
import { crumbs } from "./archive-head.js";
import { historyOf } from "./history.js";
import { arrivals } from "./item-arrivals.js";
import { deletion } from "./item-deletion.js";
import { showImages } from "./item-images.js";
import { itemTitle } from "./item-title.js";
import { neighbours } from "./neighbours.js";
import { openInViewer } from "./open-in-viewer.js";
import { valuesSection } from "./item-values.js";

export async function itemPage({ signal, title, go }, slug, pk) {
  const { body: item, tag } = await api.getTagged(`/api/v1/archives/items/${encodeURIComponent(pk)}/`, { signal });
  const archive = await api.get(item.archive, { signal });
  const mayEdit = mayUpload(archive);
  title(item.title || "Item");
  const images = element("div");
  await showImages(item, images, { presets: await presetsOf(archive, signal), signal });
  const editing = { item, archive, tag, signal, mayEdit, again: () => go(window.location.pathname) };
  return element(
    "article",
    {},
    element("div", { class: "item-way" }, crumbs(archive), neighbours(archive, item)),
    itemTitle(editing),
    element("p", { class: "facts" }, `Added ${moment(item.created)}`, openInViewer(item, signal)),
    item.warnings.length > 0 && notice("empty", item.warnings.join(" ")),
    await arrivals(editing),
    images,
    await valuesSection(editing),
    mayEdit && historyOf(item.api_url, signal),
    mayManage(archive) && deletion(archive, { ...editing, go }),
  );
}
