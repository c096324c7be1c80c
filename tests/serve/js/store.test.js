import assert from "node:assert/strict";
import { test } from "node:test";

import { emptySteer, isNeutral, parseSteer } from "../../../src/segue/serve/static/js/store.js";

test("saved steering is read back", () => {
  const steer = {
    ...emptySteer(),
    weights: { timbre: 0.3 },
    dials: { diversity: 0.5 },
    daypart: "evening",
  };
  assert.deepEqual(parseSteer(JSON.stringify(steer)), steer);
});

test("dials saved under their former names are renamed", () => {
  const saved = { weights: {}, dials: { familiar: 0.5, variety: 0.2, diversity: 0.1 } };
  assert.deepEqual(parseSteer(JSON.stringify(saved)).dials, {
    max_known_share: 0.5,
    randomness: 0.2,
    diversity: 0.1,
  });
});

test("missing or damaged steering gives the default", () => {
  for (const text of [null, "", "{", "null", "{}"])
    assert.deepEqual(parseSteer(text), emptySteer());
});

test("steering is neutral without weights, dials and exclusions", () => {
  assert.ok(isNeutral(emptySteer()));
  assert.ok(isNeutral({ ...emptySteer(), exclusions: { artists: [] } }));
  assert.ok(!isNeutral({ ...emptySteer(), dials: { diversity: 0 } }));
  assert.ok(!isNeutral({ ...emptySteer(), exclusions: { from_year: 1990 } }));
  assert.ok(!isNeutral({ ...emptySteer(), daypart: "night" }));
});
