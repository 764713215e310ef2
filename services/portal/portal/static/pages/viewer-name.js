// How a viewer is named: with its logo, or its initials, before what is said of it.

import { element } from "../dom.js";
import { logo } from "./logo.js";

export function viewerName(viewer, signal, named = element("p", {}, viewer.title)) {
  return element("div", { class: "viewer-name" }, logo(viewer, signal), named);
}
