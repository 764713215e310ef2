// Deletes an archive in two steps: what would go is shown first, and stays unless it is confirmed.

import * as api from "../api.js";
import { twoSteps } from "../acting.js";
import { announce, element } from "../dom.js";
import { countOf } from "../words.js";

export function deletion(archive, { signal, go }) {
  let wish = null;
  const ask = async () => {
    wish = await api.post(`${archive.api_url}deletion/`, {}, { signal });
    return [`“${archive.title}” and ${countOf(wish.item_count, "item")} will be deleted for good, and nobody can bring them back.`, ...wish.hindrances];
  };
  const act = async () => {
    await api.remove(archive.api_url, { signal, body: { confirmation: wish.confirmation } });
    go("/");
    announce(`${archive.title} is deleted.`);
  };
  const steps = twoSteps({ first: "Delete this archive …", ask, second: "Delete for good", act });
  return element("section", { class: "danger" }, element("h2", {}, "Delete"), steps);
}
