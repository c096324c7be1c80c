import assert from "node:assert/strict";
import { test } from "node:test";

import { Camera } from "../../../src/segue/serve/static/js/map/camera.js";
import { genreCenters } from "../../../src/segue/serve/static/js/map/colors.js";
import { GridIndex } from "../../../src/segue/serve/static/js/map/grid-index.js";
import { MapData } from "../../../src/segue/serve/static/js/map/map-data.js";

/** Deterministic numbers from 0 to 65535. */
function randomPoints(n) {
  let seed = 1;
  const next = () => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    return seed >>> 16;
  };
  return Uint16Array.from({ length: 2 * n }, next);
}

function nearestOf(points, x, y, within) {
  let [best, least] = [-1, within];
  for (let at = 0; at < points.length / 2; at++) {
    const away = Math.hypot(points[2 * at] / 65535 - x, points[2 * at + 1] / 65535 - y);
    if (away <= least) [best, least] = [at, away];
  }
  return best;
}

test("the grid index agrees with a search of all points", () => {
  const points = randomPoints(2_000);
  const index = new GridIndex(points);
  const places = randomPoints(200);
  for (let at = 0; at < 200; at++) {
    const [x, y] = [places[2 * at] / 65535, places[2 * at + 1] / 65535];
    for (const within of [0.004, 0.02, 1])
      assert.equal(index.nearest(x, y, within), nearestOf(points, x, y, within));
  }
});

test("the grid index finds nothing without points nearby", () => {
  assert.equal(new GridIndex(new Uint16Array()).nearest(0.5, 0.5, 1), -1);
  assert.equal(new GridIndex(Uint16Array.of(0, 0)).nearest(0.5, 0.5, 0.1), -1);
  assert.equal(new GridIndex(Uint16Array.of(65535, 65535)).nearest(1, 1, 0.01), 0);
});

test("the grid index finds near points two cells away", () => {
  const cell = 256;
  const far = [100 * cell - 200, 100 * cell - 200]; // diagonally in the next cell
  const near = [102 * cell + 5, 100 * cell + 250];
  const index = new GridIndex(Uint16Array.from([...far, ...near]));
  const [x, y] = [(101 * cell - 10) / 65535, (100 * cell + 250) / 65535];
  assert.equal(index.nearest(x, y, 1), 1);
  assert.equal(index.nearest(x, y, (1.2 * cell) / 65535), 1);
  assert.equal(index.nearest(x, y, cell / 65535), -1);
});

test("zooming keeps the place under the pointer", () => {
  const canvas = /** @type {any} */ ({ clientWidth: 800, clientHeight: 600 });
  const camera = new Camera(canvas, () => {});
  const place = camera.toMap(500, 250);
  camera.zoomBy(3, 500, 250);
  const [left, top] = camera.toPixel(place[0], place[1]);
  assert.ok(Math.abs(left - 500) < 1e-6 && Math.abs(top - 250) < 1e-6);
  camera.zoomBy(1e9);
  assert.equal(camera.zoom, 400);
  camera.reset();
  assert.deepEqual([camera.x, camera.y, camera.zoom], [0.5, 0.5, 1]);
});

test("tracks without coordinates are left out of the map", async () => {
  const rows = Uint16Array.of(10, 20, 0, 65535, 65535, 1, 30, 40, 1);
  const data = new MapData({ by: "timbre" }, rows.buffer);
  await data.load();
  assert.deepEqual([...data.ids], [0, 2]);
  assert.deepEqual([...data.points], [10, 20, 30, 40]);
  assert.deepEqual([...data.groups], [0, 1]);
  assert.deepEqual(data.pointsOf([2, 1, 0]), [1, 0]);
  assert.equal(data.place(-1), null);
});

test("the label of a genre is at the median of its tracks", () => {
  const points = Uint16Array.of(0, 0, 6553, 6553, 65535, 65535, 65535, 0);
  const key = [
    { name: "rock", slot: 0 },
    { name: "Other", slot: 1, isOther: true },
  ];
  const [center, ...rest] = genreCenters(points, Uint8Array.of(0, 0, 0, 1), key);
  assert.equal(rest.length, 0);
  assert.equal(center.name, "rock");
  assert.ok(Math.abs(center.x - 0.1) < 1e-3 && Math.abs(center.y - 0.1) < 1e-3);
});
