// Outbox of feedback events: they are kept in the browser's storage until the server has acknowledged
// them, so that none is lost. Every event has a key; the server counts events with the same key once.

import { connection, post } from "./api.js";

const MAX_BATCH = 500;
const RETRY_MS = 1500;

/** @type {string | null} */
let storageKey = null;
let pending = [];
/** @type {Promise<void> | null} */
let sending = null;
let retry = 0;
let lastFeedback = -Infinity;

/** Open the outbox of a listener and send the events that are still in it. */
export function openOutbox(listener) {
  storageKey = listener === null ? null : `segue.outbox.${listener}`;
  pending = read();
  if (pending.length) flush();
}

/** Queue a feedback event; resolves once the server has stored it. */
export function sendFeedback(trackId, kind, more = {}) {
  lastFeedback = performance.now();
  pending.push({ key: newKey(), track_id: trackId, kind, at: Date.now() / 1000, ...more });
  save();
  return flush();
}

/** Milliseconds since the last feedback on this page. */
export function msSinceFeedback() {
  return performance.now() - lastFeedback;
}

/** Number of events that the server has not acknowledged. */
export function unsentCount() {
  return pending.length;
}

/** Send pending events. Resolves when none is left, or when the server cannot be reached. */
export function flush() {
  sending ??= send().finally(() => (sending = null));
  return sending;
}

async function send() {
  while (pending.length) {
    const batch = pending.slice(0, MAX_BATCH);
    const owner = storageKey;
    try {
      await post("/feedback", { events: batch });
    } catch (error) {
      if (!(error.status >= 400 && error.status < 500 && ![401, 403, 429].includes(error.status))) {
        clearTimeout(retry);
        retry = setTimeout(flush, RETRY_MS);
        return;
      }
      // The server rejects the batch, as when a track was deleted: send the events one by one.
      if (batch.length > 1)
        await Promise.allSettled(batch.map((event) => post("/feedback", { events: [event] })));
    }
    if (owner !== storageKey) return;
    const sent = new Set(batch.map((event) => event.key));
    pending = pending.filter((event) => !sent.has(event.key));
    save();
  }
}

function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16)); // randomUUID needs https
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function read() {
  try {
    return JSON.parse(localStorage.getItem(storageKey ?? "") ?? "[]");
  } catch {
    return [];
  }
}

function save() {
  if (storageKey === null) return;
  if (pending.length) localStorage.setItem(storageKey, JSON.stringify(pending));
  else localStorage.removeItem(storageKey);
}

connection.addEventListener("online", flush);
