import assert from "node:assert/strict";
import { test } from "node:test";
import { Queue } from "../../../src/segue/serve/static/js/queue.js";

const track = (id) => /** @type {any} */ ({ track_id: id });
const tracks = (ids) => [...ids].map(track);
const ids = (list) => list.map((one) => one.track_id).join("");
const current = (queue) => queue.state.track?.track_id ?? null;

/** A queue that plays "b" of the list "abcd", with the track x added by the user. */
function playing() {
  const queue = new Queue(() => 0);
  queue.start(track("b"), { after: tracks("cd"), before: tracks("a"), source: "List" });
  queue.add(tracks("x"));
  return queue;
}

/** Ids of the tracks that play until the end, at most `most`. */
function played(queue, most = 8) {
  const found = [];
  while (found.length < most && queue.advance({ ended: true })) found.push(current(queue));
  return found.join("");
}

test("added tracks play before the rest of the list", () => {
  const queue = playing();
  queue.add(tracks("y"));
  queue.add(tracks("f"), { first: true });
  assert.equal(ids(queue.upNext), "fxycd");
  assert.equal(played(queue), "fxycd");
  assert.equal(queue.advance(), null);
});

test("a track that is started leaves the upcoming tracks, the others stay", () => {
  const queue = playing();
  queue.start(track("d"));
  assert.equal(current(queue), "d");
  assert.equal(ids(queue.upNext), "xc");
});

for (const [from, to, up, queued] of /** @type {[number, number, string, number][]} */ ([
  [0, 2, "cdx", 0],
  [2, 0, "dxc", 2],
  [1, 2, "xdc", 1],
  [1, 1, "xcd", 1],
  [1, 0, "cxd", 2],
  [0, 1, "cxd", 0],
  [9, 0, "xcd", 1],
])) {
  test(`a track moves from place ${from} to ${to}`, () => {
    const queue = playing();
    queue.move(from, to);
    assert.equal(ids(queue.upNext), up);
    assert.equal(queue.state.queue.length, queued);
  });
}

test("a track is removed from the queue, or from the rest of the list", () => {
  const queue = playing();
  queue.remove(2);
  queue.remove(0);
  assert.equal(ids(queue.upNext), "c");
});

test("a cleared queue comes back without the track that plays by then", () => {
  const queue = playing();
  const before = queue.snapshot();
  queue.clear();
  assert.equal(ids(queue.upNext), "");
  queue.start(track("c"));
  queue.restoreUpNext(before);
  assert.equal(ids(queue.upNext), "xd");
  assert.equal(current(queue), "c");
});

test("a snapshot restores the track, its history and the tracks that play next", () => {
  const queue = playing();
  const before = queue.snapshot();
  queue.advance();
  queue.advance();
  queue.restore(before);
  assert.equal(current(queue), "b");
  assert.equal(ids(queue.upNext), "xcd");
  assert.equal(ids(queue.state.history), "");
});

test("back returns to the track before, and the current one plays after it", () => {
  const queue = playing();
  queue.advance();
  queue.advance();
  assert.equal(queue.back()?.track_id, "x");
  assert.equal(queue.back()?.track_id, "b");
  assert.equal(queue.back(), null);
  assert.equal(played(queue), "xcd");
});

test("repeat all plays the whole list again, from its first track", () => {
  const queue = new Queue();
  queue.start(track("b"), { after: tracks("c"), before: tracks("a") });
  queue.setRepeat("all");
  assert.equal(played(queue, 7), "cabcabc");
});

test("repeat all of a single track plays it again", () => {
  const queue = new Queue();
  queue.start(track("a"), { after: [] });
  queue.setRepeat("all");
  assert.equal(queue.peek()?.track_id, "a");
  assert.equal(played(queue, 2), "aa");
});

test("repeat one repeats a track that ended, not one that was skipped", () => {
  const queue = playing();
  queue.setRepeat("one");
  assert.equal(queue.peek()?.track_id, "b");
  assert.equal(queue.advance({ ended: true })?.track_id, "b");
  assert.equal(queue.advance()?.track_id, "x");
});

test("peek is the track that advance plays", () => {
  for (const repeat of /** @type {const} */ (["off", "all", "one"])) {
    const queue = playing();
    queue.setRepeat(repeat);
    for (let turn = 0; turn < 9; turn++) {
      const next = queue.peek()?.track_id ?? null;
      assert.equal(queue.advance({ ended: true })?.track_id ?? null, next);
      if (next === null) break;
    }
  }
});

