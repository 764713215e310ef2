// Which side of the body is at which side of a slice: letters as DICOM has them (PS3.3 section C.7.6.1.1.1).

import { element } from "./dom.js";

// The tiler turns slices so, see its `planes`; H is the head.
const SIDES = {
  axial: { left: "R", right: "L", top: "A" },
  coronal: { left: "R", right: "L", top: "H" },
  sagittal: { left: "A", right: "P", top: "H" },
};
const NAMES = { R: "right", L: "left", A: "front", P: "back", H: "head" };

const PLACED = ["CT", "MR", "PT"]; // whose slices have to say how they lie in the patient (PS3.3 section C.7.6.2)
const UNPLACED = /carry no positions|where its slices lie/; // notes of imports whose slices do not

// Whether letters would be true: formats other than DICOM give axes even to what has no body, such as a stack of microscopy.
export function isPlacedInBody({ modality, notes }) {
  return PLACED.includes(modality?.modality) && !notes.some((note) => UNPLACED.test(note));
}

export class BodyDirections {
  constructor() {
    this.view = element("div");
  }

  show({ name }) {
    const letter = ([side, text]) => element("span", { class: `body-side ${side}`, title: `Towards the patient’s ${NAMES[text]}` }, text);
    this.view.replaceChildren(...Object.entries(SIDES[name]).map(letter));
  }
}
