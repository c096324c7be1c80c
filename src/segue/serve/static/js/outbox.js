// Feedback on its way: shown at once, sent as soon as it can be, never lost and never counted twice.
//
// Every event has a key. Events stand in the browser's storage until the server has acknowledged
// them; what is sent again under the same key adds nothing.

import { connection, post } from "./api.js";

const MOST = 500;
const TRY_AGAIN = 1500;

let name = null;
let waiting = [];
let sending = null;
let retry = 0;
let toldAt = -Infinity;

/** Take up whoever listens now, with what of theirs was not yet sent. */
export function openFor(listener) {
  name = listener === null ? null : `segue.outbox.${listener}`;
  waiting = read();
  if (waiting.length) flush();
}

/** Note what a listener did with a track; resolves once the server has it on disk. */
export function tell(trackId, kind, more = {}) {
  toldAt = performance.now();
  waiting.push({ key: newKey(), track_id: trackId, kind, at: Date.now() / 1000, ...more });
  keep();
  return flush();
}

/** How many milliseconds ago something was last told here. */
export function sinceTold() {
  return performance.now() - toldAt;
}

/** How many events the server has not acknowledged. */
export function unsent() {
  return waiting.length;
}

/** Send what is waiting. Resolves when nothing is, or when the server cannot be reached. */
export function flush() {
  sending ??= send().finally(() => (sending = null));
  return sending;
}

async function send() {
  while (waiting.length) {
    const batch = waiting.slice(0, MOST);
    const owner = name;
    try {
      await post("/feedback", { events: batch });
    } catch (error) {
      if (!(error.status >= 400 && error.status < 500 && ![401, 403, 429].includes(error.status))) {
        clearTimeout(retry);
        retry = setTimeout(flush, TRY_AGAIN);
        return;
      }
      // The server will never take it, as when a track is gone: what is good of it goes alone.
      if (batch.length > 1)
        await Promise.allSettled(batch.map((event) => post("/feedback", { events: [event] })));
    }
    if (owner !== name) return;
    const sent = new Set(batch.map((event) => event.key));
    waiting = waiting.filter((event) => !sent.has(event.key));
    keep();
  }
}

function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16)); // randomUUID needs https
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function read() {
  try {
    return JSON.parse(localStorage.getItem(name)) ?? [];
  } catch {
    return [];
  }
}

function keep() {
  if (name === null) return;
  if (waiting.length) localStorage.setItem(name, JSON.stringify(waiting));
  else localStorage.removeItem(name);
}

connection.addEventListener("up", flush);
