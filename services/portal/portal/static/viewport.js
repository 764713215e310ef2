// Where one looks at a picture: the picture's point in the middle of the screen, and screen pixels per picture pixel.

const CLOSEST = 4;

export class Viewport {
  // Sizes are in the picture's own pixels; `stretch` is how much taller a pixel is than wide.
  constructor(width, height, stretch = 1) {
    this.resize(width, height, stretch);
    this.screen = { width: 1, height: 1 };
    this.showAll();
  }

  resize(width, height, stretch = 1) {
    Object.assign(this, { width, height: height * stretch, stretch });
  }

  get fitting() {
    return Math.min(this.screen.width / this.width, this.screen.height / this.height);
  }

  get isWhole() {
    return this.scale <= this.fitting * 1.001;
  }

  showAll() {
    this.scale = this.fitting;
    this.center = { x: this.width / 2, y: this.height / 2 };
  }

  fit(width, height) {
    const wasWhole = this.isWhole;
    this.screen = { width, height };
    if (wasWhole) this.showAll();
  }

  move(x, y) {
    const within = (value, length) => Math.min(Math.max(value, 0), length);
    this.center.x = within(this.center.x + x / this.scale, this.width);
    this.center.y = within(this.center.y + y / this.scale, this.height);
  }

  moveTo(x, y) {
    this.center = { x, y };
    this.move(0, 0);
  }

  // Zooms so that what is under the point of the screen stays under it.
  zoom(factor, x = this.screen.width / 2, y = this.screen.height / 2) {
    const closest = Math.max(CLOSEST, this.fitting * CLOSEST);
    const scale = Math.min(Math.max(this.scale * factor, this.fitting / 2), closest);
    const [fromMiddleX, fromMiddleY] = [x - this.screen.width / 2, y - this.screen.height / 2];
    this.center.x += fromMiddleX / this.scale - fromMiddleX / scale;
    this.center.y += fromMiddleY / this.scale - fromMiddleY / scale;
    this.scale = scale;
    this.move(0, 0);
  }

  // Returns left and top of a point of the picture on the screen.
  place(x, y) {
    return [
      (x - this.center.x) * this.scale + this.screen.width / 2,
      (y - this.center.y) * this.scale + this.screen.height / 2,
    ];
  }

  // Returns the point of the picture that is at a place of the screen.
  pointAt(x, y) {
    return [(x - this.screen.width / 2) / this.scale + this.center.x, (y - this.screen.height / 2) / this.scale + this.center.y];
  }
}
