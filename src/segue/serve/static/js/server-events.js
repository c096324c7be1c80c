// Server-sent events: "job" (progress of a job), "library" (the library changed) and "list" (the same
// listener did something on another device). `serverEvents` dispatches them with their data as detail.

import { apiUrl, connection } from "./api.js";

export const serverEvents = new EventTarget();

const RECONNECT_MS = 3000;
let source = null;

/** Connect to the event stream; call it again after the listener has changed. */
export function connectEvents() {
  source?.close();
  source = new EventSource(apiUrl("/events"));
  for (const kind of ["job", "library", "list"]) {
    source.addEventListener(kind, (event) => {
      serverEvents.dispatchEvent(new CustomEvent(kind, { detail: JSON.parse(event.data) }));
    });
  }
  source.addEventListener("error", () => {
    if (source.readyState === EventSource.CLOSED) setTimeout(connectEvents, RECONNECT_MS);
  });
}

connection.addEventListener("online", connectEvents);
