import assert from "node:assert/strict";
import { test } from "node:test";

const STATIC = "../../../src/segue/serve/static/js/";
const { listChanges, mergeKept, moveItem } = await import(`${STATIC}list-diff.js`);
const { placeAt } = await import(`${STATIC}list-drag.js`);

const { reasonOf, reasonSignal, strongestPart } = await import(`${STATIC}reasons.js`);

const items = (ids) => [...ids].map((id) => ({ track: { track_id: id } }));
const ids = (list) => list.map((item) => item.track.track_id).join("");

test("changes of a list are added ids and removed tracks", () => {
  const { added, removed } = listChanges(items("abc"), items("cad"));
  assert.deepEqual(added, ["d"]);
  assert.deepEqual(removed, [{ track_id: "b" }]);
  assert.deepEqual(listChanges([], items("a")), { added: ["a"], removed: [] });
});

test("kept items stay at their places in a fresh list", () => {
  const isKept = (kept) => (item) => kept.includes(item.track.track_id);
  assert.equal(ids(mergeKept(items("abcd"), items("xyz"), isKept("ac"))), "axcyz");
  assert.equal(ids(mergeKept(items("abcd"), items("dxa"), isKept("a"))), "dxa");
  assert.equal(ids(mergeKept(items("abcd"), items(""), isKept("d"))), "d");
  assert.equal(ids(mergeKept([], items("x"), isKept("a"))), "x");
});

test("an item moves to another place", () => {
  assert.deepEqual(moveItem([0, 1, 2, 3], 0, 2), [1, 2, 0, 3]);
  assert.deepEqual(moveItem([0, 1, 2, 3], 3, 0), [3, 0, 1, 2]);
  assert.deepEqual(moveItem([0, 1], 1, 1), [0, 1]);
});

test("a dragged row passes the rows whose middle it has crossed", () => {
  const middles = [10, 30, 50, 70];
  assert.equal(placeAt(middles, 1, 30), 1);
  assert.equal(placeAt(middles, 1, 49), 1);
  assert.equal(placeAt(middles, 1, 51), 2);
  assert.equal(placeAt(middles, 1, 500), 3);
  assert.equal(placeAt(middles, 3, -5), 0);
});

test("the reason of an item is its most precise sentence", () => {
  const about = { kind: "artist-often", signal: "recency", values: { artist: "Weir", n: 4 } };
  assert.equal(reasonOf({ reason: "x", reason_about: about }), "You play Weir often (4 plays)");
  assert.equal(reasonOf({ reason: "x", reason_about: { kind: "new", values: {} } }), "x");
  const [title, artist] = ["Oak", "Weir"];
  assert.equal(reasonOf({ influenced_by: [{ title, artist }] }), "Because you like Oak by Weir");
  assert.equal(reasonOf({ in_common: { genres: ["folk"] } }), "Because you like folk");
  assert.equal(reasonOf({ why: { tags: 0.4, knn: 0.1 } }), "Mainly: Tags");
  assert.equal(reasonOf({ why: { tags: -0.4 } }), "To find out what you like");
  assert.equal(reasonOf({}), "");
});

test("bars mark the signal of the sentence", () => {
  assert.equal(reasonSignal({ top_signal: "knn", reason_about: { signal: "tags" } }), "tags");
  assert.equal(reasonSignal({ top_signal: "knn" }), "knn");
  assert.equal(reasonSignal({}), null);
  assert.equal(strongestPart({ tags: 0.001, knn: -1 }), undefined);
});
