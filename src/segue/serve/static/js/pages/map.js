// Map: every track a point, near to what sounds alike. A list beside it says the same in words.

import { bytes, get, post } from "../api.js";
import { debounced, fill, h } from "../dom.js";
import { artist, count, named, title } from "../format.js";
import { icon } from "../icons.js";
import { player } from "../player.js";
import { noteProblem, say } from "../say.js";
import { titleOf } from "../signals.js";
import { Camera, moves } from "../map/camera.js";
import { byAffinity, byGenre, middles } from "../map/colours.js";
import { Nearest } from "../map/nearest.js";
import { drawOverlay } from "../map/overlay.js";
import { pointsOn } from "../map/points.js";
import { mapList } from "./map-list.js";
import { showPath } from "./map-path.js";

const UNPLACED = 65535;
const NEAR = 22; // pixels from which a point is meant
const STOPS = 14; // tracks of a path that is drawn

export const map = {
  title: "Map",
  async show(main, { heading, leaving }) {
    const top = h("div", { class: "page-head" }, h("div", {}, heading));
    fill(main, top);
    const about = await get("/map");
    const world = { about, by: about.by, colour: "genre", only: -1, drawing: false, names: new Map(), labels: [] };
    const stage = h("div", { class: "map-stage" });
    const side = h("section", { class: "map-side", hidden: true });
    const list = mapList(about);
    const parts = { stage, side, key: h("div", { class: "map-key" }), tip: h("div", { class: "map-tip", hidden: true }) };
    fill(top, h("div", {}, heading, h("p", {}, `${count(about.n)} tracks. What is near sounds alike.`)), tools(world, parts, list));
    fill(main, top, h("div", { class: "map" }, stage, side), parts.key, list.section);
    const view = canvasIn(world, parts, leaving);
    world.view = view;
    await view.load();
  },
};

function tools(world, parts, list) {
  const choose = h("select", { "aria-label": "Placed by" }, world.about.encoders.map((one) => one.name ?? one).map((name) => h("option", { value: name, selected: name === world.by }, titleOf(name))));
  choose.addEventListener("change", () => ((world.by = choose.value), world.view.load().catch(noteProblem)));
  const colour = toggles({ genre: "Genre", affinity: "My taste" }, "genre", "Coloured by", (name) => ((world.colour = name), world.view.paint().catch(noteProblem)));
  const draw = h("button", { type: "button", "aria-pressed": "false" }, icon("path"), "Draw a path");
  draw.addEventListener("click", () => {
    world.drawing = !world.drawing;
    draw.setAttribute("aria-pressed", String(world.drawing));
    parts.stage.classList.toggle("is-drawing", world.drawing);
    if (world.drawing) say("Draw over the map with the pointer. With keys: Path, on the page Playlists.");
  });
  world.endDrawing = () => world.drawing && draw.click();
  const shape = toggles({ map: "Map", list: "List" }, "map", "Shown as", (name) => {
    for (const part of [parts.stage.parentElement, parts.key]) part.hidden = name === "list";
    list.section.hidden = name === "map";
    if (name === "list") list.load();
    else world.view.resize();
  });
  return h("div", { class: "row" }, world.about.encoders.length > 1 ? choose : null, colour, draw, shape);
}

function toggles(choices, current, label, chosen) {
  const box = h("div", { class: "switch", role: "group", "aria-label": label });
  const show = () => fill(box, Object.entries(choices).map(([name, text]) => h(
    "button", { type: "button", "aria-pressed": String(name === current), on: { click: () => ((current = name), show(), chosen(name)) } }, text,
  )));
  show();
  return box;
}

