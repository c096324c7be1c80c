import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { coalesce, debounce, uniqueId } from "../../../src/segue/serve/static/js/dom.js";

test("debounce runs once, with the values of the last call", async () => {
  const calls = [];
  const run = debounce((value) => calls.push(value), 5);
  run(1);
  run(2);
  run(3);
  await sleep(30);
  assert.deepEqual(calls, [3]);
});

test("coalesce runs the first and the last of overlapping calls", async () => {
  const calls = [];
  const run = coalesce(async (value) => {
    calls.push(value);
    await sleep(5);
  });
  const first = run(1);
  run(2);
  run(3);
  assert.deepEqual(calls, [1]);
  await first;
  assert.deepEqual(calls, [1, 3]);
  await run(4);
  assert.deepEqual(calls, [1, 3, 4]);
});

test("coalesce goes on after an action that failed", async () => {
  const run = coalesce(async (value) => {
    if (value === "bad") throw new Error("failed");
  });
  await assert.rejects(run("bad"));
  await run("good");
});

test("ids are unique", () => {
  assert.notEqual(uniqueId("row"), uniqueId("row"));
});
