import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";

/** A server whose answers a test gives as [status, kind] by the track ids of a batch. */
let answer;
let stored;
let saved;
let kinds;
let openOutbox, outbox, sendFeedback, undoFeedback, unsentCount, flush;

globalThis.localStorage = /** @type {any} */ ({
  getItem: (name) => saved.get(name) ?? null,
  setItem: (name, text) => saved.set(name, text),
  removeItem: (name) => saved.delete(name),
});
globalThis.fetch = /** @type {any} */ (
  async (_url, { body }) => {
    const events = JSON.parse(body).events;
    const [status, kind] = answer(events.map((event) => event.track_id));
    if (status === 200)
      kinds.push(...events.map(({ kind, undoes }) => (undoes ? `${kind} ${undoes}` : kind)));
    if (status === 200) stored.push(...events.map((event) => event.track_id));
    const document = status === 200 ? { events: [] } : { type: `/api/v1/problem-types/${kind}` };
    return new Response(JSON.stringify(document), { status, headers: { "Retry-After": "60" } });
  }
);

beforeEach(async (context) => {
  mock.timers.enable({ apis: ["setTimeout"] });
  stored = [];
  kinds = [];
  saved = new Map();
  const module = `../../../src/segue/serve/static/js/outbox.js?${encodeURIComponent(context.name)}`;
  ({ openOutbox, outbox, sendFeedback, undoFeedback, unsentCount, flush } = await import(module));
  openOutbox("anna");
});

afterEach(() => mock.timers.reset());

const sent = () => new Promise((done) => outbox.addEventListener("sent", done, { once: true }));

test("stored events leave the outbox", async () => {
  answer = () => [200];
  await sendFeedback("t1", "like");
  assert.deepEqual(stored, ["t1"]);
  assert.equal(unsentCount(), 0);
  assert.equal(saved.size, 0);
});

for (const [status, kind] of [
  [507, "storage-full"],
  [503, "busy"],
  [503, "unavailable"],
  [500, "internal"],
  [502, undefined],
  [429, "too-many"],
  [409, "conflict"],
  [408, "too-slow"],
  [403, "csrf"],
  [401, "no-session"],
  [400, "bad-request"],
]) {
  test(`an event is kept and sent again after ${status} ${kind}`, async () => {
    answer = () => [status, kind];
    await sendFeedback("t1", "like");
    assert.equal(unsentCount(), 1);
    assert.equal(JSON.parse(saved.get("segue.outbox.anna"))[0].track_id, "t1");
    answer = () => [200];
    const done = sent();
    mock.timers.tick(60_000);
    await done;
    assert.deepEqual(stored, ["t1"]);
    assert.equal(unsentCount(), 0);
  });
}

for (const kind of ["unknown-track", "invalid"]) {
  test(`only the event that can never be stored is given up: ${kind}`, async () => {
    answer = () => [503, "busy"];
    for (const track of ["t1", "gone", "t2"]) await sendFeedback(track, "play");
    answer = (tracks) => (tracks.includes("gone") ? [422, kind] : [200]);
    await flush();
    assert.deepEqual(stored, ["t1", "t2"]);
    assert.equal(unsentCount(), 0);
  });
}

test("events stay if the disk fills while they are sent one by one", async () => {
  answer = () => [503, "busy"];
  for (const track of ["t1", "gone", "t2"]) await sendFeedback(track, "play");
  answer = (tracks) => {
    if (tracks.length > 1 || tracks[0] === "gone") return [404, "unknown-track"];
    return tracks[0] === "t2" ? [507, "storage-full"] : [200];
  };
  await flush();
  assert.deepEqual(stored, ["t1"]);
  assert.equal(unsentCount(), 1);
  answer = () => [200];
  await flush();
  assert.deepEqual(stored, ["t1", "t2"]);
});

test("a refusal of the server is announced, a rejected login is not", async () => {
  const refusals = [];
  outbox.addEventListener("refused", (event) =>
    refusals.push(/** @type {CustomEvent} */ (event).detail.kind),
  );
  answer = () => [507, "storage-full"];
  await sendFeedback("t1", "like");
  answer = () => [401, "no-session"];
  await flush();
  assert.deepEqual(refusals, ["storage-full"]);
});

test("an undone event that was sent is removed by the server, another is not sent at all", async () => {
  answer = () => [200];
  await sendFeedback("t1", "skip", { key: "a" });
  await undoFeedback("a", "t1");
  assert.deepEqual(kinds, ["skip", "undo a"]);
  answer = () => [503, "busy"];
  await sendFeedback("t2", "skip", { key: "b" });
  assert.equal(unsentCount(), 1);
  answer = () => [200];
  await undoFeedback("b", "t2");
  assert.equal(unsentCount(), 0);
  assert.deepEqual(kinds, ["skip", "undo a"]);
});

test("an event that is undone while it is sent is removed by the server", async () => {
  answer = () => [200];
  sendFeedback("t1", "skip", { key: "a" });
  await undoFeedback("a", "t1");
  assert.deepEqual(kinds, ["skip", "undo a"]);
});
