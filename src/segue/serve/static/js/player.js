// Player: plays the tracks of the queue, reports plays and skips, and keeps its state over a reload.
//
// `player` dispatches "track" (the current track changed), "state" (playing, paused, buffering, volume),
// "time", "queue" (also repeat and shuffle) and "settings".

import { get } from "./api.js";
import { canSetVolume } from "./audio-channel.js";
import { AudioOutput } from "./audio-output.js";
import { trackTitle } from "./format.js";
import { t } from "./i18n.js";
import { notify, notifyError } from "./notifications.js";
import { newKey, sendFeedback, undoFeedback } from "./outbox.js";
import { PlayCounter } from "./play-counter.js";
import {
  forgetQueue,
  savedPosition,
  savedQueue,
  savedSettings,
  savePosition,
  saveQueue,
  saveSettings,
} from "./player-storage.js";
import { isProposed, markProposed } from "./proposed-tracks.js";
import { Queue } from "./queue.js";
import { radioTracks } from "./radio-tracks.js";
import { forYou } from "./recommendations.js";
import { store } from "./store.js";

const MIN_UPCOMING = 3; // with fewer upcoming tracks, more of an endless list are requested
const RESTART_SECONDS = 3; // from which on "previous" goes to the start of the track
const MAX_ERRORS = 5; // tracks in a row that cannot be played
const SAVE_SECONDS = 5;

/** @import { FetchNext } from "./radio-tracks.js" */
/** @import { Repeat } from "./queue.js" */
/** @import { PlayerSettings } from "./player-storage.js" */

class Player extends EventTarget {
  /** Whether volume, crossfade and equal loudness have an effect in this browser. */
  canSetVolume = canSetVolume();
  /** @type {PlayerSettings} */
  settings = savedSettings(null);
  #queue = new Queue();
  #output = new AudioOutput();
  /** @type {string | null} */
  #listener = null;
  /** @type {FetchNext | null} */
  #fetchNext = null;
  /** @type {Map<string, number | null>} */
  #albumGains = new Map();
  #counter = new PlayCounter();
  #errors = 0;
  #savedTime = 0;
  #closeSkipped = () => {};

