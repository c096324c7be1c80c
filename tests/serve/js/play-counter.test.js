import assert from "node:assert/strict";
import { test } from "node:test";
import { PlayCounter } from "../../../src/segue/serve/static/js/play-counter.js";

/** Count a track that plays from one position to another. */
function played(counter, from, to) {
  counter.seek(from);
  for (let now = from; now <= to; now += 0.25) counter.moveTo(now);
}

for (const [seconds, duration, isPlay] of /** @type {[number, number, boolean][]} */ ([
  [29, 200, false],
  [31, 200, true],
  [4, 10, false],
  [6, 10, true],
])) {
  test(`${seconds} s of ${duration} s are a ${isPlay ? "play" : "skip"}`, () => {
    const counter = new PlayCounter();
    counter.begin(0);
    played(counter, 0, seconds);
    assert.equal(counter.isPlay(duration), isPlay);
    assert.equal(counter.isSkip(duration), !isPlay);
  });
}

test("time that was sought over does not count", () => {
  const counter = new PlayCounter();
  counter.begin(0);
  played(counter, 0, 5);
  assert.equal(counter.moveTo(90), false);
  played(counter, 90, 95);
  assert.equal(counter.playedMs, 10_000);
});

test("a track that was only shown is neither play nor skip", () => {
  const counter = new PlayCounter();
  counter.begin(42, { counts: false });
  assert.equal(counter.isSkip(100), false);
  assert.equal(counter.isPlay(100), false);
});
