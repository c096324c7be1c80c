import assert from "node:assert/strict";
import { test } from "node:test";

import {
  formatCount,
  formatDuration,
  formatPercent,
  joinNames,
  plural,
  spokenDuration,
  timeAgo,
  timeLeft,
  trackLabel,
  trackTitle,
} from "../../../src/segue/serve/static/js/format.js";

test("numbers have thousands separators and the right plural", () => {
  assert.equal(formatCount(1234567), "1,234,567");
  assert.equal(formatCount(null), "0");
  assert.equal(plural(1, "track"), "1 track");
  assert.equal(plural(0, "track"), "0 tracks");
  assert.equal(plural(2, "entry", "entries"), "2 entries");
  assert.equal(formatPercent(0.256), "26 %");
  assert.equal(formatPercent(0.256, 1), "25.6 %");
});

test("durations pad minutes only after hours", () => {
  const cases = { 0: "0:00", 7: "0:07", 187.4: "3:07", 3600: "1:00:00", 3765: "1:02:45" };
  for (const [seconds, text] of Object.entries(cases))
    assert.equal(formatDuration(Number(seconds)), text);
  assert.equal(formatDuration(null), "");
  assert.equal(formatDuration(Number.NaN), "");
});

test("spoken durations name minutes and seconds", () => {
  assert.equal(spokenDuration(187), "3 minutes 7 seconds");
  assert.equal(spokenDuration(1), "1 second");
  assert.equal(spokenDuration(undefined), "0 seconds");
});

test("long lists of names are cut, but never for one name", () => {
  assert.equal(joinNames([]), "");
  assert.equal(joinNames(["A"]), "A");
  assert.equal(joinNames(["A", "B", "C"]), "A, B, and C");
  assert.equal(joinNames(["A", "B", "C", "D"]), "A, B, C, and D");
  assert.equal(joinNames(["A", "B", "C", "D", "E"]), "A, B, C, and 2 more");
});

test("recent times are relative", () => {
  const ago = (seconds) => timeAgo(Date.now() / 1000 - seconds);
  assert.equal(ago(5), "just now");
  assert.equal(ago(60), "1 minute ago");
  assert.equal(ago(7200), "2 hours ago");
  assert.match(ago(40 * 86_400), /\d{4}$/);
});

test("tracks without title or artist have a label", () => {
  assert.equal(trackLabel({ track_id: "t1", title: "Reel", artist: "Anna" }), "Reel by Anna");
  assert.equal(trackLabel({ track_id: "t1", title: "Reel", artist: null }), "Reel");
  assert.equal(trackTitle({ track_id: "t1", title: null }), "t1");
  assert.equal(trackTitle(undefined), "Untitled");
});

test("remaining time is rounded to minutes or hours", () => {
  assert.equal(timeLeft(null), "");
  assert.equal(timeLeft(20), "less than a minute left");
  assert.equal(timeLeft(80), "about 1 minute left");
  assert.equal(timeLeft(300), "about 5 minutes left");
  assert.equal(timeLeft(3 * 3600), "about 3 hours left");
});
