// The pointers that hold a picture: one drags it, two also stretch it. Without them a phone could not zoom, since a picture takes
// all gestures for itself.

export class Grip {
  constructor() {
    this.places = new Map(); // on the screen, in its own pixels, by pointer
  }

  get isByTwo() {
    return this.places.size > 1;
  }

  // Whether a pointer was put down on the picture, not dragged onto it.
  has(event) {
    return this.places.has(event.pointerId);
  }

  take(event) {
    this.places.set(event.pointerId, placeOf(event));
  }

  leave(event) {
    this.places.delete(event.pointerId);
  }

  // Returns how the picture follows a pointer: how far it moves, by what factor it grows, and around which point.
  follow(event) {
    const before = this.hold();
    this.take(event);
    const now = this.hold();
    const factor = before.spread && now.spread ? now.spread / before.spread : 1;
    return { x: now.x - before.x, y: now.y - before.y, factor, around: [now.x, now.y] };
  }

  hold() {
    const [first, second = first] = this.places.values();
    const [across, down] = [second[0] - first[0], second[1] - first[1]];
    return { x: first[0] + across / 2, y: first[1] + down / 2, spread: Math.hypot(across, down) };
  }
}

// Whether it is fingers that hold pictures here, and there is neither wheel nor Shift.
export function isByTouch() {
  return window.matchMedia("(pointer: coarse)").matches;
}

export function placeOf({ offsetX, offsetY }) {
  return [offsetX * window.devicePixelRatio, offsetY * window.devicePixelRatio];
}

// Returns which key was pressed, a letter as the small one whether or not capitals are locked; null for those that are the browser's
// own: with Alt the arrows lead back and forward.
export function keyOf({ key, ctrlKey, metaKey, altKey }) {
  if (ctrlKey || metaKey || altKey) return null;
  return key.length === 1 ? key.toLowerCase() : key;
}
