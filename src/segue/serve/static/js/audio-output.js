// Audio output of the player: one channel plays, the other loads the next track, so that the next track
// starts without a gap or fades in.
//
// Dispatches "change" (playing, paused, buffering), "time", "near-end" (the next track should be
// loaded), "finish" (the next track should start now) and "error" (detail: `reason`, a text
// for the user, and whether the track was `playing`).

import { problemOf, waitUntilOnline } from "./api.js";
import { AudioChannel } from "./audio-channel.js";

const PRELOAD_SECONDS = 30; // before the end: longer than a crossfade
const CHECK_SECONDS = 0.6; // before the end, from which on a timer waits for it
const START_SECONDS = 0.015; // from play() to the first sample, in common browsers
const FADE_STEP_MS = 30;

export class AudioOutput extends EventTarget {
  /** Whether playback waits for the server to answer again. */
  isWaiting = false;
  /** @type {(track: Api.Track) => number} */
  gainOf = () => 1;
  #current = this.#channel();
  #next = this.#channel();
  #volume = 1;
  #muted = false;
  #overlap = 0; // seconds for which two tracks sound together
  /** @type {Api.Track | null} */
  #refused = null; // a next track that could not be loaded ahead
  #end = 0;
  #fading = 0;
  #wanted = false; // whether it plays again after it had to wait

  get track() {
    return this.#current.track;
  }

