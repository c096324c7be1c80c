// Camera of the map, moved by pointers, wheel and keys.

const MAX_ZOOM = 400;

/** `x, y` is the center of the view, from 0 to 1; `zoom` 1 shows the whole map. */
export class Camera {
  x = 0.5;
  y = 0.5;
  zoom = 1;

  constructor(canvas, changed) {
    this.canvas = canvas;
    this.changed = changed;
  }

  /** Width of the whole map in CSS pixels. */
  get scale() {
    return 0.92 * Math.min(this.canvas.clientWidth, this.canvas.clientHeight) * this.zoom;
  }

  /** Map coordinates of a pixel. */
  toMap(left, top) {
    return [
      this.x + (left - this.canvas.clientWidth / 2) / this.scale,
      this.y + (top - this.canvas.clientHeight / 2) / this.scale,
    ];
  }

  toPixel(x, y) {
    return [
      (x - this.x) * this.scale + this.canvas.clientWidth / 2,
      (y - this.y) * this.scale + this.canvas.clientHeight / 2,
    ];
  }

  moveBy(right, down) {
    this.x = Math.min(1, Math.max(0, this.x - right / this.scale));
    this.y = Math.min(1, Math.max(0, this.y - down / this.scale));
    this.changed();
  }

  /** Zoom around a pixel, whose map coordinates do not change. */
  zoomBy(factor, left = this.canvas.clientWidth / 2, top = this.canvas.clientHeight / 2) {
    const [x, y] = this.toMap(left, top);
    this.zoom = Math.min(MAX_ZOOM, Math.max(1, this.zoom * factor));
    const [nowX, nowY] = this.toMap(left, top);
    this.x += x - nowX;
    this.y += y - nowY;
    this.moveBy(0, 0);
  }

  reset() {
    Object.assign(this, { x: 0.5, y: 0.5, zoom: 1 });
    this.changed();
  }
}

/**
 * Move a camera by pointers, wheel and keys. `on` holds the handlers `hover(left, top)`,
 * `pick(left, top)`, `center(play)` for the keyboard, and `stroke(points, done)`, which is called instead
 * of moving while `drawing()` is true.
 */
export function addGestures(canvas, camera, on) {
  const pointers = new Map();
  let stroke = null;
  let moved = 0;
  const at = (event) => {
    const box = canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, at(event));
    moved = 0;
    if (on.drawing() && pointers.size === 1) stroke = [camera.toMap(...at(event))];
  });
  canvas.addEventListener("pointermove", (event) => {
    const now = at(event);
    const before = pointers.get(event.pointerId);
    if (!before) return on.hover(...now);
    moved += Math.abs(now[0] - before[0]) + Math.abs(now[1] - before[1]);
    if (stroke && pointers.size === 1) {
      stroke.push(camera.toMap(...now));
      on.stroke(stroke, false);
    } else if (pointers.size === 1) camera.moveBy(now[0] - before[0], now[1] - before[1]);
    else pinch(event.pointerId, before, now);
    pointers.set(event.pointerId, now);
  });
  const pinch = (id, before, now) => {
    const [other] = [...pointers].filter(([one]) => one !== id).map(([, place]) => place);
    const [was, is] = [before, now].map((one) => Math.hypot(one[0] - other[0], one[1] - other[1]));
    stroke = null;
    camera.moveBy((now[0] - before[0]) / 2, (now[1] - before[1]) / 2);
    if (was > 0) camera.zoomBy(is / was, (now[0] + other[0]) / 2, (now[1] + other[1]) / 2);
  };
  const up = (event) => {
    if (!pointers.delete(event.pointerId)) return;
    if (stroke) on.stroke(stroke, true);
    else if (event.type === "pointerup" && moved < 6 && !pointers.size) on.pick(...at(event));
    stroke = null;
  };
  for (const kind of ["pointerup", "pointercancel"]) canvas.addEventListener(kind, up);
  canvas.addEventListener("pointerleave", () => pointers.size || on.hover(null, null));
  canvas.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      const lines = event.deltaMode === 1 ? 16 : 1;
      camera.zoomBy(
        Math.exp(-event.deltaY * lines * (event.ctrlKey ? 0.01 : 0.0018)),
        ...at(event),
      );
    },
    { passive: false },
  );
  canvas.addEventListener("keydown", (event) => {
    const action = {
      ArrowLeft: () => camera.moveBy(60, 0),
      ArrowRight: () => camera.moveBy(-60, 0),
      ArrowUp: () => camera.moveBy(0, 60),
      ArrowDown: () => camera.moveBy(0, -60),
      "+": () => camera.zoomBy(1.35),
      "=": () => camera.zoomBy(1.35),
      "-": () => camera.zoomBy(1 / 1.35),
      0: () => camera.reset(),
      Enter: () => on.center(true),
      " ": () => on.center(true),
    }[event.key];
    if (!action || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    action();
    if (event.key.startsWith("Arrow") || "+=-".includes(event.key)) on.center(false);
  });
}
