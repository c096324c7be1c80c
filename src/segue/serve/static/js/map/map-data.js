// Data of the map: coordinates, groups of genres and names of tracks. It holds only tracks that have coordinates;
// `ids` are the numbers of its points among all tracks.

import { get, getBytes } from "../api.js";
import { byAffinity, byGenre, genreCenters } from "./colors.js";
import { GridIndex } from "./grid-index.js";

const UNPLACED = 65535;

export class MapData {
  by;
  color = "genre";
  ids = new Uint32Array();
  points = new Uint16Array();
  groups = new Uint16Array();
  labels = [];
  only = -1; // the highlighted color slot
  hovered = -1;
  playing = -1;
  stroke = null; // the line being drawn
  stops = null; // the points of a path
  #names = new Map();
  #initial;

  /** `about` is the server's description of the map, `points` its points in binary form. */
  constructor(about, points) {
    this.about = about;
    this.by = about.by;
    this.#initial = points;
  }

  /** Read the coordinates and groups. */
  async load() {
    const answer = this.#initial ?? (await getBytes("/map/points", { query: { by: this.by } }));
    this.#initial = null;
    const numbers = new Uint16Array(answer);
    const n = numbers.length / 3;
    const [ids, points, groups] = [new Uint32Array(n), new Uint16Array(2 * n), new Uint16Array(n)];
    let at = 0;
    for (let id = 0; id < n; id++) {
      if (numbers[3 * id] === UNPLACED) continue;
      ids[at] = id;
      points[2 * at] = numbers[3 * id];
      points[2 * at + 1] = numbers[3 * id + 1];
      groups[at++] = numbers[3 * id + 2];
    }
    this.ids = ids.subarray(0, at);
    this.points = points.subarray(0, 2 * at);
    this.groups = groups.subarray(0, at);
    this.index = new GridIndex(this.points);
    Object.assign(this, { stops: null, stroke: null, hovered: -1 });
  }

  /** Colors of the points: see `colors.js`. */
  async colors() {
    if (this.color === "genre") {
      const colors = byGenre(this.groups, this.about.groups);
      this.labels = genreCenters(this.points, colors.slots, colors.key);
      return colors;
    }
    this.only = -1;
    const fits = new Uint8Array(await getBytes("/map/affinity"));
    return byAffinity(this.ids, fits);
  }

  /** Coordinates of a point, `[x, y]` from 0 to 1; null for -1. */
  place(at) {
    return at < 0 ? null : [this.points[2 * at] / 65535, this.points[2 * at + 1] / 65535];
  }

  /** Track of a point. */
  async track(at) {
    const id = this.ids[at];
    if (!this.#names.has(id)) {
      const { tracks } = await get("/map/tracks", { query: { at: String(id) } });
      this.#names.set(id, tracks[0]);
    }
    return this.#names.get(id);
  }

  /** Points of tracks, given by their numbers among all tracks. */
  pointsOf(ids) {
    const points = new Map(Array.from(this.ids, (id, at) => [id, at]));
    return ids.map((id) => points.get(id)).filter((at) => at !== undefined);
  }
}