function canvasIn(world, parts, leaving) {
  const canvas = h("canvas", { class: "map-points" });
  const above = h("canvas", { class: "map-above", tabindex: "0", role: "application", "aria-label": "Map of all tracks. Arrows move, plus and minus zoom, Enter plays the track in the middle. The same tracks stand in the list." });
  const zoom = (name, label, action) => h("button", { class: "bare", type: "button", "aria-label": label, on: { click: action } }, name);
  let frame = 0;
  const redraw = () => (frame ||= requestAnimationFrame(draw));
  const camera = new Camera(above, redraw);
  fill(parts.stage, canvas, above, parts.tip, h("div", { class: "map-zoom" }, zoom("+", "Nearer", () => camera.zoomBy(1.5)), zoom("−", "Farther", () => camera.zoomBy(1 / 1.5)), zoom("⤢", "All of it", () => camera.reset())));
  const points = pointsOn(canvas);
  const place = (at) => (at >= 0 && world.points ? [world.points[2 * at] / 65535, world.points[2 * at + 1] / 65535] : null);
  const pointSize = () => (devicePixelRatio || 1) * Math.min(13, Math.max(2, 240 / Math.sqrt(world.ids.length || 1)) * camera.zoom ** 0.35 * 0.72);
  const draw = () => {
    frame = 0;
    if (!world.points) return;
    const density = devicePixelRatio || 1;
    points.draw({ x: camera.x, y: camera.y, scale: camera.scale * density, width: canvas.width, height: canvas.height, size: pointSize(), only: world.only });
    drawOverlay(above, camera, { labels: world.labels, hovered: place(world.hovered ?? -1), playing: place(world.playing ?? -1), stroke: world.stroke, stops: world.stops?.map(place), cross: above.matches(":focus-visible") });
  };
  const resize = () => {
    const density = devicePixelRatio || 1;
    for (const one of [canvas, above]) Object.assign(one, { width: Math.round(above.clientWidth * density), height: Math.round(above.clientHeight * density) });
    redraw();
  };
  const paint = async () => {
    const colours = world.colour === "genre" ? byGenre(world.genres, world.about.genres) : byAffinity(await affinities(world));
    points.colours(colours.slots, colours.palette);
    if (world.colour === "genre") world.labels = middles(world.points, colours.slots, colours.key);
    else world.only = -1;
    showKey(parts.key, colours.key, world, redraw);
    redraw();
  };
  const load = async () => {
    const numbers = new Uint16Array(await bytes("/map/points", { by: world.by }));
    // only tracks that have a place: `ids` are their numbers among all
    world.ids = Uint32Array.from({ length: numbers.length / 3 }, (_, at) => at).filter((at) => numbers[3 * at] !== UNPLACED);
    world.points = new Uint16Array(2 * world.ids.length);
    world.genres = world.ids.length ? Uint16Array.from(world.ids, (at) => numbers[3 * at + 2]) : new Uint16Array(0);
    world.ids.forEach((from, at) => world.points.set(numbers.subarray(3 * from, 3 * from + 2), 2 * at));
    world.nearest = new Nearest(world.points);
    Object.assign(world, { stops: null, stroke: null, hovered: -1 });
    points.load(world.points);
    resize();
    await paint();
  };
  hearing(above, camera, world, parts, redraw);
  const watch = new ResizeObserver(resize);
  watch.observe(parts.stage);
  const repaint = () => world.points && paint().catch(noteProblem);
  addEventListener("theme", repaint);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);
  for (const event of ["focus", "blur"]) above.addEventListener(event, redraw);
  leaving(() => (watch.disconnect(), removeEventListener("theme", repaint)));
  return { load, paint, resize, redraw };
}

