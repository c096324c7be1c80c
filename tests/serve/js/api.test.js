import assert from "node:assert/strict";
import { test } from "node:test";

import { apiUrl, isAbort, Problem } from "../../../src/segue/serve/static/js/api.js";

test("path parameters are percent-encoded", () => {
  const url = apiUrl("/tracks/{track_id}/audio", { params: { track_id: "a/b %2F?#ü" } });
  assert.equal(url, "/api/v1/tracks/a%2Fb%20%252F%3F%23%C3%BC/audio");
});

test("query parameters repeat lists and leave out what is empty", () => {
  const query = { q: "sad & slow", k: 0, genre: ["rock", "folk"], cursor: undefined, by: "" };
  const url = apiUrl("/search", { query: /** @type {any} */ (query) });
  assert.equal(url, "/api/v1/search?q=sad+%26+slow&k=0&genre=rock&genre=folk");
});

test("a problem has the detail as message and the kind of its type", () => {
  const problem = new Problem(404, { type: "/api/v1/problem-types/unknown-track", detail: "No." });
  assert.equal(problem.message, "No.");
  assert.equal(problem.kind, "unknown-track");
  assert.equal(new Problem(502, {}).message, "The server answered 502.");
});

test("only canceled requests are aborts", () => {
  assert.ok(isAbort(AbortSignal.abort().reason));
  assert.ok(!isAbort(new TypeError("fetch failed")));
  assert.ok(!isAbort(null));
});
