// Audio player: one audio element, the user's queue, and the tracks of the list being played.
//
// `player` dispatches "track" (the current track changed), "state" (playing, paused, buffering), "time"
// and "queue".

import { apiUrl } from "./api.js";
import { trackArtist, trackTitle } from "./format.js";
import { notify, notifyError } from "./notifications.js";
import { sendFeedback } from "./outbox.js";
import { isProposed, markProposed } from "./proposed-tracks.js";
import { forYou } from "./recommendations.js";

const MIN_PLAYED_MS = 30_000; // or half of the track: less is a skip, more is a play
const MAX_HISTORY = 900; // a radio repeats none of these: the server takes 1,000 recent tracks
const MIN_UPCOMING = 3; // with fewer upcoming tracks, more of an endless list are requested

class Player extends EventTarget {
  /** @type {Api.Track | null} */
  track = null;
  /** @type {Api.Track[]} */
  queue = []; // tracks that the user added
  /** @type {Api.Track[]} */
  upcoming = []; // the rest of the list that the current track was started from
  source = "";
  /** @type {((recent: string[]) => Promise<Api.Track[]>) | null} */
  #fetchNext = null;
  /** @type {Api.Track[]} */
  #history = [];
  /** @type {string[]} */
  #formats = [];
  #offset = 0; // position in the track, in seconds, at which the loaded audio begins
  #lastTime = 0;
  #playedMs = 0;

