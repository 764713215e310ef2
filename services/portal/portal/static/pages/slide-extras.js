// What slides have beside their pyramid: how far their conversion is, and for editors label and overview.

import * as api from "../api.js";
import { element } from "../dom.js";

const LOOK_AGAIN_MS = 2000;
const STAGES = {
  queued: "Waiting to be converted",
  converting: "Being converted",
  "adding levels": "It can be looked at; steps between its resolutions are being added",
  incomplete: "It can be looked at; some steps between its resolutions are missing",
};
const COMPLETE = "complete";
const ADDING_LEVELS = "adding levels";
const UNDER_WAY = ["queued", "converting", ADDING_LEVELS];
const NAMES = { label: "Label", macro: "Overview", thumbnail: "Thumbnail" };

function addressOf(image, what) {
  return `/api/v1/tiles/images/${image.pk}/${what}/`;
}

// Shows nothing for pyramids that came as such, for slides that are complete, and for those that failed, which the page says anyway. `whenComplete` is called if one becomes so now.
export function conversion(image, signal, whenComplete) {
  const place = element("div", { class: "conversion", role: "status", hidden: true });
  follow(image, place, { signal, whenComplete });
  return place;
}

async function follow(image, place, { signal, whenComplete }) {
  let before;
  try {
    for (;;) {
      const found = await progressOf(image, signal);
      if (found) show(found, place, image);
      if (found?.stage === COMPLETE && before?.stage === ADDING_LEVELS) await whenComplete();
      before = found;
      if (found ? !UNDER_WAY.includes(found.stage) : image.state !== "pending") return;
      await api.pause(LOOK_AGAIN_MS, signal);
    }
  } catch {
    place.hidden = true; // the page was left, or says by itself that the server cannot be reached
  }
}

// Null for what is no slide, and for slides that nobody has begun to think about.
async function progressOf(image, signal) {
  try {
    return await api.get(addressOf(image, "progress"), { signal });
  } catch (error) {
    if (error.status !== 404) throw error;
    return null;
  }
}

// A slide without small levels is still being drawn while others are added to it.
function show({ stage, done, reason }, place, image) {
  place.hidden = !STAGES[stage] || (image.state === "pending" && stage === ADDING_LEVELS);
  if (place.hidden) return place.replaceChildren();
  const text = `${STAGES[stage]}${UNDER_WAY.includes(stage) ? `, ${Math.round(done * 100)} %` : ""}${reason ? `. ${reason}` : ""}`;
  place.replaceChildren(element("p", { class: "hint" }, text), UNDER_WAY.includes(stage) ? element("progress", { max: "1", value: done, "aria-label": STAGES[stage] }) : "");
}

// They often name the patient, so they are fetched only when somebody wants to see them; for others than editors there are none.
export function keptPictures(image, signal) {
  const place = element("div");
  api.get(addressOf(image, "associated"), { signal }).then(
    ({ results }) => results.length && place.replaceChildren(album(results, signal)),
    () => {},
  );
  return place;
}

function album(pictures, signal) {
  const place = element("div", { class: "album" });
  const open = (event) => {
    if (event.currentTarget.open && !place.hasChildNodes()) place.append(...pictures.map((each) => framed(each, signal)));
  };
  return element("details", { class: "kept", ontoggle: open }, element("summary", {}, "Label and overview, for editors"), place);
}

function framed({ name, url }, signal) {
  const shown = element("img", { alt: NAMES[name] || name });
  const said = element("figcaption", {}, NAMES[name] || name);
  api.picture(url, { signal }).then((address) => (shown.src = address), () => (said.textContent = "It could not be fetched."));
  return element("figure", {}, shown, said);
}
