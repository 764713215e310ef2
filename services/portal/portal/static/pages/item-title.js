// The title of an item, which those who may edit it can change.

import * as api from "../api.js";
import { submitting } from "../acting.js";
import { announce, element, field } from "../dom.js";
import { changeItem } from "./item-change.js";

export function itemTitle(editing) {
  const { item, signal, mayEdit, again } = editing;
  const heading = element("h1", {}, item.title || "Untitled item");
  if (!mayEdit) return heading;
  const place = element("div", { class: "item-title" });
  const show = () => place.replaceChildren(heading, element("button", { type: "button", class: "quiet", onclick: edit }, "Rename"));
  const edit = () => {
    place.replaceChildren(form(item, rename, show));
    place.querySelector("input").select();
  };
  const rename = async (title) => {
    await changeItem(editing, (tag) => api.patch(item.api_url, { title }, { signal, tag }));
    again();
    announce("The item has a new title.");
  };
  show();
  return place;
}

function form(item, rename, cancel) {
  const input = element("input", { type: "text", autocomplete: "off", value: item.title });
  const said = element("div", { role: "status" });
  return element(
    "form",
    { class: "card", novalidate: true, onsubmit: submitting(said, () => rename(input.value)) },
    field({ name: "title", label: "Title", input }),
    said,
    element(
      "div",
      { class: "actions" },
      element("button", { type: "submit", class: "primary" }, "Save title"),
      element("button", { type: "button", onclick: cancel }, "Cancel"),
    ),
  );
}
