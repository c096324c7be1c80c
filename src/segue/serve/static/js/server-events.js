// What the server tells of its own accord: progress of jobs, another state of the library, what the
// same listener did on another device. Events of `news`: "job", "library", "list"; details are theirs.

import { address, connection } from "./api.js";

export const news = new EventTarget();

const AGAIN = 3000;
let source = null;

/** Listen to the server; again whenever somebody else is listening. */
export function follow() {
  source?.close();
  source = new EventSource(address("/events"));
  for (const kind of ["job", "library", "list"]) {
    source.addEventListener(kind, (event) => {
      news.dispatchEvent(new CustomEvent(kind, { detail: JSON.parse(event.data) }));
    });
  }
  source.addEventListener("error", () => {
    if (source.readyState === EventSource.CLOSED) setTimeout(follow, AGAIN);
  });
}

connection.addEventListener("up", follow);
