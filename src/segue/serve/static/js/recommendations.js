// The listener's list of recommendations, which is requested again after each feedback.
//
// While a page shows the list and holds it, a new list waits as `pending` until the user asks for it or
// leaves the page: a like must never move the row that the user is about to touch next.
//
// `forYou` dispatches "loading", "answer" (a new list is there, shown or waiting), "change" (the shown
// list changed; detail: {added: ids, removed: tracks}), "pending" and "problem" (detail: the error).

import { isAbort, postQuery } from "./api.js";
import { listChanges, mergeKept } from "./list-diff.js";
import { msSinceFeedback, sendFeedback } from "./outbox.js";
import { isProposed, markProposed } from "./proposed-tracks.js";
import { opinion, setOpinion, state } from "./store.js";

const LENGTH = 20;
const OWN_ECHO_MS = 3000; // events of the server within this time come from this page's own feedback

class RecommendationList extends EventTarget {
  /** @type {Api.Recommendation[]} */
  items = [];
  hints = [];
  weights = {};
  version = null;
  /** @type {AbortController | null} */
  #request = null;
  /** @type {any} */
  #waiting = null; // the answer that is not shown yet
  #holds = 0;
  /** @type {Set<string>} */
  #liked = new Set(); // liked on this page: their rows stay

  /** Tracks of the latest list, best first, whether it is shown or waits. */
  get tracks() {
    return (this.#waiting?.tracks ?? this.items).map((item) => item.track);
  }

  /** What the waiting list would change, `{added: ids, removed: tracks}`; null if none waits. */
  get pending() {
    return this.#waiting && listChanges(this.items, this.#waiting.tracks);
  }

  /** Keep the shown list from changing until the returned function is called. */
  hold() {
    this.#holds += 1;
    return () => {
      this.#holds -= 1;
      if (!this.#holds) this.update();
    };
  }

  /** Forget the list, as when the listener changes. */
  clear() {
    this.#request?.abort();
    this.#liked.clear();
    this.#waiting = null;
    Object.assign(this, { items: [], hints: [], weights: {}, version: null });
  }

  /**
   * Request the list again; `now` shows it at once even where a page holds the list, and `fresh` lets
   * rows go that stayed because they were liked.
   */
  async load({ now = false, fresh = false } = {}) {
    if (fresh) this.#liked.clear();
    this.#request?.abort();
    const request = new AbortController();
    this.#request = request;
    this.dispatchEvent(new Event("loading"));
    try {
      const answer = await fetchRecommendations(state.steer, request.signal);
      markProposed(answer.tracks.map((item) => item.track));
      this.#receive(answer, now);
    } catch (error) {
      if (!isAbort(error)) this.dispatchEvent(new CustomEvent("problem", { detail: error }));
    }
  }

  /** Show the list that waits, if any. */
  update() {
    const answer = this.#waiting;
    if (answer) this.#show(answer);
  }

  /** Show an earlier list again; the present one waits. */
  restore(items) {
    const answer = { ...this.#meta(), tracks: this.items };
    this.#show({ ...answer, tracks: items });
    this.#setWaiting(answer);
  }

  /**
   * Like, dislike, skip or clear: show it at once, send it, then request the list again.
   *
   * @param {Api.Track} track
   * @param {"like" | "dislike" | "skip" | "clear"} kind
   * @param {{key?: string}} [options] key of the event of a skip, by which it can be undone
   */
  async respond(track, kind, { key } = {}) {
    const id = track.track_id;
    if (kind === "like") this.#liked.add(id);
    else this.#liked.delete(id);
    if (kind !== "skip") setOpinion(id, kind === "clear" ? null : kind);
    const more = kind === "skip" ? { recommended: isProposed(track), ...(key && { key }) } : {};
    await sendFeedback(id, kind, more);
    await this.load();
  }

  /** Reload after the listener did something on another device, not on this page. */
  reloadIfRemote() {
    if (msSinceFeedback() > OWN_ECHO_MS) this.load();
  }

  #receive(answer, now) {
    const isLiked = ({ track }) =>
      this.#liked.has(track.track_id) && opinion(track) === "like" && this.items.length;
    const tracks = mergeKept(this.items, answer.tracks, isLiked);
    const merged = { ...answer, tracks };
    if (now || !this.#holds || !this.items.length) this.#show(merged);
    else {
      const { added, removed } = listChanges(this.items, tracks);
      this.#setWaiting(added.length || removed.length ? merged : null);
    }
    this.dispatchEvent(new Event("answer"));
  }

  #show(answer) {
    const before = this.items;
    Object.assign(this, {
      items: answer.tracks,
      hints: answer.hints ?? [],
      weights: answer.weights,
      version: answer.version,
    });
    this.#setWaiting(null);
    const detail = before.length
      ? listChanges(before, this.items)
      : { added: [], removed: [], first: true };
    this.dispatchEvent(new CustomEvent("change", { detail }));
  }

  #setWaiting(answer) {
    this.#waiting = answer;
    this.dispatchEvent(new Event("pending"));
  }

  #meta() {
    return { hints: this.hints, weights: this.weights, version: this.version };
  }
}

/** Request recommendations with given steering. */
export function fetchRecommendations({ weights, dials, exclusions, daypart }, signal) {
  const query = { k: LENGTH, weights, dials, exclusions, daypart };
  return postQuery("/recommend", query, { signal });
}

export const forYou = new RecommendationList();
