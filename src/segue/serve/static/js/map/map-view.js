// The map on the screen: points, and above them names, paths, and what is heard.

import { fill, h } from "../dom.js";
import { noteProblem } from "../notifications.js";
import { Camera } from "./camera.js";
import { drawOverlay } from "./overlay.js";
import { pointsOn } from "./point-renderer.js";

const LABEL =
  "Map of all tracks. Arrows move, plus and minus zoom, Enter plays the track in the middle." +
  " The same tracks stand in the list.";

export class MapCanvas {
  #frame = 0;
  #drawn = ""; // the view that points were drawn in last

  /** Draw `world` in an element; `painted` is told of the colours that were taken up. */
  constructor(stage, tip, world, painted) {
    this.world = world;
    this.painted = painted;
    this.below = h("canvas", { class: "map-points" });
    this.above = h("canvas", {
      class: "map-above",
      tabindex: "0",
      role: "application",
      "aria-label": LABEL,
    });
    this.camera = new Camera(this.above, () => this.redraw());
    this.points = pointsOn(this.below);
    fill(stage, this.below, this.above, tip, this.#buttons());
    for (const event of ["focus", "blur"]) {
      this.above.addEventListener(event, () => this.redraw());
    }
    this.#watch(stage);
  }

  /** Read and show the places that the world is laid out by. */
  async load() {
    await this.world.load();
    this.points.load(this.world.points);
    this.resize();
    await this.paint();
  }

  /** Take up other colours. */
  async paint() {
    const colours = await this.world.colours();
    this.points.colours(colours.slots, colours.palette);
    this.painted(colours.key);
    this.#drawn = "";
    this.redraw();
  }

  /** Draw with the next frame. */
  redraw() {
    this.#frame ||= requestAnimationFrame(() => this.#draw());
  }

  /** Take up the room that there is. */
  resize() {
    for (const canvas of [this.below, this.above]) {
      canvas.width = Math.round(this.above.clientWidth * density());
      canvas.height = Math.round(this.above.clientHeight * density());
    }
    this.#drawn = "";
    this.redraw();
  }

  close() {
    this.watching.disconnect();
    removeEventListener("theme", this.repaint);
    this.scheme.removeEventListener("change", this.repaint);
  }

  #draw() {
    this.#frame = 0;
    const { world, camera, below } = this;
    if (!world.ids.length) return;
    const view = {
      x: camera.x,
      y: camera.y,
      scale: camera.scale * density(),
      width: below.width,
      height: below.height,
      size: this.#size(),
      only: world.only,
    };
    const drawn = Object.values(view).join();
    if (drawn !== this.#drawn) this.points.draw(view); // not for what only lies above them
    this.#drawn = drawn;
    drawOverlay(this.above, camera, {
      labels: world.labels,
      hovered: world.place(world.hovered),
      playing: world.place(world.playing),
      stroke: world.stroke,
      stops: world.stops?.map((at) => world.place(at)),
      cross: this.above.matches(":focus-visible"),
    });
  }

  /** Pixels of a point: few tracks have large ones, and they grow a little when one comes near. */
  #size() {
    const far = Math.max(2, 240 / Math.sqrt(this.world.ids.length));
    return density() * Math.min(13, 0.72 * far * this.camera.zoom ** 0.35);
  }

  #buttons() {
    const button = (sign, label, action) =>
      h(
        "button",
        { class: "bare", type: "button", "aria-label": label, on: { click: action } },
        sign,
      );
    return h(
      "div",
      { class: "map-zoom" },
      button("+", "Nearer", () => this.camera.zoomBy(1.5)),
      button("−", "Farther", () => this.camera.zoomBy(1 / 1.5)),
      button("⤢", "All of it", () => this.camera.reset()),
    );
  }

  #watch(stage) {
    this.watching = new ResizeObserver(() => this.resize());
    this.watching.observe(stage);
    this.repaint = () => this.world.ids.length && this.paint().catch(noteProblem);
    this.scheme = matchMedia("(prefers-color-scheme: dark)");
    this.scheme.addEventListener("change", this.repaint);
    addEventListener("theme", this.repaint);
  }
}

function density() {
  return devicePixelRatio || 1;
}
