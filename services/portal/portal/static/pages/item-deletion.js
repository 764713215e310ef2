// Deletes an item, and brings it back for those who did not mean to.

import * as api from "../api.js";
import { acting, twoSteps } from "../acting.js";
import { announce, buttonLink, element, notice } from "../dom.js";
import { restore } from "../restoring.js";
import { archivePath } from "./archive-head.js";
import { changeItem } from "./item-change.js";

export function deletion(archive, editing) {
  const { item, signal, go } = editing;
  const place = element("section", { class: "danger" }, element("h2", {}, "Delete"));
  const act = async () => {
    await changeItem(editing, (tag) => api.remove(item.api_url, { signal, tag }));
    announce("The item is deleted.");
    place.closest("article").replaceChildren(deleted(archive, { item, signal, go }));
  };
  place.append(twoSteps({ first: "Delete this item …", ask: () => ["It can be brought back for 30 days."], second: "Delete it", act }));
  return place;
}

function deleted(archive, { item, signal, go }) {
  const said = element("div", { role: "status" });
  const undo = acting(said, async () => {
    await restore([item], signal);
    go(archivePath(archive, `items/${item.pk}/`));
  });
  return notice(
    "empty",
    element("p", {}, `“${item.title || "Untitled item"}” is deleted.`),
    element("div", { class: "actions centred" }, element("button", { type: "button", onclick: undo }, "Bring it back"), buttonLink(archivePath(archive), "To the other items")),
    said,
  );
}
