// The list for the listener, which re-forms after whatever they do.
//
// Events of `forYou`: "loading", "change" (detail: {entered: ids,
// left: tracks, because, undo}), "problem".

import { ask } from "./api.js";
import { sinceTold, tell } from "./outbox.js";
import { setOpinion, state } from "./store.js";

const LENGTH = 20;
const OWN_ECHO = 3000; // milliseconds in which the server tells of what was done here

class ForYou extends EventTarget {
  items = [];
  hints = [];
  weights = {};
  version = null;
  #request = null;
  #base = null; // what the list was before tracks were taken out of it at once

  /** The tracks, best first. */
  get tracks() {
    return this.items.map((item) => item.track);
  }

  /** Forget everything, as when another listens. */
  clear() {
    this.#request?.abort();
    this.#base = null;
    Object.assign(this, { items: [], hints: [], weights: {}, version: null });
  }

  /** Ask for the list anew; `because` says in words what happened. */
  async load(because = "", undo = null) {
    this.#request?.abort();
    const request = (this.#request = new AbortController());
    this.dispatchEvent(new Event("loading"));
    try {
      const answer = await recommended(state.steer, request.signal);
      const before = this.#base ?? this.items;
      this.#base = null;
      Object.assign(this, {
        items: answer.tracks,
        hints: answer.hints ?? [],
        weights: answer.weights,
        version: answer.version,
      });
      this.#changed(before, because, undo);
    } catch (error) {
      if (error.name !== "AbortError")
        this.dispatchEvent(new CustomEvent("problem", { detail: error }));
    }
  }

  /** Like, dislike, skip or clear: shown at once, kept by the server, then the list re-forms. */
  async respond(track, kind) {
    const id = track.track_id;
    if (kind !== "skip" && kind !== "play") setOpinion(id, kind === "clear" ? null : kind);
    const because = `${VERBS[kind]} ${track.title ?? id}.`;
    const undo = kind === "like" || kind === "dislike" ? () => this.respond(track, "clear") : null;
    const told = tell(id, kind); // on its way while the list closes the gap
    if (kind === "dislike" || kind === "skip") this.#take(id, because, undo);
    await told;
    await this.load(because, undo);
  }

  /** Take up that the same listener did something, unless it was here. */
  heard() {
    if (sinceTold() > OWN_ECHO) this.load("You did something on another device.");
  }

  #take(id, because, undo) {
    this.#base ??= this.items;
    this.items = this.items.filter((item) => item.track.track_id !== id);
    if (this.items.length < this.#base.length) this.#changed(this.#base, because, undo);
  }

  #changed(before, because, undo = null) {
    const [was, is] = [ids(before), ids(this.items)];
    const entered = before.length ? [...is].filter((id) => !was.has(id)) : [];
    const left = before.filter((item) => !is.has(item.track.track_id)).map((item) => item.track);
    this.dispatchEvent(new CustomEvent("change", { detail: { entered, left, because, undo } }));
  }
}

const VERBS = {
  like: "Liked",
  dislike: "Disliked",
  skip: "Skipped",
  clear: "Took back what you thought of",
  play: "Played",
};

function ids(items) {
  return new Set(items.map((item) => item.track.track_id));
}

/** A list by given settings. `compareTo` are ids to compare it with. */
export function recommended(
  { weights, dials, exclusions },
  signal,
  compareTo = undefined,
  k = LENGTH,
) {
  return ask("/recommend", { k, weights, dials, exclusions, compare_to: compareTo }, signal);
}

export const forYou = new ForYou();