  get isPlaying() {
    if (!this.#current.track) return false;
    return this.isWaiting ? this.#wanted : !this.#current.audio.paused;
  }

  get duration() {
    return this.#current.duration;
  }

  get time() {
    return this.#current.time;
  }

  get volume() {
    return this.#muted ? 0 : this.#volume;
  }

  get muted() {
    return this.#muted;
  }

  /** Volume to which `muted` false returns. */
  get level() {
    return this.#volume;
  }

  /** Set volume (0 to 1) and whether the output is muted. */
  setVolume(volume, muted) {
    this.#volume = volume;
    this.#muted = muted;
    this.applyVolume();
  }

  /** Apply volume and gains again, as after the gain of a track is known. */
  applyVolume() {
    for (const channel of [this.#current, this.#next]) {
      if (channel.track) channel.gain = this.gainOf(channel.track);
      channel.setVolume(this.#volume, this.#muted);
    }
  }

  /** Load the track that plays next, unless it is loaded; the two tracks overlap for some seconds. */
  preload(track, overlap = 0) {
    if (this.#fading || !this.#next.audio.paused) return;
    this.#overlap = overlap;
    if (this.#isPreloaded(track) || track === this.#refused) return;
    this.#refused = null;
    this.#next.load(track);
    this.applyVolume();
  }

  /**
   * Play a track. After "finish" (`follow`) it follows the current one: without a gap, or faded in.
   * With `paused`, it is only shown, at the position `start`.
   */
  start(track, { start = 0, paused = false, follow = false } = {}) {
    this.#endFade();
    clearTimeout(this.#end);
    this.isWaiting = false;
    const before = this.#current;
    if (!start && this.#isPreloaded(track)) {
      [this.#current, this.#next] = [this.#next, this.#current];
      if (follow && this.#overlap && !before.audio.ended) this.#crossfade();
      else if (!follow) before.pause();
    } else {
      before.pause();
      before.load(track, { start, preload: paused ? "metadata" : "auto" });
    }
    this.#wanted = !paused;
    this.applyVolume();
    if (!paused) this.#current.play();
    this.dispatchEvent(new Event("change"));
  }

  play() {
    if (!this.#current.track) return;
    this.#wanted = true;
    if (this.isWaiting) this.#resume(this.#current);
    else this.#current.play();
    this.dispatchEvent(new Event("change"));
  }

  pause() {
    this.#wanted = false;
    this.#endFade();
    clearTimeout(this.#end);
    this.#current.pause();
    this.dispatchEvent(new Event("change"));
  }

  stop() {
    this.#endFade();
    clearTimeout(this.#end);
    this.#wanted = this.isWaiting = false;
    this.#current.unload();
    this.#next.unload();
    this.dispatchEvent(new Event("change"));
  }

  seek(seconds) {
    this.#endFade();
    clearTimeout(this.#end);
    this.#current.seek(seconds);
  }

  canSeek(seconds) {
    return this.#current.canSeek(seconds);
  }

  #channel() {
    const channel = new AudioChannel();
    /** @param {string} event @param {() => void} action */
    const on = (event, action) =>
      channel.addEventListener(event, () => channel === this.#current && action());
    on("change", () => this.dispatchEvent(new Event("change")));
    on("time", () => this.#onTime());
    on("end", () => this.#finish());
    channel.addEventListener("fail", () => this.#onFail(channel));
    return channel;
  }

  #isPreloaded(track) {
    return this.#next.track === track && this.#next.time < 0.01;
  }

  #onTime() {
    this.dispatchEvent(new Event("time"));
    const left = this.#current.duration - this.time;
    if (!(left > 0) || !this.isPlaying) return;
    if (left < PRELOAD_SECONDS) this.dispatchEvent(new Event("near-end"));
    if (left < CHECK_SECONDS + this.#lead) this.#awaitEnd();
  }

  /** Seconds before the end at which the next track starts. */
  get #lead() {
    // a fade is never longer than half of a track
    return Math.max(START_SECONDS, Math.min(this.#overlap, this.#current.duration / 2));
  }

  /** Wait until the next track must start; without a loaded one, "end" of the channel follows. */
  #awaitEnd() {
    clearTimeout(this.#end);
    if (!this.#overlap && !this.#current.endIsExact) return;
    const channel = this.#current;
    const wait = () => {
      if (channel !== this.#current || channel.audio.paused || !this.#next.track) return;
      const left = channel.duration - channel.time - this.#lead;
      if (left > 0.002) this.#end = setTimeout(wait, Math.max(1, 1000 * left - 4));
      else if (this.#next.isReady) this.#finish();
    };
    wait();
  }

  #finish() {
    clearTimeout(this.#end);
    this.dispatchEvent(new Event("finish"));
  }

  /** Fade the new channel in and the old one out, with equal power. */
  #crossfade() {
    const [incoming, outgoing] = [this.#current, this.#next];
    const seconds = Math.max(0.1, Math.min(this.#overlap, outgoing.duration - outgoing.time));
    const begun = performance.now();
    incoming.fade = 0;
    this.#fading = setInterval(() => {
      const share = Math.min(1, (performance.now() - begun) / 1000 / seconds);
      incoming.fade = Math.sin((share * Math.PI) / 2);
      outgoing.fade = Math.cos((share * Math.PI) / 2);
      if (share === 1) this.#endFade();
      else this.applyVolume();
    }, FADE_STEP_MS);
  }

  #endFade() {
    if (!this.#fading) return;
    clearInterval(this.#fading);
    this.#fading = 0;
    this.#next.unload();
    this.#current.fade = 1;
    this.applyVolume();
  }

  /**
   * After an error: wait for the server if it does not answer, else try another format. A track that
   * only was to be next is loaded again when it starts.
   */
  async #onFail(channel) {
    if (channel !== this.#current) {
      this.#refused = channel.track;
      return channel.tryNextFormat() || channel.unload();
    }
    const { track, url } = channel;
    const problem = await probe(url);
    if (channel !== this.#current || channel.track !== track || channel.url !== url) return;
    if (problem === "offline") {
      this.isWaiting = true;
      this.dispatchEvent(new Event("change"));
      this.#resume(channel);
    } else if (!problem && channel.tryNextFormat()) {
      if (this.#wanted) channel.play();
    } else {
      const detail = { reason: problem, playing: this.#wanted };
      this.#wanted = false;
      this.dispatchEvent(new CustomEvent("error", { detail }));
    }
  }

  /** Load the track again once the server answers. */
  async #resume(channel) {
    const { track } = channel;
    await waitUntilOnline();
    if (!this.isWaiting || channel !== this.#current || channel.track !== track) return;
    this.isWaiting = false;
    channel.reload();
    if (this.#wanted) channel.play();
    this.dispatchEvent(new Event("change"));
  }
}

/** Why audio cannot be loaded: "offline", a text of the server, or "" if the server sends it. */
async function probe(url) {
  const stop = new AbortController();
  try {
    const answer = await fetch(url, { headers: { Range: "bytes=0-0" }, signal: stop.signal });
    if (answer.ok) return "";
    const { detail, title } = await problemOf(answer);
    return detail ?? title;
  } catch {
    return "offline";
  } finally {
    stop.abort();
  }
}