  constructor() {
    super();
    this.audio = new Audio();
    this.audio.preload = "auto";
    for (const event of ["play", "playing", "pause", "waiting", "loadedmetadata"]) {
      this.audio.addEventListener(event, () => this.#dispatchState());
    }
    this.audio.addEventListener("timeupdate", () => this.#onTime());
    this.audio.addEventListener("ended", () => this.#onEnd());
    this.audio.addEventListener("error", () => this.#onError());
    this.#registerMediaKeys();
  }

  get isPlaying() {
    return !this.audio.paused;
  }

  /** Duration of the track in seconds; transcoded audio does not report its own. */
  get duration() {
    const known = this.#offset === 0 && Number.isFinite(this.audio.duration);
    return known ? this.audio.duration : (this.track?.duration ?? 0);
  }

  /** Position in the track in seconds. */
  get time() {
    return this.#offset + this.audio.currentTime;
  }

  get volume() {
    return this.audio.muted ? 0 : this.audio.volume;
  }

  /** All tracks that play next, in order. */
  get upNext() {
    return [...this.queue, ...this.upcoming];
  }

  /**
   * Play a track, then the tracks in `upcoming`, which come from the list called `source`.
   *
   * For an endless list, `fetchNext` returns further tracks, given the ids of recent and upcoming ones.
   *
   * @param {Api.Track} track
   * @param {Api.Track[]} [upcoming]
   * @param {string} [source]
   * @param {((recent: string[]) => Promise<Api.Track[]>) | null} [fetchNext]
   */
  play(track, upcoming, source = "", fetchNext = null) {
    this.#reportPlay();
    if (upcoming) Object.assign(this, { upcoming: [...upcoming], source });
    if (upcoming) this.#fetchNext = fetchNext;
    this.#start(track);
  }

  toggle() {
    if (!this.track) return this.next();
    if (this.audio.paused) this.audio.play().catch(() => {});
    else this.audio.pause();
  }

  /** Go to the next track. A track that played too short counts as skipped. */
  next() {
    const track = this.track;
    const skipped = track && this.#playedMs < Math.min(MIN_PLAYED_MS, this.duration * 500);
    this.#reportPlay(skipped ? "none" : "play");
    this.#playNext();
    if (skipped) forYou.respond(track, "skip");
  }

  back() {
    if (this.time > 3 || !this.#history.length) return this.seek(0);
    const before = this.#history.pop();
    if (this.track) this.queue.unshift(this.track);
    this.#start(before, false);
  }

  seek(seconds) {
    if (!this.track) return;
    const to = Math.min(Math.max(0, seconds), this.duration);
    if (this.#canSeek(to - this.#offset)) this.audio.currentTime = to - this.#offset;
    else this.#load({ format: "mp3", start: to.toFixed(2) }, to);
    this.#lastTime = this.time;
    this.dispatchEvent(new Event("time"));
  }

  /** Seek while the slider is dragged, but only within loaded audio; `seek` is for its release. */
  scrub(seconds) {
    if (this.track && this.#canSeek(seconds - this.#offset)) this.seek(seconds);
  }

  setVolume(volume) {
    this.audio.muted = volume === 0;
    if (volume) this.audio.volume = volume;
    this.#dispatchState();
  }

  mute() {
    this.audio.muted = !this.audio.muted;
    this.#dispatchState();
  }

  enqueue(tracks, { first = false } = {}) {
    this.queue[first ? "unshift" : "push"](...tracks);
    this.dispatchEvent(new Event("queue"));
  }

  /** Remove a track from those that play next, by its place in `upNext`. */
  dequeue(place) {
    if (place < this.queue.length) this.queue.splice(place, 1);
    else this.upcoming.splice(place - this.queue.length, 1);
    this.dispatchEvent(new Event("queue"));
  }

  /** Replace the upcoming tracks after the list that they come from has changed. */
  replaceUpcoming(tracks, source) {
    if (this.source !== source) return;
    this.upcoming = tracks.filter((track) => track.track_id !== this.track?.track_id);
    this.dispatchEvent(new Event("queue"));
  }

  /** Remove a track from the queue and the upcoming tracks, as when it is disliked. */
  drop(trackId) {
    this.dropWhere((track) => track.track_id === trackId);
  }

  /** Remove the tracks that satisfy a condition from the queue and the upcoming tracks. */
  dropWhere(goes) {
    const stays = (track) => !goes(track);
    Object.assign(this, {
      queue: this.queue.filter(stays),
      upcoming: this.upcoming.filter(stays),
    });
    this.dispatchEvent(new Event("queue"));
  }

  stop() {
    this.#reportPlay();
    this.audio.removeAttribute("src");
    this.audio.load();
    Object.assign(this, { track: null, queue: [], upcoming: [], source: "" });
    this.#history = [];
    this.#dispatchTrack();
  }

  #start(track, remember = true) {
    if (remember && this.track) this.#history = [...this.#history, this.track].slice(-MAX_HISTORY);
    this.track = track;
    this.upcoming = this.upcoming.filter((one) => one.track_id !== track.track_id);
    this.#formats = ["opus", "mp3"]; // transcoded by the server if the browser cannot play the file
    this.#lastTime = this.#playedMs = 0;
    this.#load({});
    this.#dispatchTrack();
    if (this.#fetchNext && this.upcoming.length < MIN_UPCOMING) this.#fetchMore(this.#fetchNext);
  }

  async #fetchMore(fetchNext) {
    try {
      const recent = [...this.#history, this.track, ...this.upNext].flatMap(
        (track) => track?.track_id ?? [],
      );
      const tracks = await fetchNext(recent.slice(-1000));
      markProposed(tracks);
      if (this.#fetchNext !== fetchNext) return;
      this.upcoming.push(...tracks);
      this.dispatchEvent(new Event("queue"));
    } catch (error) {
      notifyError(error);
    }
  }

  /** Whether the loaded audio can be sought to a time: transcoded audio has no byte ranges. */
  #canSeek(time) {
    const { seekable, readyState } = this.audio;
    if (time < 0) return false;
    if (readyState === 0) return this.#offset === 0;
    return Array.from({ length: seekable.length }, (_, at) => seekable.end(at)).some(
      (end) => time <= end + 0.05,
    );
  }

  #load(query, offset = 0) {
    if (!this.track) return;
    this.#offset = offset;
    this.audio.src = apiUrl("/tracks/{track_id}/audio", {
      params: { track_id: this.track.track_id },
      query,
    });
    this.audio.play().catch(() => {});
  }

  #playNext() {
    const next =
      this.queue.shift() ??
      this.upcoming.shift() ??
      forYou.tracks.find((one) => one.playable !== false);
    if (next) this.#start(next);
    else this.stop();
  }

  /** Send a play of the current track if enough of it was played. */
  #reportPlay(kind = "play") {
    if (
      this.track &&
      kind === "play" &&
      this.#playedMs >= Math.min(MIN_PLAYED_MS, this.duration * 500) &&
      this.#playedMs > 0
    ) {
      sendFeedback(this.track.track_id, "play", {
        ms_played: Math.round(this.#playedMs),
        recommended: isProposed(this.track),
      });
    }
    this.#playedMs = 0;
  }

  #onTime() {
    const now = this.time;
    if (now > this.#lastTime && now - this.#lastTime < 2)
      this.#playedMs += 1000 * (now - this.#lastTime);
    this.#lastTime = now;
    this.dispatchEvent(new Event("time"));
    if ("mediaSession" in navigator && this.duration > 0) {
      navigator.mediaSession.setPositionState?.({
        duration: this.duration,
        position: Math.min(now, this.duration),
      });
    }
  }

  #onEnd() {
    this.#reportPlay();
    this.#playNext();
  }

  #onError() {
    if (!this.track || !this.audio.getAttribute("src")) return;
    const format = this.#formats.shift();
    if (format) return this.#load({ format });
    notify(`${trackTitle(this.track)} cannot be played: its file is missing or damaged.`, {
      kind: "error",
    });
    this.#dispatchState();
  }

  #dispatchTrack() {
    if ("mediaSession" in navigator) {
      navigator.mediaSession.metadata = this.track
        ? new MediaMetadata({
            title: trackTitle(this.track),
            artist: trackArtist(this.track),
            album: this.track.album ?? "",
          })
        : null;
    }
    for (const event of ["track", "queue"]) this.dispatchEvent(new Event(event));
    this.#dispatchState();
  }

  #dispatchState() {
    if ("mediaSession" in navigator)
      navigator.mediaSession.playbackState = this.isPlaying ? "playing" : "paused";
    this.dispatchEvent(new Event("state"));
  }

  #registerMediaKeys() {
    if (!("mediaSession" in navigator)) return;
    /** @type {Partial<Record<MediaSessionAction, MediaSessionActionHandler>>} */
    const keys = {
      play: () => this.toggle(),
      pause: () => this.toggle(),
      nexttrack: () => this.next(),
      previoustrack: () => this.back(),
      seekto: ({ seekTime }) => this.seek(seekTime ?? 0),
      seekforward: () => this.seek(this.time + 10),
      seekbackward: () => this.seek(this.time - 10),
      stop: () => this.stop(),
    };
    for (const [key, action] of Object.entries(keys)) {
      try {
        navigator.mediaSession.setActionHandler(/** @type {MediaSessionAction} */ (key), action);
      } catch {
        /* the browser does not know this media key */
      }
    }
  }
}

export const player = new Player();
