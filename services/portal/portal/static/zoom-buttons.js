// The buttons beside a picture that can be moved closer and farther.

import { element } from "./dom.js";

// A view has `zoom(factor)` and `showAll()`; a press on + makes the picture `step` times as large.
export function zoomButtons(view, step) {
  const button = (text, label, act) => element("button", { type: "button", "aria-label": label, title: label, onclick: act }, text);
  return element(
    "div",
    { class: "tile-buttons" },
    button("+", "Zoom in", () => view.zoom(step)),
    button("−", "Zoom out", () => view.zoom(1 / step)),
    button("⤢", "Show all of it", () => view.showAll()),
  );
}
