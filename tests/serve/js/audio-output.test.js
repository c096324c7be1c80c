import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";

/** An audio element that plays nothing; tests move its time. */
class FakeAudio extends EventTarget {
  src = "";
  currentTime = 0;
  duration = Number.NaN;
  paused = true;
  ended = false;
  muted = false;
  volume = 1;
  readyState = 0;
  seekable = { length: 0, end: () => this.duration };

  constructor() {
    super();
    elements.push(this);
  }

  getAttribute(name) {
    return this[name] || null;
  }

  removeAttribute(name) {
    this[name] = "";
  }

  load() {
    Object.assign(this, { readyState: 0, currentTime: 0, paused: true, duration: Number.NaN });
  }

  async play() {
    this.paused = false;
    this.dispatchEvent(new Event("play"));
  }

  pause() {
    this.paused = true;
    this.dispatchEvent(new Event("pause"));
  }

  /** What a browser does once it has data; transcoded audio has no end and cannot be sought. */
  becomeReady(duration) {
    Object.assign(this, { readyState: 4, duration });
    if (Number.isFinite(duration)) this.seekable = { length: 1, end: () => duration };
    this.dispatchEvent(new Event("loadedmetadata"));
  }

  moveTo(seconds) {
    this.currentTime = seconds;
    this.dispatchEvent(new Event("timeupdate"));
  }
}

/** @type {any[]} */
let elements;
/** @type {() => Promise<Response>} */
let answer;
globalThis.Audio = /** @type {any} */ (FakeAudio);
globalThis.HTMLMediaElement = /** @type {any} */ ({ HAVE_FUTURE_DATA: 3 });
globalThis.fetch = /** @type {any} */ (async () => answer());

const { AudioOutput } = await import("../../../src/segue/serve/static/js/audio-output.js");

const track = (id, duration = 100) => /** @type {any} */ ({ track_id: id, duration });
const playing = () => elements.filter((one) => !one.paused).map((one) => one.src.split("/")[4]);
/** Wait until promises are settled. */
const settle = async () => {
  for (let turn = 0; turn < 30; turn++) await null;
};

/** @type {any} */
let output;
/** @type {string[]} */
let events;

beforeEach(() => {
  mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  elements = [];
  events = [];
  output = new AudioOutput();
  for (const name of ["near-end", "finish", "error"])
    output.addEventListener(name, () => events.push(name));
});

afterEach(() => mock.timers.reset());

/** Play "a" until shortly before its end, with "b" loaded. */
function nearEnd({ overlap = 0, duration = 100 } = {}) {
  output.start(track("a"));
  elements[0].becomeReady(duration);
  const next = track("b");
  output.preload(next, overlap);
  elements[1].becomeReady(duration);
  return next;
}

test("the next track starts on the other element just before the end", () => {
  const next = nearEnd();
  output.addEventListener("finish", () => output.start(next, { follow: true }));
  elements[0].moveTo(99.7);
  assert.deepEqual(events, ["near-end"]);
  elements[0].currentTime = 99.99;
  mock.timers.tick(300);
  assert.deepEqual(events, ["near-end", "finish"]);
  assert.deepEqual(playing(), ["a", "b"]); // the last milliseconds of the first one
  assert.equal(output.track, next);
});

test("a track that is not loaded ahead starts when the current one has ended", () => {
  output.start(track("a"));
  elements[0].becomeReady(100);
  elements[0].moveTo(99.99);
  mock.timers.tick(1000);
  assert.ok(!events.includes("finish"));
  elements[0].dispatchEvent(new Event("ended"));
  assert.ok(events.includes("finish"));
});

test("transcoded audio, whose end is not exact, is played to its end", () => {
  nearEnd({ duration: Number.POSITIVE_INFINITY });
  elements[0].moveTo(99.99);
  mock.timers.tick(1000);
  assert.ok(!events.includes("finish"));
});

test("a crossfade starts early, lowers one track and raises the other", () => {
  const { now } = performance;
  let time = 0;
  performance.now = () => time;
  const next = nearEnd({ overlap: 4 });
  output.addEventListener("finish", () => output.start(next, { follow: true }));
  elements[0].currentTime = 96;
  elements[0].moveTo(96);
  assert.deepEqual(playing(), ["a", "b"]);
  time = 2000;
  mock.timers.tick(30);
  const [old, fresh] = elements;
  assert.ok(Math.abs(old.volume ** 2 + fresh.volume ** 2 - 1) < 1e-9); // equal power
  time = 4100;
  mock.timers.tick(30);
  assert.deepEqual(playing(), ["b"]);
  assert.equal(fresh.volume, 1);
  performance.now = now;
});

test("a track that is skipped stops at once", () => {
  const next = nearEnd({ overlap: 4 });
  output.start(next);
  assert.deepEqual(playing(), ["b"]);
});

test("volume is that of the user times the gain of the track", () => {
  output.gainOf = () => 0.5;
  output.start(track("a"));
  output.setVolume(0.6, false);
  assert.ok(Math.abs(elements[0].volume - 0.3) < 1e-9);
  output.gainOf = () => 4;
  output.applyVolume();
  assert.equal(elements[0].volume, 1);
});

test("a track starts at a saved position, and stays paused", () => {
  output.start(track("a"), { start: 42, paused: true });
  assert.equal(output.time, 42);
  elements[0].becomeReady(100);
  assert.equal(elements[0].currentTime, 42);
  assert.equal(output.isPlaying, false);
});

test("transcoded audio starts at a position on the server", () => {
  output.start(track("a"), { start: 42 });
  elements[0].becomeReady(Number.POSITIVE_INFINITY);
  assert.match(elements[0].src, /start=42/);
  assert.equal(output.time, 42);
  assert.equal(output.isPlaying, true);
});

test("another format is tried, then the reason of the server is told", async () => {
  answer = async () => new Response("", { status: 206 });
  output.start(track("a"));
  for (const format of ["opus", "mp3"]) {
    elements[0].dispatchEvent(new Event("error"));
    await settle();
    assert.match(elements[0].src, new RegExp(`format=${format}`));
  }
  answer = async () => new Response('{"detail": "Gone."}', { status: 409 });
  let detail;
  output.addEventListener("error", (event) => (detail = event.detail));
  elements[0].dispatchEvent(new Event("error"));
  await settle();
  assert.deepEqual(detail, { reason: "Gone.", playing: true });
});

test("playback waits while the server does not answer, then continues at its place", async () => {
  answer = async () => {
    throw new TypeError("no network");
  };
  output.start(track("a"));
  elements[0].becomeReady(100);
  elements[0].currentTime = 30;
  elements[0].dispatchEvent(new Event("error"));
  await settle();
  assert.equal(output.isWaiting, true);
  assert.equal(output.isPlaying, true);
  answer = async () => new Response('{"csrf": "x"}');
  for (let turn = 0; turn < 3; turn++) {
    mock.timers.tick(1000);
    await settle();
  }
  assert.equal(output.isWaiting, false);
  assert.equal(output.time, 30);
  assert.equal(output.isPlaying, true);
});
