// Interaction with the map: names on hover, play on click, paths by drawing.

import { postQuery } from "../api.js";
import { debounce, fill, h } from "../dom.js";
import { trackArtist, trackLabel, trackTitle } from "../format.js";
import { announce, notifyError } from "../notifications.js";
import { player } from "../player.js";
import { state } from "../store.js";
import { addGestures } from "./camera.js";

const HIT_RADIUS = 22; // pixels
const PATH_LENGTH = 14; // tracks of a drawn path
const MAX_CORNERS = 900; // of the line that is sent

/**
 * Add mouse, touch and keyboard interaction to a map. `tip` shows names; `drawing()` says whether
 * strokes draw paths; `drawn` is called with null when a path begins to load, then with its tracks.
 */
export function addInteraction(canvas, tip, { drawing, drawn }) {
  const { data, camera, above } = canvas;
  const pointAt = (left, top) =>
    data.index?.nearest(...camera.toMap(left, top), HIT_RADIUS / camera.scale) ?? -1;
  const showName = debounce(async (at) => {
    const track = await data.track(at).catch(() => null);
    if (track && data.hovered === at) showTip(tip, track, camera.toPixel(...data.place(at)));
  }, 30);
  const hover = (left, top) => {
    const at = left === null ? -1 : pointAt(left, top);
    if (at === data.hovered) return;
    data.hovered = at;
    tip.hidden = true;
    above.classList.toggle("is-over", at >= 0);
    if (at >= 0) showName(at);
    canvas.redraw();
  };
  const center = debounce((shouldPlay) => atCenter(canvas, shouldPlay).catch(notifyError), 60);
  const stroke = (line, done) => {
    Object.assign(data, { stroke: line, stops: null });
    canvas.redraw();
    if (done) drawPath(canvas, line, drawn).catch(notifyError);
  };
  const pick = (left, top) => play(canvas, pointAt(left, top)).catch(notifyError);
  addGestures(above, camera, { hover, pick, center, stroke, drawing });
}

async function play(canvas, at) {
  if (at < 0) return;
  canvas.data.playing = at;
  canvas.redraw();
  const track = await canvas.data.track(at);
  announce(trackLabel(track));
  player.play(track);
}

/** Announce or play the track nearest to the center. */
async function atCenter(canvas, shouldPlay) {
  const { data, camera } = canvas;
  const at = data.index?.nearest(camera.x, camera.y, 1) ?? -1;
  data.hovered = at;
  canvas.redraw();
  if (shouldPlay) await play(canvas, at);
  else if (at >= 0) announce(trackLabel(await data.track(at)));
}

async function drawPath(canvas, line, drawn) {
  const { data } = canvas;
  drawn(null);
  const step = Math.ceil(line.length / MAX_CORNERS);
  const corners = line.filter((_, at) => at % step === 0 || at === line.length - 1);
  const { tracks, places } = await postQuery("/map/path", {
    by: data.by,
    points: corners.map((corner) => corner.map((part) => Math.round(part * data.about.edge))),
    k: PATH_LENGTH,
    exclusions: state.steer.exclusions,
  });
  Object.assign(data, { stroke: null, stops: data.pointsOf(places) });
  drawn(tracks);
  canvas.redraw();
}

/** Show the names of a track next to its point, inside the map. */
function showTip(tip, track, [left, top]) {
  const genres = track.genres.length ? h("small", {}, track.genres.join(", ")) : null;
  fill(
    tip,
    h("b", { dir: "auto" }, trackTitle(track)),
    h("span", { dir: "auto" }, trackArtist(track)),
    genres,
  );
  tip.hidden = false;
  const { clientWidth: width, clientHeight: height } = tip.parentElement;
  const [wide, high] = [tip.offsetWidth, tip.offsetHeight];
  const beside = left + 16 + wide < width - 8 ? left + 16 : left - 16 - wide;
  const under = beside < 8 ? top + 16 : top - high / 2;
  tip.style.setProperty("left", `${Math.max(8, beside)}px`);
  tip.style.setProperty("top", `${Math.min(height - high - 8, Math.max(8, under))}px`);
}
