// What the map shows: where tracks lie, of what genres they are, what they are called. Only tracks
// that have a place are in it; its points are numbered from 0, `ids` are their numbers among all.

import { bytes, get } from "../api.js";
import { byAffinity, byGenre, middles } from "./colors.js";
import { Nearest } from "./grid-index.js";

const UNPLACED = 65535;

export class World {
  by;
  colour = "genre";
  ids = new Uint32Array();
  points = new Uint16Array();
  genres = new Uint16Array();
  labels = [];
  only = -1; // the slot of colours that stands out
  hovered = -1;
  playing = -1;
  stroke = null; // a line that is being drawn
  stops = null; // the points of a path
  #names = new Map();
  #given;

  /** `about` is what the server tells of the map, `given` the points that come with it. */
  constructor(about, given) {
    this.about = about;
    this.by = about.by;
    this.#given = given;
  }

  /** Read where tracks lie. */
  async load() {
    const answer = this.#given ?? (await bytes("/map/points", { by: this.by }));
    this.#given = null;
    const numbers = new Uint16Array(answer);
    const n = numbers.length / 3;
    const [ids, points, genres] = [new Uint32Array(n), new Uint16Array(2 * n), new Uint16Array(n)];
    let at = 0;
    for (let id = 0; id < n; id++) {
      if (numbers[3 * id] === UNPLACED) continue;
      ids[at] = id;
      points[2 * at] = numbers[3 * id];
      points[2 * at + 1] = numbers[3 * id + 1];
      genres[at++] = numbers[3 * id + 2];
    }
    this.ids = ids.subarray(0, at);
    this.points = points.subarray(0, 2 * at);
    this.genres = genres.subarray(0, at);
    this.nearest = new Nearest(this.points);
    Object.assign(this, { stops: null, stroke: null, hovered: -1 });
  }

  /** The colours of points: see `colors.js`. */
  async colours() {
    if (this.colour === "genre") {
      const colours = byGenre(this.genres, this.about.genres);
      this.labels = middles(this.points, colours.slots, colours.key);
      return colours;
    }
    this.only = -1;
    const fits = new Uint8Array(await bytes("/map/affinity"));
    return byAffinity(this.ids, fits);
  }

  /** Where a point lies, `[x, y]` from 0 to 1; null for -1. */
  place(at) {
    return at < 0 ? null : [this.points[2 * at] / 65535, this.points[2 * at + 1] / 65535];
  }

  /** The track of a point. */
  async track(at) {
    const id = this.ids[at];
    if (!this.#names.has(id)) {
      const { tracks } = await get("/map/tracks", { at: String(id) });
      this.#names.set(id, tracks[0]);
    }
    return this.#names.get(id);
  }

  /** The points of tracks, by their numbers among all. */
  pointsOf(ids) {
    const points = new Map(Array.from(this.ids, (id, at) => [id, at]));
    return ids.map((id) => points.get(id)).filter((at) => at !== undefined);
  }
}
