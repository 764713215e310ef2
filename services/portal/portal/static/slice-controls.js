// What stands below a volume: its directions, slices, moments, playing, windows, what is laid over it, and what it is measured with.

import { element } from "./dom.js";
import { WindowChoice } from "./window-presets.js";

export const TITLES = { axial: "Axial", coronal: "Coronal", sagittal: "Sagittal" };

export class SliceControls {
  constructor(view) {
    const { isPicture, volume } = view;
    this.planeButtons = new Map(view.planes.map((plane) => [plane, element("button", { type: "button", onclick: () => view.show(plane) }, TITLES[plane.name])]));
    this.slider = element("input", { type: "range", min: 0, step: 1, "aria-label": "Slice", oninput: () => view.turnTo(Number(this.slider.value)) });
    this.times = element("input", { type: "range", min: 0, max: volume.times - 1, value: "0", "aria-label": "Time", oninput: () => view.setTime(Number(this.times.value)) });
    this.windows = new WindowChoice(view.presets, (window) => view.lookThrough(window));
    this.reset = element("button", { type: "button", title: "Brightness and contrast as the image comes", onclick: () => view.lookThrough(null) }, "Reset window");
    this.complaint = element("p", { class: "complaint", role: "alert", hidden: true });
    this.element = element(
      "div",
      { class: "slice-controls" },
      !isPicture && element("div", { class: "slice-planes", role: "group", "aria-label": "Direction" }, [...this.planeButtons.values()]),
      !isPicture && labelled("Slice", this.slider),
      volume.times > 1 && labelled("Time", this.times),
      !view.isStill && view.cine.button,
      view.presets.length > 0 && this.windows.select,
      volume.window && this.reset,
      view.ruler.button,
      view.fullScreen.button,
      view.overlays.layers.length > 0 && view.overlays.view,
      element("p", { class: "slice-help", title: view.keys() }, view.help()),
      this.complaint,
    );
  }

  showPlane(plane, index) {
    for (const [each, button] of this.planeButtons) button.setAttribute("aria-pressed", String(each === plane));
    this.slider.max = plane.count - 1;
    this.slider.disabled = plane.count < 2;
    this.showIndex(index);
  }

  showIndex(index) {
    this.slider.value = index;
  }

  showTime(time) {
    this.times.value = time;
  }

  describe(text, window) {
    this.slider.setAttribute("aria-valuetext", text);
    this.reset.disabled = !window;
    this.windows.show(window);
  }

  complain(text) {
    this.complaint.textContent = text;
    this.complaint.hidden = !text;
  }
}

function labelled(text, input) {
  return element("label", { class: "slice-slider" }, element("span", {}, text), input);
}