test("shuffle changes the order and gives it back", () => {
  const queue = new Queue(() => 0);
  queue.start(track("a"), { after: tracks("bcdef") });
  queue.setShuffled(true);
  assert.notEqual(ids(queue.upNext), "bcdef");
  assert.equal(ids(queue.upNext).split("").sort().join(""), "bcdef");
  queue.append(tracks("z"));
  queue.remove(queue.upNext.findIndex((one) => one.track_id === "c"));
  queue.setShuffled(false);
  assert.equal(ids(queue.upNext), "bdefz");
});

test("a list that starts while shuffle is on is shuffled", () => {
  const queue = new Queue(() => 0);
  queue.setShuffled(true);
  queue.start(track("a"), { after: tracks("bcd") });
  assert.equal(ids(queue.upNext), "cdb");
  queue.setShuffled(false);
  assert.equal(ids(queue.upNext), "bcd");
});

test("a track that is there twice stays twice", () => {
  const queue = new Queue(() => 0);
  queue.add(tracks("abab"));
  queue.setShuffled(true);
  queue.setShuffled(false);
  assert.equal(ids(queue.upNext), "abab");
});

test("disliked tracks leave the queue, the list and its repetition", () => {
  const queue = playing();
  queue.setRepeat("all");
  queue.dropWhere((one) => "acx".includes(one.track_id));
  assert.equal(played(queue, 3), "dbd");
});

test("a changed list replaces the upcoming tracks, without the current one", () => {
  const queue = playing();
  queue.replaceUpcoming(tracks("ebf"));
  assert.equal(ids(queue.upNext), "xef");
});

const EDITS = {
  "moved within the list": (queue) => queue.move(2, 1),
  "moved out of the list": (queue) => queue.move(2, 0),
  "moved into the list": (queue) => queue.move(0, 2),
  removed: (queue) => queue.remove(1),
  cleared: (queue) => queue.clear(),
};

for (const [name, edit] of Object.entries(EDITS)) {
  test(`a changed list replaces no upcoming tracks that were ${name}, also after a reload`, () => {
    const queue = playing();
    edit(queue);
    const order = ids(queue.upNext);
    const reloaded = new Queue();
    reloaded.fromJSON(JSON.parse(JSON.stringify(queue)));
    for (const each of [queue, reloaded]) {
      each.replaceUpcoming(tracks("efgh"));
      assert.equal(ids(each.upNext), order);
    }
  });
}

test("a changed list replaces the upcoming tracks after other changes, and of the next list", () => {
  const queue = playing();
  queue.add(tracks("yz"));
  queue.move(0, 1);
  queue.remove(0);
  queue.startAt(2);
  queue.dropWhere((one) => one.track_id === "x");
  queue.replaceUpcoming(tracks("ef"));
  assert.equal(ids(queue.state.upcoming), "ef");
  queue.move(2, 1);
  queue.start(track("g"), { after: tracks("hi") });
  queue.replaceUpcoming(tracks("jk"));
  assert.equal(ids(queue.state.upcoming), "jk");
});

test("an edit that is undone lets a changed list replace the upcoming tracks", () => {
  const queue = playing();
  const before = queue.snapshot();
  queue.remove(1);
  queue.restoreUpNext(before);
  queue.replaceUpcoming(tracks("ef"));
  assert.equal(ids(queue.state.upcoming), "ef");
});

test("a saved state is restored", () => {
  const queue = playing();
  queue.setRepeat("all");
  queue.setShuffled(true);
  const other = new Queue();
  other.fromJSON(JSON.parse(JSON.stringify(queue)));
  assert.deepEqual(other.state, queue.state);
});

test("saved values of another kind are left out", () => {
  const queue = new Queue();
  for (const wrong of [
    null,
    3,
    "x",
    [],
    { queue: 3, track: {}, repeat: "twice", unshuffled: {} },
  ]) {
    queue.fromJSON(wrong);
    assert.deepEqual(queue.state, new Queue().state);
  }
  queue.fromJSON({ queue: [null, { track_id: "a" }, 4], track: { track_id: "b" } });
  assert.equal(ids(queue.upNext), "a");
});

test("a saved queue has at most some hundred tracks", () => {
  const queue = new Queue();
  queue.start(track("a"), { after: Array.from({ length: 5000 }, (_, n) => track(`t${n}`)) });
  assert.ok(JSON.stringify(queue).length < 20_000);
  assert.equal(queue.upNext.length, 5000);
});
