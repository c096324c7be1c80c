// Counts how long a track has played, to tell a play from a skip.

const MIN_PLAYED_MS = 30_000; // or half of the track: less is a skip, more is a play
const MAX_STEP_SECONDS = 2; // between two reports of the position; more is a seek

export class PlayCounter {
  /** Milliseconds that have played. */
  playedMs = 0;
  /** Whether leaving the track is a play or a skip: not if it was only shown, or could not play. */
  counts = false;
  #last = 0;

  /** Begin a track at a position in seconds. */
  begin(seconds, { counts = true } = {}) {
    this.#last = seconds;
    this.playedMs = 0;
    this.counts = counts;
  }

  /** Note that the position was changed to some seconds. */
  seek(seconds) {
    this.#last = seconds;
  }

  /** Count the time since the last position; returns whether the track has played on. */
  moveTo(seconds) {
    const step = seconds - this.#last;
    this.#last = seconds;
    if (!(step > 0 && step < MAX_STEP_SECONDS)) return false;
    this.playedMs += 1000 * step;
    return true;
  }

  /** Whether a track of a duration in seconds is left as a play. */
  isPlay(duration) {
    return this.counts && this.playedMs > 0 && this.playedMs >= minPlayedMs(duration);
  }

  /** Whether a track of a duration in seconds is left as a skip. */
  isSkip(duration) {
    return this.counts && this.playedMs < minPlayedMs(duration);
  }
}

function minPlayedMs(duration) {
  return Math.min(MIN_PLAYED_MS, duration * 500);
}
