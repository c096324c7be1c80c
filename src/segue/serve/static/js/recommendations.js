// The listener's list of recommendations, which is updated after each feedback.
//
// `forYou` dispatches "loading", "change" (detail: {added: ids, removed: tracks, reason, undo}) and
// "problem" (detail: the error).

import { isAbort, postQuery } from "./api.js";
import { msSinceFeedback, sendFeedback } from "./outbox.js";
import { isProposed, markProposed } from "./proposed-tracks.js";
import { setOpinion, state } from "./store.js";

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
  /** @type {Api.Recommendation[] | null} */
  #base = null; // the list before tracks were removed from it ahead of the server's answer

  /** Tracks, best first. */
  get tracks() {
    return this.items.map((item) => item.track);
  }

  /** Forget the list, as when the listener changes. */
  clear() {
    this.#request?.abort();
    this.#base = null;
    Object.assign(this, { items: [], hints: [], weights: {}, version: null });
  }

  /**
   * Request the list again.
   *
   * @param {string} [reason] what happened, in words
   * @param {(() => void) | null} [undo]
   */
  async load(reason = "", undo = null) {
    this.#request?.abort();
    const request = new AbortController();
    this.#request = request;
    this.dispatchEvent(new Event("loading"));
    try {
      const answer = await fetchRecommendations(state.steer, request.signal);
      const before = this.#base ?? this.items;
      this.#base = null;
      markProposed(answer.tracks.map((item) => item.track));
      Object.assign(this, {
        items: answer.tracks,
        hints: answer.hints ?? [],
        weights: answer.weights,
        version: answer.version,
      });
      this.#dispatchChange(before, reason, undo);
    } catch (error) {
      if (!isAbort(error)) this.dispatchEvent(new CustomEvent("problem", { detail: error }));
    }
  }

  /** Like, dislike, skip or clear: show it at once, send it, then request the list again. */
  async respond(track, kind) {
    const id = track.track_id;
    if (kind !== "skip" && kind !== "play") setOpinion(id, kind === "clear" ? null : kind);
    const reason = `${VERBS[kind]} ${track.title ?? id}.`;
    const undo = kind === "like" || kind === "dislike" ? () => this.respond(track, "clear") : null;
    const more = kind === "skip" ? { recommended: isProposed(track) } : {};
    const sent = sendFeedback(id, kind, more); // sent while the list closes the gap
    if (kind === "dislike" || kind === "skip") this.#removeNow(id, reason, undo);
    await sent;
    await this.load(reason, undo);
  }

  /** Reload after the listener did something on another device, not on this page. */
  reloadIfRemote() {
    if (msSinceFeedback() > OWN_ECHO_MS) this.load("Updated after activity on another device.");
  }

  #removeNow(id, reason, undo) {
    this.#base ??= this.items;
    this.items = this.items.filter((item) => item.track.track_id !== id);
    if (this.items.length < this.#base.length) this.#dispatchChange(this.#base, reason, undo);
  }

  /** @param {(() => void) | null} undo */
  #dispatchChange(before, reason, undo) {
    const [old, now] = [ids(before), ids(this.items)];
    const added = before.length ? [...now].filter((id) => !old.has(id)) : [];
    const removed = before
      .filter((item) => !now.has(item.track.track_id))
      .map((item) => item.track);
    this.dispatchEvent(new CustomEvent("change", { detail: { added, removed, reason, undo } }));
  }
}

const VERBS = {
  like: "Liked",
  dislike: "Disliked",
  skip: "Skipped",
  clear: "Removed your rating of",
  play: "Played",
};

function ids(items) {
  return new Set(items.map((item) => item.track.track_id));
}

/** Request recommendations with given steering. */
export function fetchRecommendations({ weights, dials, exclusions }, signal) {
  return postQuery("/recommend", { k: LENGTH, weights, dials, exclusions }, { signal });
}

export const forYou = new RecommendationList();
