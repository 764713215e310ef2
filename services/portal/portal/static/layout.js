// Draws how the viewports of a hanging protocol lie beside one another, and what each shows.

import { element } from "./dom.js";

// `content` has the titles of what is shown by viewport. Without a protocol, or without places in it, they stand side by side.
export function layoutOf(protocol, content) {
  const viewports = protocol ? protocol.json.filter((each) => !each.parent_id) : Object.keys(content).map((viewport_name) => ({ viewport_name }));
  const placed = viewports.every(({ x }) => x !== undefined) ? viewports : viewports.map((each, x) => ({ ...each, x, y: 0, w: 1, h: 1 }));
  const named = placed.map((each) => each.viewport_name);
  const homeless = Object.keys(content).filter((name) => !named.includes(name));
  const bare = Object.keys(content).length ? named.filter((name) => !content[name]) : [];
  return element(
    "div",
    {},
    placed.length > 0 && element("div", { class: "layout", role: "img", "aria-label": described(placed, content) }, boxes(placed, content)),
    bare.length > 0 && element("p", { class: "hint" }, `Nothing is shown yet in ${bare.join(", ")}; every viewport of the hanging protocol needs something.`),
    homeless.length > 0 && element("p", { class: "complaint" }, `The hanging protocol has no viewport ${homeless.join(", ")}; remove it.`),
  );
}

function described(viewports, content) {
  return `Layout: ${viewports.map(({ viewport_name: name }) => `${name} shows ${(content[name] || ["nothing"]).join(", ")}`).join("; ")}`;
}

function boxes(viewports, content) {
  const across = Math.max(...viewports.map(({ x, w }) => x + w));
  const down = Math.max(...viewports.map(({ y, h }) => y + h));
  return viewports.map(({ viewport_name: name, x, y, w, h }) => {
    const box = element("div", { class: content[name] ? "viewport" : "viewport bare" }, element("strong", {}, name), content[name]?.map((title) => element("span", {}, title)));
    const share = (length, whole) => `${(100 * length) / whole}%`;
    Object.assign(box.style, { left: share(x, across), top: share(y, down), width: share(w, across), height: share(h, down) });
    return box;
  });
}
