// State of the player in the browser's storage, for each listener: the queue, the position in the track,
// and settings.

import { isProposed, markProposed } from "./proposed-tracks.js";

/**
 * `crossfade` is in seconds; `gain` makes tracks, or albums, equally loud.
 *
 * @typedef {{volume: number, muted: boolean, crossfade: number, gain: "off" | "track" | "album"}}
 *   PlayerSettings
 */

export const MAX_CROSSFADE = 12;

const FIELDS = ["title", "artist", "artists", "album", "album_id", "cover", "duration", "year"];

/** Save the queue; `more` is saved with it. */
export function saveQueue(listener, queue, more) {
  const text = JSON.stringify({ ...queue.toJSON(), ...more }, (_name, value) =>
    typeof value?.track_id === "string" ? shortened(value) : value,
  );
  write(key("queue", listener), text);
}

/** The saved queue as data, null if there is none. */
export function savedQueue(listener) {
  const saved = read(key("queue", listener));
  for (const list of Object.values(saved ?? {})) {
    if (Array.isArray(list)) markProposed(list.filter((track) => track?.proposed));
  }
  if (saved?.track?.proposed) markProposed([saved.track]);
  return saved;
}

/** Save the position in a track, in seconds. */
export function savePosition(listener, trackId, seconds) {
  write(key("position", listener), JSON.stringify({ track: trackId, seconds }));
}

/** The saved position in a track; 0 if it is that of another track. */
export function savedPosition(listener, trackId) {
  const saved = read(key("position", listener));
  return saved?.track === trackId && saved.seconds > 0 ? Number(saved.seconds) : 0;
}

/** Forget queue and position, as when the listener signs out. */
export function forgetQueue(listener) {
  for (const name of ["queue", "position"]) localStorage.removeItem(key(name, listener));
}

/** @param {PlayerSettings} settings */
export function saveSettings(listener, settings) {
  write(key("player", listener), JSON.stringify(settings));
}

/** @returns {PlayerSettings} */
export function savedSettings(listener) {
  const saved = read(key("player", listener)) ?? {};
  const within = (value, most, otherwise) =>
    value >= 0 && value <= most ? Number(value) : otherwise;
  return {
    volume: within(saved.volume, 1, 1),
    muted: saved.muted === true,
    crossfade: within(saved.crossfade, MAX_CROSSFADE, 0),
    gain: ["off", "track", "album"].includes(saved.gain) ? saved.gain : "track",
  };
}

function shortened(track) {
  const { track_id, gain_db, playable, opinion } = track;
  const kept = FIELDS.filter((name) => track[name] !== undefined).map((name) => [
    name,
    track[name],
  ]);
  const proposed = isProposed(track) || undefined;
  return { track_id, ...Object.fromEntries(kept), gain_db, playable, opinion, proposed };
}

function key(name, listener) {
  return `segue.${name}.${listener ?? ""}`;
}

function read(name) {
  try {
    return JSON.parse(localStorage.getItem(name) ?? "null");
  } catch {
    return null;
  }
}

function write(name, text) {
  try {
    localStorage.setItem(name, text);
  } catch {
    /* the storage is full or switched off: nothing is kept over a reload */
  }
}
