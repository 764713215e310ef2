// Deletes an archive in two steps: what would go is shown first, and stays unless it is confirmed.

import * as api from "../api.js";
import { acting } from "../acting.js";
import { announce, element, notice } from "../dom.js";
import { countOf } from "../words.js";

export function deletion(archive, { signal, go }) {
  const place = element("div");
  const said = element("div", { role: "status" });
  const begin = () => place.replaceChildren(button("Delete this archive …", acting(said, ask)));
  const ask = async () => {
    const wish = await api.post(`${archive.api_url}deletion/`, {}, { signal });
    place.replaceChildren(confirmation(archive, wish, { said, begin, confirm: () => remove(wish.confirmation) }));
  };
  const remove = async (confirmation) => {
    await api.remove(archive.api_url, { signal, body: { confirmation } });
    go("/");
    announce(`${archive.title} is deleted.`);
  };
  begin();
  return element("section", { class: "danger" }, element("h2", {}, "Delete"), place, said);
}

function button(text, onclick, look = null) {
  return element("button", { type: "button", class: look, onclick }, text);
}

function confirmation(archive, wish, { said, begin, confirm }) {
  return notice(
    "error",
    element("p", {}, `“${archive.title}” and ${countOf(wish.item_count, "item")} will be deleted for good, and nobody can bring them back.`),
    wish.hindrances.map((reason) => element("p", {}, reason)),
    element("div", { class: "actions" }, button("Delete for good", acting(said, confirm), "bad"), button("Keep it", begin)),
  );
}