/** Names under the pointer, sound on a click, a path by a stroke. */
function hearing(above, camera, world, parts, redraw) {
  const meant = (left, top) => world.nearest?.to(...camera.toMap(left, top), NEAR / camera.scale) ?? -1;
  const tell = debounced(async (at) => {
    const track = await trackAt(world, at).catch(() => null);
    if (track && world.hovered === at) showTip(parts.tip, track, camera.toPixel(world.points[2 * at] / 65535, world.points[2 * at + 1] / 65535));
  }, 30);
  const hover = (left, top) => {
    const at = left === null ? -1 : meant(left, top);
    if (at === world.hovered) return;
    world.hovered = at;
    parts.tip.hidden = true;
    above.classList.toggle("is-over", at >= 0);
    if (at >= 0) tell(at);
    redraw();
  };
  const play = async (at) => {
    if (at < 0) return;
    world.playing = at;
    redraw();
    try {
      const track = await trackAt(world, at);
      say(named(track));
      player.play(track);
    } catch (error) {
      noteProblem(error);
    }
  };
  const centre = debounced(async (hear) => {
    const at = world.nearest?.to(camera.x, camera.y, 1) ?? -1;
    world.hovered = at;
    redraw();
    if (hear) play(at);
    else if (at >= 0) say(named(await trackAt(world, at)));
  }, 60);
  const stroke = async (line, done) => {
    Object.assign(world, { stroke: line, stops: null });
    redraw();
    if (!done) return;
    world.endDrawing();
    const places = along(line, STOPS, (x, y, taken) => world.nearest.to(x, y, 0.2, (at) => !taken.has(at)));
    if (places.length < 2) return;
    try {
      const found = await post("/map/path", { places: places.map((at) => world.ids[at]), k: places.length });
      world.stroke = null;
      world.stops = places;
      showPath(parts.side, found.tracks, () => ((world.stops = null), redraw()));
      redraw();
    } catch (error) {
      noteProblem(error);
    }
  };
  moves(above, camera, { hover, pick: (left, top) => play(meant(left, top)), centre, stroke, drawing: () => world.drawing });
}

/** Points of the map at even distances along a line. */
function along(line, n, nearest) {
  const lengths = [0];
  for (let at = 1; at < line.length; at++) lengths.push(lengths[at - 1] + Math.hypot(line[at][0] - line[at - 1][0], line[at][1] - line[at - 1][1]));
  const taken = new Set();
  for (let step = 0, at = 1; step < n && lengths.at(-1) > 0; step++) {
    const wanted = (lengths.at(-1) * step) / (n - 1);
    while (at < line.length - 1 && lengths[at] < wanted) at++;
    const share = (wanted - lengths[at - 1]) / (lengths[at] - lengths[at - 1] || 1);
    const place = nearest(...[0, 1].map((axis) => line[at - 1][axis] + share * (line[at][axis] - line[at - 1][axis])), taken);
    if (place >= 0) taken.add(place);
  }
  return [...taken];
}

/** How well each point fits the listener, from 0 to 255. */
async function affinities(world) {
  const all = new Uint8Array(await bytes("/map/affinity"));
  return Uint8Array.from(world.ids, (from) => all[from]);
}

async function trackAt(world, at) {
  const place = world.ids[at];
  if (!world.names.has(place)) {
    const { items } = await get("/map/tracks", { at: String(place) });
    world.names.set(place, items[0]);
  }
  return world.names.get(place);
}

function showTip(tip, track, [left, top]) {
  fill(tip, h("b", {}, title(track)), h("span", {}, artist(track)), track.genres?.length ? h("small", {}, track.genres.join(", ")) : null);
  tip.hidden = false;
  const { clientWidth: width, clientHeight: height } = tip.parentElement;
  const [wide, high] = [tip.offsetWidth, tip.offsetHeight];
  const beside = left + 16 + wide < width - 8 ? left + 16 : left - 16 - wide;
  tip.style.setProperty("left", `${Math.max(8, beside)}px`);
  tip.style.setProperty("top", `${Math.min(height - high - 8, Math.max(8, beside < 8 ? top + 16 : top - high / 2))}px`);
}

function showKey(box, key, world, redraw) {
  if (!key.length) return fill(box, h("p", { class: "quiet-text affinity-key" }, "fits less", h("i", {}), "fits your taste more"));
  const buttons = key.map(({ name, slot, css, n }) => {
    const button = h("button", { class: "quiet", type: "button", "aria-pressed": String(world.only === slot) }, h("span", { class: "swatch", style: { "--colour": css } }), name, h("small", {}, count(n)));
    button.addEventListener("click", () => {
      world.only = world.only === slot ? -1 : slot;
      for (const one of buttons) one.setAttribute("aria-pressed", String(one === button && world.only === slot));
      redraw();
    });
    return button;
  });
  return fill(box, buttons);
}
