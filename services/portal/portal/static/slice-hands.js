// What pointers, wheels and keys do to a volume.

import { Grip, keyOf, placeOf } from "./grip.js";

export const ZOOM_STEP = 1.25;
const MOVE_STEP_PX = 80;
const TURN_PX = 60; // of scrolling for one slice

export function listenTo(view) {
  const { canvas, ruler } = view;
  const grip = new Grip();
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    canvas.focus({ preventScroll: true });
    grip.take(event);
    if (ruler.isOn && !grip.isByTwo) ruler.begin(...placeOf(event));
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!event.buttons || !grip.has(event)) return;
    const { x, y, factor, around } = grip.follow(event);
    if (!grip.isByTwo) return drag(view, event, x, y);
    view.move(-x, -y);
    view.zoom(factor, ...around);
  });
  // Fingers hide what they point at.
  canvas.addEventListener("pointermove", (event) => view.values.point(event.pointerType === "touch" ? null : placeOf(event)));
  canvas.addEventListener("pointerleave", () => view.values.point(null));
  canvas.addEventListener("pointerup", () => ruler.isOn && !grip.isByTwo && ruler.finish());
  for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, (event) => grip.leave(event));
  canvas.addEventListener("wheel", wheelOf(view), { passive: false });
  canvas.addEventListener("keydown", (event) => press(view, event));
}

// How far it went the grip says, in the screen's own pixels: `movementX` is 0 for fingers in some browsers.
function drag(view, event, x, y) {
  if (view.ruler.isOn) return view.ruler.follow(...placeOf(event));
  const ratio = window.devicePixelRatio;
  const moves = event.shiftKey || event.buttons === 4 || !view.volume.window;
  return moves ? view.move(-x, -y) : view.dragWindow(x / ratio, y / ratio);
}

function wheelOf(view) {
  let scrolled = 0;
  return (event) => {
    event.preventDefault();
    const pixels = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? event.deltaY * 20 : event.deltaY;
    if (view.isPicture || event.ctrlKey) {
      view.zoom(ZOOM_STEP ** (-Math.sign(pixels) * Math.min(Math.abs(pixels) / 100, 1)), ...placeOf(event));
      return;
    }
    scrolled += pixels;
    const slices = Math.trunc(scrolled / TURN_PX);
    scrolled -= slices * TURN_PX;
    if (slices) view.turnTo(view.place.index + slices);
  };
}

function press(view, event) {
  const act = { ...movesOf(view), ...presetsOf(view), ...toolsOf(view) }[keyOf(event)];
  if (!act) return;
  event.preventDefault();
  act();
}

// Arrows turn the slices of a volume, and move a picture.
function movesOf(view) {
  if (view.isPicture) {
    const move = (x, y) => () => view.move(x * MOVE_STEP_PX, y * MOVE_STEP_PX);
    return { ArrowUp: move(0, -1), ArrowDown: move(0, 1), ArrowLeft: move(-1, 0), ArrowRight: move(1, 0) };
  }
  const turn = (slices) => () => view.turnTo(view.place.index + slices);
  const { count } = view.plane;
  return { ArrowUp: turn(-1), ArrowDown: turn(1), ArrowLeft: turn(-1), ArrowRight: turn(1), PageUp: turn(-10), PageDown: turn(10), Home: turn(-count), End: turn(count) };
}

function presetsOf(view) {
  return Object.fromEntries(view.presets.map(({ center, width }, index) => [index + 1, () => view.lookThrough({ center, width })]));
}

function toolsOf(view) {
  return {
    "+": () => view.zoom(ZOOM_STEP),
    "-": () => view.zoom(1 / ZOOM_STEP),
    0: () => view.showAll(),
    r: () => view.lookThrough(null),
    m: () => view.ruler.toggle(),
    f: () => view.fullScreen.toggle(),
    " ": () => !view.isStill && view.cine.toggle(),
    Delete: () => view.ruler.removeLast(),
  };
}
