// Which side of the body is at which side of a slice: letters as DICOM has them (PS3.3 section C.7.6.1.1.1).

import { element } from "./dom.js";

// The tiler turns slices so, see its `planes`; H is the head.
const SIDES = {
  axial: { left: "R", right: "L", top: "A" },
  coronal: { left: "R", right: "L", top: "H" },
  sagittal: { left: "A", right: "P", top: "H" },
};
const NAMES = { R: "right", L: "left", A: "front", P: "back", H: "head" };

export class BodyDirections {
  constructor() {
    this.view = element("div");
  }

  show({ name }) {
    const letter = ([side, text]) => element("span", { class: `body-side ${side}`, title: `Towards the patient’s ${NAMES[text]}` }, text);
    this.view.replaceChildren(...Object.entries(SIDES[name]).map(letter));
  }
}
