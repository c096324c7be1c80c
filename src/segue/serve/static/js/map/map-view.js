// The map on the screen: a canvas of points, and above it a canvas of labels, paths and highlights.

import { fill, h } from "../dom.js";
import { t } from "../i18n.js";
import { notifyError } from "../notifications.js";
import { Camera } from "./camera.js";
import { drawOverlay } from "./overlay.js";
import { createPointRenderer } from "./point-renderer.js";

export class MapView {
  /** @type {ResizeObserver} */
  #resizing;
  /** @type {MediaQueryList} */
  #scheme;
  #repaint = () => this.data.ids.length && this.paint().catch(notifyError);
  #frame = 0;
  #drawn = ""; // the view of the last drawing of points

  /** Draw `data` in the element `stage`; `painted` is called with the legend of its colors. */
  constructor(stage, tip, data, painted) {
    this.data = data;
    this.painted = painted;
    this.below = h("canvas", { class: "map-points" });
    this.above = h("canvas", {
      class: "map-above",
      tabindex: "0",
      role: "application",
      "aria-label": t("map.label"),
    });
    this.camera = new Camera(this.above, () => this.redraw());
    this.points = createPointRenderer(this.below);
    this.zooming = this.#buttons();
    fill(stage, this.below, this.above, tip, this.zooming);
    for (const event of ["focus", "blur"]) {
      this.above.addEventListener(event, () => this.redraw());
    }
    this.#watch(stage);
  }

  /** Read and show the points. */
  async load() {
    await this.data.load();
    this.points.load(this.data.points);
    this.resize();
    await this.paint();
  }

  /** Color the points again, as after a change of theme. */
  async paint() {
    const colors = await this.data.colors();
    this.points.colors(colors.slots, colors.palette);
    this.painted(colors.key);
    this.#drawn = "";
    this.redraw();
  }

  /** Draw in the next frame. */
  redraw() {
    this.#frame ||= requestAnimationFrame(() => this.#draw());
  }

  /** Fit the canvases to their element. */
  resize() {
    for (const canvas of [this.below, this.above]) {
      canvas.width = Math.round(this.above.clientWidth * density());
      canvas.height = Math.round(this.above.clientHeight * density());
    }
    this.#drawn = "";
    this.redraw();
  }

  close() {
    this.#resizing.disconnect();
    removeEventListener("theme", this.#repaint);
    this.#scheme.removeEventListener("change", this.#repaint);
  }

  #draw() {
    this.#frame = 0;
    const { data, camera, below } = this;
    if (!data.ids.length) return;
    const view = {
      x: camera.x,
      y: camera.y,
      scale: camera.scale * density(),
      width: below.width,
      height: below.height,
      size: this.#size(),
      only: data.only,
    };
    const drawn = Object.values(view).join();
    if (drawn !== this.#drawn) this.points.draw(view); // not when only the overlay changed
    this.#drawn = drawn;
    drawOverlay(this.above, camera, {
      labels: data.labels,
      covered: this.#covered(),
      hovered: data.place(data.hovered),
      playing: data.place(data.playing),
      stroke: data.stroke,
      stops: data.stops?.map((at) => data.place(at)),
      cross: this.above.matches(":focus-visible"),
    });
  }

  /** Size of a point in pixels: larger for few tracks, and growing slowly with the zoom. */
  #size() {
    const base = Math.max(2, 240 / Math.sqrt(this.data.ids.length));
    return density() * Math.min(13, 0.72 * base * this.camera.zoom ** 0.35);
  }

  /** What the buttons cover of the canvas: left, top, right, bottom. */
  #covered() {
    const { offsetLeft: left, offsetTop: top, offsetWidth, offsetHeight } = this.zooming;
    return [left, top, left + offsetWidth, top + offsetHeight];
  }

  #buttons() {
    const button = (sign, label, action) =>
      h(
        "button",
        { class: "icon-button", type: "button", "aria-label": label, on: { click: action } },
        sign,
      );
    return h(
      "div",
      { class: "map-zoom" },
      button("+", t("map.zoomIn"), () => this.camera.zoomBy(1.5)),
      button("−", t("map.zoomOut"), () => this.camera.zoomBy(1 / 1.5)),
      button("⤢", t("map.showAll"), () => this.camera.reset()),
    );
  }

  #watch(stage) {
    this.#resizing = new ResizeObserver(() => this.resize());
    this.#resizing.observe(stage);
    this.#scheme = matchMedia("(prefers-color-scheme: dark)");
    this.#scheme.addEventListener("change", this.#repaint);
    addEventListener("theme", this.#repaint);
  }
}

function density() {
  return devicePixelRatio || 1;
}
