// Playing: one audio element, a queue, and what the listener asked to hear next.
//
// Events of `player`: "track" (another one plays), "state" (it plays, rests, waits), "time", "queue".

import { address, ofTrack } from "./api.js";
import { note, noteProblem } from "./notifications.js";
import { forYou } from "./recommendations.js";
import { tell } from "./outbox.js";
import { artist, title } from "./format.js";

const HEARD_MS = 30_000;
const REMEMBERED = 100;
const LOW = 3; // tracks that follow, from which a radio is asked for more

class Player extends EventTarget {
  track = null;
  queue = []; // what was asked for
  following = []; // what the list it was started from goes on with
  source = "";
  #more = null;
  #past = [];
  #formats = [];
  #offset = 0; // seconds that were left out before what is loaded begins
  #heardTo = 0;
  #heardMs = 0;

  constructor() {
    super();
    this.audio = new Audio();
    this.audio.preload = "auto";
    for (const event of ["play", "playing", "pause", "waiting", "loadedmetadata"]) {
      this.audio.addEventListener(event, () => this.#tellState());
    }
    this.audio.addEventListener("timeupdate", () => this.#onTime());
    this.audio.addEventListener("ended", () => this.#onEnd());
    this.audio.addEventListener("error", () => this.#onError());
    this.#mediaKeys();
  }

  get isPlaying() {
    return !this.audio.paused;
  }

  /** Seconds of the track; what the server encodes anew tells none of its own. */
  get duration() {
    const told = this.#offset === 0 && Number.isFinite(this.audio.duration);
    return told ? this.audio.duration : (this.track?.duration ?? 0);
  }

  /** Seconds from the beginning of the track. */
  get time() {
    return this.#offset + this.audio.currentTime;
  }

  get volume() {
    return this.audio.muted ? 0 : this.audio.volume;
  }

  /** Everything that comes next, in its order. */
  get upNext() {
    return [...this.queue, ...this.following];
  }

  /**
   * Play a track; `following` comes after it, and is called `source`. Where it goes on for ever,
   * `more` is asked for what comes then, with the ids of what was played and waits.
   */
  play(track, following = null, source = "", more = null) {
    this.#leave();
    if (following) Object.assign(this, { following: [...following], source });
    if (following) this.#more = more;
    this.#start(track);
  }

  toggle() {
    if (!this.track) return this.next();
    if (this.audio.paused) this.audio.play().catch(() => {});
    else this.audio.pause();
  }

  /** Go on to the next track. A track that was hardly heard counts as skipped. */
  next() {
    const track = this.track;
    const skipped = track && this.#heardMs < Math.min(HEARD_MS, this.duration * 500);
    this.#leave(skipped ? "none" : "play");
    this.#goOn();
    if (skipped) forYou.respond(track, "skip");
  }

  back() {
    if (this.time > 3 || !this.#past.length) return this.seek(0);
    const before = this.#past.pop();
    if (this.track) this.queue.unshift(this.track);
    this.#start(before, false);
  }

  seek(seconds) {
    if (!this.track) return;
    const to = Math.min(Math.max(0, seconds), this.duration);
    if (this.#reaches(to - this.#offset)) this.audio.currentTime = to - this.#offset;
    else this.#load({ format: "mp3", start: to.toFixed(2) }, to);
    this.#heardTo = this.time;
    this.dispatchEvent(new Event("time"));
  }

  /** Follow a hand that moves: only where that costs nothing; `seek` is for when it lets go. */
  scrub(seconds) {
    if (this.track && this.#reaches(seconds - this.#offset)) this.seek(seconds);
  }

  setVolume(volume) {
    this.audio.muted = volume === 0;
    if (volume) this.audio.volume = volume;
    this.#tellState();
  }

  mute() {
    this.audio.muted = !this.audio.muted;
    this.#tellState();
  }

  enqueue(tracks, { first = false } = {}) {
    this.queue[first ? "unshift" : "push"](...tracks);
    this.dispatchEvent(new Event("queue"));
  }

  /** Take a place out of what comes next. */
  dequeue(place) {
    if (place < this.queue.length) this.queue.splice(place, 1);
    else this.following.splice(place - this.queue.length, 1);
    this.dispatchEvent(new Event("queue"));
  }

  /** Take the place of what would have followed, as when the list it came from re-formed. */
  follow(tracks, source) {
    if (this.source !== source) return;
    this.following = tracks.filter((track) => track.track_id !== this.track?.track_id);
    this.dispatchEvent(new Event("queue"));
  }

  /** Drop a track wherever it would have come, as when it is disliked. */
  drop(trackId) {
    const stays = (track) => track.track_id !== trackId;
    Object.assign(this, {
      queue: this.queue.filter(stays),
      following: this.following.filter(stays),
    });
    this.dispatchEvent(new Event("queue"));
  }

  stop() {
    this.#leave();
    this.audio.removeAttribute("src");
    this.audio.load();
    Object.assign(this, { track: null, queue: [], following: [], source: "" });
    this.#past = [];
    this.#announce();
  }

  #start(track, remember = true) {
    if (remember && this.track) this.#past = [...this.#past, this.track].slice(-REMEMBERED);
    this.track = track;
    this.following = this.following.filter((one) => one.track_id !== track.track_id);
    this.#formats = ["opus", "mp3"]; // what the server makes of files that browsers lack
    this.#heardTo = this.#heardMs = 0;
    this.#load({});
    this.#announce();
    if (this.#more && this.following.length < LOW) this.#fetchMore(this.#more);
  }

  async #fetchMore(more) {
    try {
      const recent = [...this.#past, this.track, ...this.upNext].map((track) => track.track_id);
      const tracks = await more(recent);
      if (this.#more !== more) return;
      this.following.push(...tracks);
      this.dispatchEvent(new Event("queue"));
    } catch (error) {
      noteProblem(error);
    }
  }

  /** Whether a time of what is loaded can be gone to: what is encoded anew comes without ranges. */
  #reaches(time) {
    const { seekable, readyState } = this.audio;
    if (time < 0) return false;
    if (readyState === 0) return this.#offset === 0;
    return Array.from({ length: seekable.length }, (_, at) => seekable.end(at)).some(
      (end) => time <= end + 0.05,
    );
  }

  #load(query, offset = 0) {
    this.#offset = offset;
    this.audio.src = address(ofTrack(this.track.track_id, "/audio"), query);
    this.audio.play().catch(() => {});
  }

  #goOn() {
    const next =
      this.queue.shift() ??
      this.following.shift() ??
      forYou.tracks.find((one) => one.playable !== false);
    if (next) this.#start(next);
    else this.stop();
  }

  /** Note how the track that ends was heard. */
  #leave(kind = "play") {
    if (
      this.track &&
      kind === "play" &&
      this.#heardMs >= Math.min(HEARD_MS, this.duration * 500) &&
      this.#heardMs > 0
    ) {
      tell(this.track.track_id, "play", { ms_played: Math.round(this.#heardMs) });
    }
    this.#heardMs = 0;
  }

  #onTime() {
    const now = this.time;
    if (now > this.#heardTo && now - this.#heardTo < 2)
      this.#heardMs += 1000 * (now - this.#heardTo);
    this.#heardTo = now;
    this.dispatchEvent(new Event("time"));
    if ("mediaSession" in navigator && this.duration > 0) {
      navigator.mediaSession.setPositionState?.({
        duration: this.duration,
        position: Math.min(now, this.duration),
      });
    }
  }

  #onEnd() {
    this.#leave();
    this.#goOn();
  }

  #onError() {
    if (!this.track || !this.audio.getAttribute("src")) return;
    const format = this.#formats.shift();
    if (format) return this.#load({ format });
    note(`${title(this.track)} cannot be played: its file is missing or damaged.`, {
      kind: "problem",
    });
    this.#tellState();
  }

  #announce() {
    if ("mediaSession" in navigator) {
      navigator.mediaSession.metadata = this.track
        ? new MediaMetadata({
            title: title(this.track),
            artist: artist(this.track),
            album: this.track.album ?? "",
          })
        : null;
    }
    for (const event of ["track", "queue"]) this.dispatchEvent(new Event(event));
    this.#tellState();
  }

  #tellState() {
    if ("mediaSession" in navigator)
      navigator.mediaSession.playbackState = this.isPlaying ? "playing" : "paused";
    this.dispatchEvent(new Event("state"));
  }

  #mediaKeys() {
    if (!("mediaSession" in navigator)) return;
    const keys = {
      play: () => this.toggle(),
      pause: () => this.toggle(),
      nexttrack: () => this.next(),
      previoustrack: () => this.back(),
      seekto: ({ seekTime }) => this.seek(seekTime),
      seekforward: () => this.seek(this.time + 10),
      seekbackward: () => this.seek(this.time - 10),
      stop: () => this.stop(),
    };
    for (const [key, action] of Object.entries(keys)) {
      try {
        navigator.mediaSession.setActionHandler(key, action);
      } catch {
        /* a key that this browser does not know */
      }
    }
  }
}

export const player = new Player();
