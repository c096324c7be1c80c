import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { reportPlayingNow } from "../../../src/segue/serve/static/js/playback-report.js";

class Player extends EventTarget {
  /** @type {any} */
  track = null;
  isPlaying = false;
  time = 0;

  play(name) {
    this.track = { track_id: name };
    this.isPlaying = true;
    this.time = 0;
    this.dispatchEvent(new Event("track"));
  }

  set(isPlaying) {
    this.isPlaying = isPlaying;
    this.dispatchEvent(new Event("state"));
  }
}

let sent;
let player;

globalThis.fetch = /** @type {any} */ (
  async (url, { body }) => {
    const { track_id, state, position } = JSON.parse(body);
    assert.match(url, /\/api\/v1\/playing-now$/);
    sent.push([track_id, state, position]);
    return new Response(null, { status: 204 });
  }
);

beforeEach(() => {
  mock.timers.enable({ apis: ["setTimeout"] });
  sent = [];
  player = new Player();
});

afterEach(() => mock.timers.reset());

test("a track is shown when it plays, pauses and stops", () => {
  reportPlayingNow(player, () => "anna");
  player.play("a");
  mock.timers.tick(2000);
  player.time = 30;
  player.set(false);
  mock.timers.tick(2000);
  player.track = null;
  player.dispatchEvent(new Event("track"));
  mock.timers.tick(2000);
  assert.deepEqual(sent, [
    ["a", "playing", 0],
    ["a", "paused", 30],
    ["a", "stopped", 0],
  ]);
});

test("tracks that are passed over are not shown, and one is shown once", () => {
  reportPlayingNow(player, () => "anna");
  for (const name of ["a", "b", "c"]) player.play(name);
  mock.timers.tick(2000);
  for (let n = 0; n < 3; n++) {
    player.set(true);
    mock.timers.tick(2000);
  }
  assert.deepEqual(sent, [["c", "playing", 0]]);
});

test("a track that begins again is shown again", () => {
  reportPlayingNow(player, () => "anna");
  player.play("a");
  mock.timers.tick(2000);
  player.play("a");
  mock.timers.tick(2000);
  assert.equal(sent.length, 2);
});

test("a restored track that does not play is not shown, nor is one without a listener", () => {
  reportPlayingNow(player, () => null);
  player.play("a");
  mock.timers.tick(2000);
  const other = new Player();
  reportPlayingNow(other, () => "anna");
  other.track = { track_id: "b" };
  other.dispatchEvent(new Event("track"));
  mock.timers.tick(2000);
  assert.deepEqual(sent, []);
});
