// Names under the pointer, sound on a click, a path by a stroke.

import { ask } from "../api.js";
import { debounced, fill, h } from "../dom.js";
import { artist, named, title } from "../format.js";
import { player } from "../player.js";
import { noteProblem, say } from "../notifications.js";
import { state } from "../store.js";
import { moves } from "./camera.js";

const NEAR = 22; // pixels from which a point is meant
const STOPS = 14; // tracks of a path that is drawn
const MOST_CORNERS = 900; // of a line that is sent

/**
 * Let a map be heard. `tip` shows names; `drawing()` says whether strokes are paths, `drawn` is given
 * the tracks of one.
 */
export function hearing(canvas, tip, { drawing, drawn }) {
  const { world, camera, above } = canvas;
  const meant = (left, top) =>
    world.nearest?.to(...camera.toMap(left, top), NEAR / camera.scale) ?? -1;
  const tell = debounced(async (at) => {
    const track = await world.track(at).catch(() => null);
    if (track && world.hovered === at) showTip(tip, track, camera.toPixel(...world.place(at)));
  }, 30);
  const hover = (left, top) => {
    const at = left === null ? -1 : meant(left, top);
    if (at === world.hovered) return;
    world.hovered = at;
    tip.hidden = true;
    above.classList.toggle("is-over", at >= 0);
    if (at >= 0) tell(at);
    canvas.redraw();
  };
  const centre = debounced((hear) => atCentre(canvas, hear).catch(noteProblem), 60);
  const stroke = (line, done) => {
    Object.assign(world, { stroke: line, stops: null });
    canvas.redraw();
    if (done) drawPath(canvas, line, drawn).catch(noteProblem);
  };
  const pick = (left, top) => play(canvas, meant(left, top)).catch(noteProblem);
  moves(above, camera, { hover, pick, centre, stroke, drawing });
}

async function play(canvas, at) {
  if (at < 0) return;
  canvas.world.playing = at;
  canvas.redraw();
  const track = await canvas.world.track(at);
  say(named(track));
  player.play(track);
}

/** Say what lies in the middle, or play it. */
async function atCentre(canvas, hear) {
  const { world, camera } = canvas;
  const at = world.nearest?.to(camera.x, camera.y, 1) ?? -1;
  world.hovered = at;
  canvas.redraw();
  if (hear) await play(canvas, at);
  else if (at >= 0) say(named(await world.track(at)));
}

async function drawPath(canvas, line, drawn) {
  const { world } = canvas;
  drawn(null);
  const step = Math.ceil(line.length / MOST_CORNERS);
  const corners = line.filter((_, at) => at % step === 0 || at === line.length - 1);
  const { tracks, places } = await ask("/map/path", {
    by: world.by,
    points: corners.map((corner) => corner.map((part) => Math.round(part * world.about.edge))),
    k: STOPS,
    exclusions: state.steer.exclusions,
  });
  Object.assign(world, { stroke: null, stops: world.pointsOf(places) });
  drawn(tracks);
  canvas.redraw();
}

/** Show a name beside its point, inside the map. */
function showTip(tip, track, [left, top]) {
  const genres = track.genres.length ? h("small", {}, track.genres.join(", ")) : null;
  fill(tip, h("b", {}, title(track)), h("span", {}, artist(track)), genres);
  tip.hidden = false;
  const { clientWidth: width, clientHeight: height } = tip.parentElement;
  const [wide, high] = [tip.offsetWidth, tip.offsetHeight];
  const beside = left + 16 + wide < width - 8 ? left + 16 : left - 16 - wide;
  const under = beside < 8 ? top + 16 : top - high / 2;
  tip.style.setProperty("left", `${Math.max(8, beside)}px`);
  tip.style.setProperty("top", `${Math.min(height - high - 8, Math.max(8, under))}px`);
}
