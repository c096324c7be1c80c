// Audio of one track in one audio element: formats, position in transcoded audio, and volume.
//
// Dispatches "change" (playing, paused, buffering), "time", "end" and "fail" (the browser cannot play
// what it got; detail: whether another format is left).

import { apiUrl } from "./api.js";

const FORMATS = ["opus", "mp3"]; // transcoded by the server if the browser cannot play the file

/** Whether pages can set the volume of audio: on iOS, only the keys of the device do. */
export function canSetVolume() {
  const audio = new Audio();
  audio.volume = 0.5;
  return audio.volume === 0.5;
}

export class AudioChannel extends EventTarget {
  /** @type {Api.Track | null} */
  track = null;
  /** Factor for equal loudness, from 0. */
  gain = 1;
  /** Factor of a crossfade, from 0 to 1. */
  fade = 1;
  #formats = [...FORMATS];
  #format = "";
  #offset = 0; // position in the track, in seconds, at which the loaded audio begins
  #start = 0; // position to begin at, once the audio is loaded

  constructor() {
    super();
    this.audio = new Audio();
    for (const event of ["play", "playing", "pause", "waiting"])
      this.audio.addEventListener(event, () => this.dispatchEvent(new Event("change")));
    this.audio.addEventListener("loadedmetadata", () => this.#onLoaded());
    this.audio.addEventListener("timeupdate", () => this.dispatchEvent(new Event("time")));
    this.audio.addEventListener("ended", () => this.dispatchEvent(new Event("end")));
    this.audio.addEventListener("error", () => {
      if (this.audio.getAttribute("src")) this.dispatchEvent(new Event("fail"));
    });
  }

  /** Duration of the track in seconds; transcoded audio does not report its own. */
  get duration() {
    return this.endIsExact ? this.audio.duration : (this.track?.duration ?? 0);
  }

  /** Whether the browser knows the end of the audio to the millisecond. */
  get endIsExact() {
    return this.#offset === 0 && Number.isFinite(this.audio.duration);
  }

  /** Position in the track in seconds. */
  get time() {
    return this.#start || this.#offset + this.audio.currentTime;
  }

  /** Whether the audio can begin at once. */
  get isReady() {
    return this.audio.readyState >= HTMLMediaElement.HAVE_FUTURE_DATA && !this.#start;
  }

  get url() {
    return this.audio.src;
  }

  /** Load a track at a position in seconds. */
  load(track, { start = 0, preload = /** @type {"auto" | "metadata"} */ ("auto") } = {}) {
    Object.assign(this, { track, fade: 1 });
    this.#formats = [...FORMATS];
    this.#format = "";
    this.audio.preload = preload;
    this.#open({}, 0, start);
  }

  /** Load the same track again at its position, as after a loss of the connection. */
  reload() {
    const start = this.time;
    if (this.#offset) this.#open({ format: this.#format, start: start.toFixed(2) }, start);
    else this.#open(this.#format ? { format: this.#format } : {}, 0, start);
  }

  /** Load the same track in another format; returns whether there is one. */
  tryNextFormat() {
    const start = this.time;
    const format = this.#formats.shift();
    if (!format) return false;
    this.#format = format;
    this.#open({ format }, 0, start);
    return true;
  }

  unload() {
    this.track = null;
    this.#offset = this.#start = 0;
    this.audio.removeAttribute("src");
    this.audio.load();
  }

  play() {
    this.audio.preload = "auto";
    return this.audio.play().catch(() => {}); // errors are events
  }

  pause() {
    this.audio.pause();
  }

  seek(seconds) {
    if (this.audio.readyState === 0) this.#start = seconds;
    else if (this.canSeek(seconds)) this.audio.currentTime = seconds - this.#offset;
    else this.#openAt(seconds);
  }

  /** Whether the loaded audio can be sought to a time: transcoded audio has no byte ranges. */
  canSeek(seconds) {
    const { seekable, readyState } = this.audio;
    const time = seconds - this.#offset;
    if (time < 0 || readyState === 0) return false;
    return Array.from({ length: seekable.length }, (_, at) => seekable.end(at)).some(
      (end) => time <= end + 0.05,
    );
  }

  /** Set the volume, from 0 to 1, before gain and fade. */
  setVolume(volume, muted) {
    this.audio.muted = muted;
    this.audio.volume = Math.min(1, Math.max(0, volume * this.gain * this.fade));
  }

  #onLoaded() {
    const start = this.#start;
    this.#start = 0;
    if (start && this.canSeek(start)) this.audio.currentTime = start;
    else if (start) this.#openAt(start);
    this.dispatchEvent(new Event("change"));
  }

  /** Transcoded audio begins at the position itself. */
  #openAt(seconds) {
    const playing = !this.audio.paused;
    this.#format = this.#format || "mp3";
    this.#open({ format: this.#format, start: seconds.toFixed(2) }, seconds);
    if (playing) this.play();
  }

  #open(query, offset, start = 0) {
    if (!this.track) return;
    this.#offset = offset;
    this.#start = start;
    const params = { track_id: this.track.track_id };
    this.audio.src = apiUrl("/tracks/{track_id}/audio", { params, query });
  }
}
