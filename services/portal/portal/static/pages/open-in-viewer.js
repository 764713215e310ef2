// The way from an item to the viewer of its archive, elsewhere.

import * as api from "../api.js";
import { acting } from "../acting.js";
import { element } from "../dom.js";

// The link carries what the viewer reads the item with, and is good for minutes only: so it is asked for when it is used.
export function openInViewer(item, signal) {
  if (!item.viewer) return null;
  const said = element("span", { role: "status" });
  const open = acting(said, async () => {
    const opened = window.open("", "_blank"); // browsers block windows that open later than at the press
    try {
      const { url } = await api.get(`${item.api_url}view-link/`, { signal });
      if (opened) opened.opener = null;
      (opened || window).location.assign(url);
    } catch (error) {
      opened?.close();
      throw error;
    }
  });
  return [element("button", { type: "button", class: "quiet", onclick: open }, "Open in the viewer"), said];
}