  constructor() {
    super();
    const output = this.#output;
    output.gainOf = (track) => this.#gainOf(track);
    output.addEventListener("change", () => this.#dispatchState());
    output.addEventListener("time", () => this.#onTime());
    output.addEventListener("near-end", () => this.#preloadNext());
    output.addEventListener("finish", () => this.#onFinish());
    output.addEventListener("error", (event) =>
      this.#onError(/** @type {CustomEvent} */ (event).detail),
    );
    store.addEventListener("signing-out", () => this.#forget());
    globalThis.addEventListener?.("pagehide", () => this.#save());
  }

  /** Current track. */
  get track() {
    return this.#queue.state.track;
  }

  /** Tracks that the user added. */
  get queue() {
    return this.#queue.state.queue;
  }

  /** The rest of the list that the current track was started from. */
  get upcoming() {
    return this.#queue.state.upcoming;
  }

  /** Name of that list. */
  get source() {
    return this.#queue.state.source;
  }

  /** All tracks that play next, in order. */
  get upNext() {
    return this.#queue.upNext;
  }

  get shuffled() {
    return this.#queue.shuffled;
  }

  get repeat() {
    return this.#queue.state.repeat;
  }

  get isPlaying() {
    return this.#output.isPlaying;
  }

  /** Whether playback waits for the server to answer again. */
  get isWaiting() {
    return this.#output.isWaiting;
  }

  /** Duration of the track in seconds. */
  get duration() {
    return this.#output.duration;
  }

  /** Position in the track in seconds. */
  get time() {
    return this.#output.time;
  }

  /** From 0, also if muted, to 1. */
  get volume() {
    return this.settings.muted ? 0 : this.settings.volume;
  }

  /** Restore the state of a listener after that of another one was saved; nothing begins to play. */
  open(listener) {
    this.#save();
    this.#output.stop();
    this.#listener = listener;
    this.#queue.restore(new Queue().state);
    this.#fetchNext = null;
    this.#counter.begin(0, { counts: false });
    this.settings = savedSettings(listener);
    this.#output.setVolume(this.settings.volume, this.settings.muted);
    const saved = listener === null ? null : savedQueue(listener);
    this.#queue.fromJSON(saved);
    if (saved?.radio) this.#fetchNext = radioTracks(saved.radio);
    const { track } = this;
    if (track && listener !== null) {
      const start = savedPosition(listener, track.track_id);
      this.#counter.begin(start, { counts: false });
      this.#output.start(track, { start, paused: true });
      this.#readAlbumGain(track);
    }
    this.dispatchEvent(new Event("settings"));
    this.#dispatchTrack();
  }

  /**
   * Play a track, then the tracks in `after`, which follow it in the list called `source`.
   *
   * For an endless list, `fetchNext` returns further tracks. `before` are the tracks before it in its
   * list, which repetition of the list includes.
   *
   * @param {Api.Track} track
   * @param {Api.Track[]} [after]
   * @param {string} [source]
   * @param {FetchNext | null} [fetchNext]
   * @param {Api.Track[]} [before]
   */
  play(track, after, source = "", fetchNext = null, before = []) {
    this.#reportPlay();
    if (after) this.#fetchNext = fetchNext;
    this.#queue.start(track, after ? { after, before, source } : null);
    this.#begin();
  }

  toggle() {
    if (!this.track) return this.next();
    if (this.isPlaying) return this.#output.pause();
    this.#counter.counts = true;
    this.#output.play();
  }

  /** Go to the next track, which can be undone. A track that played too short counts as skipped. */
  next() {
    const { track } = this;
    if (!track) return this.#advance();
    const key = newKey();
    const skipped = this.#counter.isSkip(this.duration);
    if (!skipped) this.#reportPlay({ key });
    const back = this.leave();
    const undo = () => {
      this.#closeSkipped();
      back();
      undoFeedback(key, track.track_id)
        .then(() => forYou.load())
        .catch(notifyError);
    };
    if (skipped) forYou.respond(track, "skip", { key }).catch(notifyError);
    this.#closeSkipped();
    this.#closeSkipped = notify(t("feedback.skip", { title: trackTitle(track) }), {
      action: undo,
      label: t("common.undo"),
    });
  }

  /** Go to the next track without feedback; returns what continues the current one at its place. */
  leave() {
    const before = this.#queue.snapshot();
    const [start, played, fetchNext] = [this.time, this.#counter.playedMs, this.#fetchNext];
    this.#advance();
    return () => {
      this.#queue.restore({ ...before, repeat: this.repeat });
      this.#fetchNext = fetchNext;
      this.#begin({ start });
      this.#counter.playedMs = played;
    };
  }

  back() {
    if (this.time > RESTART_SECONDS || !this.#queue.state.history.length) return this.seek(0);
    this.#reportPlay();
    this.#queue.back();
    this.#begin();
  }

  /** Play one of the tracks that play next now; the tracks before it stay in the queue. */
  playNow(place) {
    if (!this.upNext[place]) return;
    this.#reportPlay();
    this.#queue.startAt(place);
    this.#begin();
  }

  seek(seconds) {
    if (!this.track) return;
    this.#output.seek(Math.min(Math.max(0, seconds), this.duration));
    this.#counter.seek(this.time);
    this.#savePosition();
    this.dispatchEvent(new Event("time"));
  }

  /** Seek while the slider is dragged, but only within loaded audio; `seek` is for its release. */
  scrub(seconds) {
    if (this.track && this.#output.canSeek(seconds)) this.seek(seconds);
  }

  setVolume(volume) {
    this.set(volume ? { volume, muted: false } : { muted: true });
  }

  mute() {
    this.set({ muted: !this.settings.muted });
  }

  /**
   * Change settings; they are saved in this browser for the listener.
   *
   * @param {Partial<PlayerSettings>} settings
   */
  set(settings) {
    this.settings = { ...this.settings, ...settings };
    saveSettings(this.#listener, this.settings);
    this.#output.setVolume(this.settings.volume, this.settings.muted);
    if (this.track) this.#readAlbumGain(this.track);
    this.dispatchEvent(new Event("settings"));
    this.#dispatchState();
  }

  /** @param {Repeat} repeat */
  setRepeat(repeat) {
    this.#change(() => this.#queue.setRepeat(repeat));
  }

  // The following change what plays next; each returns a function that undoes it.

  enqueue(tracks, { first = false } = {}) {
    return this.#change(() => this.#queue.add(tracks, { first }));
  }

  /** Remove a track from those that play next, by its place in `upNext`. */
  dequeue(place) {
    return this.#change(() => this.#queue.remove(place));
  }

  /** Move a track to another place in `upNext`. */
  move(from, to) {
    return this.#change(() => this.#queue.move(from, to));
  }

  clearQueue() {
    return this.#change(() => {
      this.#fetchNext = null;
      this.#queue.clear();
    });
  }

  setShuffled(on) {
    return this.#change(() => this.#queue.setShuffled(on));
  }

  /** Replace the upcoming tracks after the list that they come from has changed. */
  replaceUpcoming(tracks, source) {
    if (this.source === source) this.#change(() => this.#queue.replaceUpcoming(tracks));
  }

  /** Remove a track from those that play next, as when it is disliked. */
  drop(trackId) {
    this.dropWhere((track) => track.track_id === trackId);
  }

  /** Remove the tracks that satisfy a condition from those that play next. */
  dropWhere(condition) {
    this.#change(() => this.#queue.dropWhere(condition));
  }

  stop() {
    this.#reportPlay();
    this.#output.stop();
    this.#queue.empty();
    this.#fetchNext = null;
    this.#counter.begin(0, { counts: false });
    this.#dispatchTrack();
  }

  #change(action) {
    const before = this.#queue.snapshot();
    const fetchNext = this.#fetchNext;
    action();
    this.#dispatchQueue();
    return () => {
      this.#queue.restoreUpNext(before);
      this.#fetchNext = fetchNext;
      this.#dispatchQueue();
    };
  }

  /** Play the current track of the queue from its start. */
  #begin({ follow = false, start = 0 } = {}) {
    const { track } = this;
    if (!track) return this.stop();
    this.#counter.begin(start);
    this.#savedTime = start;
    this.#output.start(track, { follow, start });
    this.#readAlbumGain(track);
    this.#dispatchTrack();
    if (this.#fetchNext && this.upcoming.length < MIN_UPCOMING) this.#fetchMore(this.#fetchNext);
  }

  #advance(options = {}) {
    const next = this.#queue.advance(options) ?? this.#recommended();
    if (next && !this.track) this.#queue.start(next);
    this.#begin({ follow: options.ended });
  }

  /** The recommended track that plays after the last one of a list. */
  #recommended() {
    const last = this.#queue.state.history.at(-1) ?? this.track;
    return forYou.tracks.find((one) => one.playable !== false && one.track_id !== last?.track_id);
  }

  #preloadNext() {
    const next = this.#queue.peek() ?? (this.repeat === "off" ? this.#recommended() : null);
    if (!next || !this.track) return;
    const sameAlbum = next.album && next.album === this.track.album && next !== this.track;
    const fades = this.canSetVolume && !sameAlbum;
    this.#output.preload(next, fades ? this.settings.crossfade : 0);
    this.#readAlbumGain(next);
  }

  /** @param {FetchNext} fetchNext */
  async #fetchMore(fetchNext) {
    try {
      const recent = [...this.#queue.state.history, this.track, ...this.upNext].flatMap(
        (track) => track?.track_id ?? [],
      );
      const tracks = await fetchNext(recent.slice(-1000));
      markProposed(tracks);
      if (this.#fetchNext !== fetchNext) return;
      this.#queue.append(tracks);
      this.#dispatchQueue();
    } catch (error) {
      notifyError(error);
    }
  }

  /** Send a play of the current track if enough of it was played. */
  #reportPlay(more = {}) {
    const { track } = this;
    if (track && this.#counter.isPlay(this.duration)) {
      sendFeedback(track.track_id, "play", {
        ms_played: Math.round(this.#counter.playedMs),
        recommended: isProposed(track),
        ...more,
      });
    }
  }

  #onTime() {
    const now = this.time;
    if (this.#counter.moveTo(now)) this.#errors = 0;
    if (Math.abs(now - this.#savedTime) >= SAVE_SECONDS) this.#savePosition();
    this.dispatchEvent(new Event("time"));
  }

  #onFinish() {
    this.#reportPlay();
    this.#advance({ ended: true });
  }

  #onError({ reason, playing }) {
    const title = trackTitle(this.track);
    notify(t("player.cannotPlay", { title, reason: reason || t("player.unknownFormat") }), {
      kind: "error",
    });
    this.#counter.counts = false;
    this.#errors += 1;
    if (playing && this.#errors < MAX_ERRORS && this.#queue.peek()) this.#advance();
    else this.#dispatchState();
  }

  /** Factor for equal loudness. */
  #gainOf(track) {
    const { gain } = this.settings;
    if (gain === "off") return 1;
    const album = gain === "album" ? this.#albumGains.get(track.track_id) : null;
    return 10 ** ((album ?? track.gain_db ?? 0) / 20);
  }

  async #readAlbumGain({ track_id }) {
    if (this.settings.gain !== "album" || this.#albumGains.has(track_id)) return;
    this.#albumGains.set(track_id, null);
    try {
      const found = await get("/tracks/{track_id}/gain", { params: { track_id } });
      this.#albumGains.set(track_id, found.album_gain_db);
      this.#output.applyVolume();
    } catch {
      this.#albumGains.delete(track_id); // the gain of the track is used
    }
  }

  #dispatchTrack() {
    this.dispatchEvent(new Event("track"));
    this.#dispatchQueue();
    this.#dispatchState();
  }

  #dispatchQueue() {
    this.dispatchEvent(new Event("queue"));
    this.#save();
  }

  #dispatchState() {
    this.dispatchEvent(new Event("state"));
  }

  #save() {
    if (this.#listener === null) return;
    saveQueue(this.#listener, this.#queue, { radio: this.#fetchNext?.recipe });
    this.#savePosition();
  }

  #savePosition() {
    if (this.#listener === null || !this.track) return;
    this.#savedTime = this.time;
    savePosition(this.#listener, this.track.track_id, this.time);
  }

  /** Forget the queue of a listener who signs out. */
  #forget() {
    if (this.#listener !== null) forgetQueue(this.#listener);
    this.#listener = null;
  }
}

export const player = new Player();
