// The images of an item, large, with everything known about them.

import * as api from "../api.js";
import { element, notice } from "../dom.js";
import { layersOver } from "../overlays.js";
import { SliceView } from "../slice-view.js";
import { TileView } from "../tile-view.js";
import { presetsFor } from "../window-presets.js";
import { COLORS, EYES, SEXES, STATES, age, bytes, countOf, personName, size, spacing } from "../words.js";
import { showPreview } from "./item-grid.js";
import { conversion, keptPictures } from "./slide-extras.js";

const PENDING_PAUSE_MS = 1500;
const FEW_SOURCES = 3;

// `presets` are the windows that the archive has chosen for its volumes.
export async function showImages(item, place, { presets, signal }) {
  const values = item.values.filter((value) => value.image);
  if (!values.length) return place.replaceChildren(notice("empty", "Nothing has been put into this item yet."));
  return showThose({ item, values, presets, signal }, place, "");
}

// What is being prepared is looked for again until it is there, or the page is left; what did not change stays as it is.
async function showThose(wanted, place, before) {
  const { item, values, presets, signal } = wanted;
  const shown = await Promise.all(values.map(async ({ socket, image }) => ({ socket, image: await api.get(image, { signal }) })));
  const now = JSON.stringify(shown);
  const viewing = (image) => ({ presets: presetsFor(image, presets), layers: layersOver(image, shown, item.view_content), signal });
  if (now !== before) place.replaceChildren(...shown.map(({ socket, image }) => imageSection(image, values.length > 1 && socket.title, viewing(image))));
  if (shown.some(({ image }) => image.state === "pending")) showLater(wanted, place, now);
}

async function showLater(wanted, place, before) {
  try {
    await api.pause(PENDING_PAUSE_MS, wanted.signal);
    await showThose(wanted, place, before);
  } catch (error) {
    if (error.name !== "AbortError") showLater(wanted, place, before);
  }
}

function imageSection(image, heading, viewing) {
  const { signal } = viewing;
  const frame = element("div", { class: "stage" });
  const isSlide = image.tiles_state !== null || !image.files.length; // a slide has no file before it is converted
  const looking = look(image, frame, viewing);
  const expectLevels = async () => (await looking)?.expectLevels?.();
  return element(
    "section",
    { class: "image" },
    heading && element("h2", {}, heading),
    element("div", {}, frame, isSlide && conversion(image, signal, expectLevels), image.state !== "ready" && element("p", { class: `state ${image.state}` }, STATES[image.state], ". ", image.reason)),
    element("div", { class: "about" }, table("Image", aboutImage(image)), table("Patient and study", aboutStudy(image)), downloads(image), isSlide && keptPictures(image, signal)),
  );
}

// Returns the view of slides and volumes.
async function look(image, frame, viewing) {
  const { signal } = viewing;
  try {
    if (image.tiles) {
      const view = await TileView.open(image, signal);
      frame.replaceChildren(view.element);
      return view;
    } else if (image.volume) {
      await showPreview(image, frame, signal, `Preview of ${image.name}`);
      const view = await SliceView.open(image, viewing);
      frame.replaceChildren(view.element);
      return view;
    } else if (image.preview) {
      await showPreview(image, frame, signal, `Preview of ${image.name}`);
    } else {
      frame.replaceChildren(element("p", { class: "hint" }, image.state === "failed" ? "There is no picture of it." : "There is no picture of it yet."));
    }
  } catch (error) {
    if (error.name !== "AbortError") frame.replaceChildren(notice("error", `The picture could not be shown. ${error.message}`));
  }
}

function aboutImage(image) {
  return {
    Name: image.name,
    Size: size(image, image.depth > 1 ? "voxels" : "pixels"),
    [image.depth > 1 ? "Voxel size" : "Pixel size"]: spacing(image),
    Modality: image.modality?.modality,
    Colour: COLORS[image.color_space],
    Eye: EYES[image.eye_choice],
    Window: image.window_center != null && `centre ${image.window_center}, width ${image.window_width}`,
    Resolutions: image.resolution_levels,
    Segments: image.segments?.join(", "),
    "Made from": sources(image.sources || []),
    Notes: image.notes?.join(" "),
  };
}

function sources(names) {
  if (names.length <= FEW_SOURCES) return names.join(", ");
  return element("details", {}, element("summary", {}, countOf(names.length, "file")), names.join(", "));
}

function aboutStudy(image) {
  return {
    Patient: [personName(image.patient_name || ""), image.patient_id].filter(Boolean).join(", "),
    "Date of birth": image.patient_birth_date,
    Age: age(image.patient_age || ""),
    Sex: SEXES[image.patient_sex] || image.patient_sex,
    "Study date": image.study_date,
    Study: image.study_description,
    Series: image.series_description,
  };
}

function table(caption, facts) {
  const rows = Object.entries(facts).filter(([, value]) => value != null && value !== "" && value !== false);
  if (!rows.length) return null;
  return element(
    "table",
    { class: "facts-table" },
    element("caption", {}, caption),
    element("tbody", {}, rows.map(([name, value]) => element("tr", {}, element("th", { scope: "row" }, name), element("td", {}, value instanceof Node ? value : String(value))))),
  );
}

function downloads(image) {
  const problem = element("div");
  const buttons = image.files.map((file) => {
    const text = `Download ${suffix(file.file)} (${bytes(file.size_bytes)})`;
    return element("button", { type: "button", class: "primary", onclick: (event) => download(file, event.currentTarget, problem) }, text);
  });
  return element("div", { class: "actions" }, buttons, problem);
}

function suffix(url) {
  return url.slice(url.lastIndexOf("."));
}

// The signed address says that it is an attachment, so the page stays.
async function download(file, button, problem) {
  button.disabled = true;
  problem.replaceChildren();
  try {
    window.location.assign(await api.downloadAddress(file.file));
  } catch (error) {
    problem.replaceChildren(notice("error", error.message));
  } finally {
    button.disabled = false;
  }
}
