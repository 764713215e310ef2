// Windows to look through, by what people want to see.

import * as api from "./api.js";
import { element } from "./dom.js";

// Hounsfield units are the same on every scanner; what other modalities measure is not.
const OF_MODALITY = {
  CT: [
    { title: "Soft tissue", center: 40, width: 400 },
    { title: "Lung", center: -600, width: 1500 },
    { title: "Bone", center: 400, width: 1800 },
    { title: "Brain", center: 40, width: 80 },
    { title: "Vessels", center: 300, width: 600 },
  ],
};

// Returns the presets an archive has chosen by its viewer configuration. Those by percentiles would need the voxels, and are left out.
export async function presetsOf(archive, signal) {
  if (!archive.workstation_config) return [];
  const { window_presets: presets } = await api.get(archive.workstation_config, { signal });
  return presets.filter(({ width }) => width !== null);
}

export function presetsFor(image, ofArchive) {
  return ofArchive.length ? ofArchive : OF_MODALITY[image.modality?.modality] || [];
}

// A list to choose from: `onChoice` hears the window, null for that of the image. `show` says which window there is now.
export class WindowChoice {
  constructor(presets, onChoice) {
    this.presets = presets;
    this.byHand = element("option", { value: "by hand", hidden: true }, "By hand");
    const options = presets.map(({ title, center, width }, index) => element("option", { value: index }, `${title} (${center} / ${width})`));
    this.select = element("select", { "aria-label": "Window", onchange: () => this.choose(this.presets[this.select.value], onChoice) }, element("option", { value: "" }, "As it came"), options, this.byHand);
  }

  choose(preset, onChoice) {
    onChoice(preset ? { center: preset.center, width: preset.width } : null);
  }

  show(window) {
    const index = this.presets.findIndex(({ center, width }) => center === window?.center && width === window?.width);
    this.byHand.hidden = !window || index >= 0;
    this.select.value = !window ? "" : index >= 0 ? String(index) : "by hand";
  }
}
