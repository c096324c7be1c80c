// Outbox of feedback events: they are kept in the browser's storage until the server has acknowledged
// them, so that none is lost. Every event has a key; the server counts events with the same key once.
//
// Only an event that the server can never store is given up: see `PERMANENT`. After any other refusal,
// such as a full disk or a busy database, all events are kept and sent again.

import { connection, post } from "./api.js";

const MAX_BATCH = 500;
const RETRY_MS = 1500;

/** Problems of a single event that no later try can solve. */
const PERMANENT = ["unknown-track", "invalid"];

/** Dispatches "refused" with the error while the server cannot store events, "sent" when all is stored. */
export const outbox = new EventTarget();

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

/** Queue a feedback event; `more` are further members. Resolves once the server has stored it. */
export function sendFeedback(trackId, kind, more = {}) {
  lastFeedback = performance.now();
  pending.push({ key: newKey(), track_id: trackId, kind, at: Date.now() / 1000, ...more });
  save();
  return flush();
}

/**
 * Take back a play or skip by its key; resolves once that is stored. An event that was not sent is
 * dropped.
 */
export function undoFeedback(key, trackId) {
  const rest = pending.filter((event) => event.key !== key);
  if (sending || rest.length === pending.length)
    return sendFeedback(trackId, "undo", { undoes: key });
  pending = rest;
  save();
  return flush();
}

/** Note that this page sends feedback by another way. */
export function noteFeedback() {
  lastFeedback = performance.now();
}

/** Milliseconds since the last feedback on this page. */
export function msSinceFeedback() {
  return performance.now() - lastFeedback;
}

/** Number of events that the server has not acknowledged. */
export function unsentCount() {
  return pending.length;
}

/** Send pending events. Resolves when none is left, or when the server cannot store them now. */
export function flush() {
  sending ??= send().finally(() => (sending = null));
  return sending;
}

async function send() {
  clearTimeout(retry);
  while (pending.length) {
    const owner = storageKey;
    const batch = pending.slice(0, MAX_BATCH);
    const { done, error } = await deliver(batch);
    if (owner !== storageKey) return;
    pending = pending.filter((event) => !done.has(event.key));
    save();
    if (error) {
      retry = setTimeout(flush, error.retryMs ?? RETRY_MS);
      if (error.status >= 500) outbox.dispatchEvent(new CustomEvent("refused", { detail: error }));
      return;
    }
  }
  outbox.dispatchEvent(new Event("sent"));
}

/**
 * Send a batch. Returns the keys of the events that are stored or given up, and the error that keeps
 * the others.
 */
async function deliver(batch) {
  const done = new Set();
  try {
    await post("/feedback", { events: batch });
  } catch (error) {
    if (!PERMANENT.includes(error.kind)) return { done, error };
    // The server rejects the batch for one of its events: send them one by one.
    for (const event of batch.length > 1 ? batch : []) {
      const part = await deliver([event]);
      if (part.error) return { done, error: part.error };
      done.add(event.key);
    }
  }
  for (const event of batch) done.add(event.key);
  return { done, error: null };
}

/** Return a key for an event, by which it can be undone. */
export function newKey() {
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
