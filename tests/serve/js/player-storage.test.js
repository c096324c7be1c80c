import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

let saved = new Map();
globalThis.localStorage = /** @type {any} */ ({
  getItem: (name) => saved.get(name) ?? null,
  setItem: (name, text) => saved.set(name, text),
  removeItem: (name) => saved.delete(name),
});

const storage = await import("../../../src/segue/serve/static/js/player-storage.js");
const { Queue } = await import("../../../src/segue/serve/static/js/queue.js");
const { isProposed, markProposed } = await import(
  "../../../src/segue/serve/static/js/proposed-tracks.js"
);

beforeEach(() => {
  saved = new Map();
});

const track = (id) => /** @type {any} */ ({ track_id: id, title: id, tags: ["loud"], gain_db: -3 });

test("a queue is saved for each listener, and says which tracks segue proposed", () => {
  const queue = new Queue();
  const [first, second] = [track("a"), track("b")];
  markProposed([first]);
  queue.start(first, { after: [second] });
  storage.saveQueue("anna", queue, { radio: { like: ["a"] } });
  assert.equal(storage.savedQueue("ben"), null);
  const found = storage.savedQueue("anna");
  const other = new Queue();
  other.fromJSON(found);
  assert.equal(other.state.track?.title, "a");
  assert.equal(other.state.track?.tags, undefined);
  assert.ok(isProposed(other.state.track));
  assert.ok(!isProposed(other.upNext[0]));
  assert.deepEqual(found.radio, { like: ["a"] });
});

test("a position is that of its track only", () => {
  storage.savePosition("anna", "a", 12.5);
  assert.equal(storage.savedPosition("anna", "a"), 12.5);
  assert.equal(storage.savedPosition("anna", "b"), 0);
  assert.equal(storage.savedPosition("ben", "a"), 0);
});

test("signing out forgets queue and position, not the settings", () => {
  storage.saveQueue("anna", new Queue(), {});
  storage.savePosition("anna", "a", 3);
  const settings = { volume: 0.4, muted: true, crossfade: 5, gain: /** @type {const} */ ("album") };
  storage.saveSettings("anna", settings);
  storage.forgetQueue("anna");
  assert.equal(storage.savedQueue("anna"), null);
  assert.equal(storage.savedPosition("anna", "a"), 0);
  assert.deepEqual(storage.savedSettings("anna"), settings);
});

test("damaged settings are the defaults", () => {
  const defaults = storage.savedSettings("nobody");
  assert.deepEqual(defaults, { volume: 1, muted: false, crossfade: 0, gain: "track" });
  for (const text of ["{", "3", '{"volume": 7, "crossfade": -1, "gain": "x", "muted": "yes"}']) {
    saved.set("segue.player.anna", text);
    assert.deepEqual(storage.savedSettings("anna"), defaults);
  }
});

test("a full storage does not stop the player", () => {
  const { setItem } = globalThis.localStorage;
  globalThis.localStorage.setItem = () => {
    throw new Error("full");
  };
  storage.saveQueue("anna", new Queue(), {});
  globalThis.localStorage.setItem = setItem;
});
