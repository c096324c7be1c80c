// Tells the server what the player plays now, for other players and for connected services. Plays and
// skips are sent by the outbox; what plays now is only shown, so that what cannot be sent is dropped.

import { post } from "./api.js";

const SETTLE_MS = 1000; // a track that is left sooner is not shown

/** @typedef {EventTarget & {track: Api.Track | null | undefined, isPlaying: boolean, time: number}} Playing */

/**
 * Follow a player.
 *
 * @param {Playing} player
 * @param {() => string | null | undefined} listener who plays; nothing is sent without one
 */
export function reportPlayingNow(player, listener) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let begun = 0;
  /** @type {{track_id: string, state: "playing" | "paused" | "stopped", begun: number} | null} */
  let shown = null;
  const send = () => {
    if (!listener()) return;
    const { track, isPlaying, time } = player;
    /** @type {NonNullable<typeof shown>} */
    let now;
    if (track && isPlaying) now = { track_id: track.track_id, state: "playing", begun };
    else if (!shown) return;
    else if (track?.track_id === shown.track_id) now = { ...shown, state: "paused" };
    else now = { ...shown, state: "stopped" };
    if (shown && sameReport(shown, now)) return;
    shown = now;
    const position = now.state === "stopped" ? 0 : time;
    post("/playing-now", { track_id: now.track_id, state: now.state, position }).catch(() => {});
  };
  const settle = () => {
    clearTimeout(timer);
    timer = setTimeout(send, SETTLE_MS);
  };
  player.addEventListener("track", () => {
    begun += 1;
    settle();
  });
  player.addEventListener("state", settle);
}

function sameReport(one, other) {
  return one.track_id === other.track_id && one.state === other.state && one.begun === other.begun;
}
