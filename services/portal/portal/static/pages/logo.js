// The logo of an archive or a viewer, or its initials.

import * as api from "../api.js";
import { element } from "../dom.js";

export function logo(whose, signal) {
  const frame = element("div", { class: "logo", "aria-hidden": "true" }, initials(whose.title));
  if (whose.logo) fill(frame, whose.logo, signal);
  return frame;
}

async function fill(frame, url, signal) {
  try {
    const shown = element("img", { alt: "" });
    shown.src = await api.picture(url, { signal });
    shown.onload = () => URL.revokeObjectURL(shown.src);
    frame.replaceChildren(shown);
  } catch {
    // The initials stay.
  }
}

function initials(title) {
  const words = title.match(/[\p{L}\p{N}]+/gu) || [];
  return words.slice(0, 2).map((word) => [...word][0].toUpperCase()).join("");
}
