// Format numbers, durations, dates and names of tracks for people.

import { language, t } from "./i18n.js";

const whole = new Intl.NumberFormat(language);
const conjunction = new Intl.ListFormat(language, { type: "conjunction" });
const days = new Intl.DateTimeFormat(language, { dateStyle: "medium" });

/** 1234567 -> 1,234,567 */
export function formatCount(number) {
  return whole.format(number ?? 0);
}

/** "1 track", "2 tracks" */
export function plural(number, one, several = `${one}s`) {
  return `${formatCount(number)} ${number === 1 ? one : several}`;
}

/** Seconds as 3:07 or 1:02:45; an empty string if they are unknown. */
export function formatDuration(seconds) {
  if (!Number.isFinite(seconds)) return "";
  const total = Math.max(0, Math.round(seconds));
  const pad = (number) => String(number).padStart(2, "0");
  const [hours, minutes] = [Math.floor(total / 3600), Math.floor(total / 60) % 60];
  return `${hours ? `${hours}:${pad(minutes)}` : minutes}:${pad(total % 60)}`;
}

/** Seconds for a screen reader: "3 minutes 7 seconds". */
export function spokenDuration(seconds) {
  const total = Math.max(0, Math.round(seconds || 0));
  const minutes = Math.floor(total / 60);
  return [minutes && t("format.minutes", { n: minutes }), t("format.seconds", { n: total % 60 })]
    .filter(Boolean)
    .join(" ");
}

export function formatPercent(share, digits = 0) {
  return `${(100 * share).toFixed(digits)} %`;
}

export function trackTitle(track) {
  return track?.title || track?.track_id || t("format.untitled");
}

export function trackArtist(track) {
  return track?.artist || t("format.unknownArtist");
}

/** "Title by Artist", for labels. */
export function trackLabel(track) {
  if (!track?.artist) return trackTitle(track);
  return t("format.by", { title: trackTitle(track), artist: track.artist });
}

/** Join names: "A, B, and 3 more". A single name more than `most` is written out. */
export function joinNames(names, most = 3) {
  const rest = names.length - most;
  const shown = rest > 1 ? [...names.slice(0, most), t("format.more", { n: rest })] : names;
  return conjunction.format(shown);
}

/** Time of an event days to now: "5 minutes ago"; after 36 hours, its date. */
export function timeAgo(seconds) {
  const minutes = Math.round((Date.now() / 1000 - seconds) / 60);
  if (minutes < 1) return t("format.justNow");
  if (minutes < 60) return t("format.minutesAgo", { n: minutes });
  if (minutes < 60 * 36) return t("format.hoursAgo", { n: Math.round(minutes / 60) });
  return days.format(new Date(seconds * 1000));
}

/** Date and time of an event in a time zone; in that of the browser if the name is unknown. */
export function formatMoment(seconds, timeZone) {
  const options = /** @type {const} */ ({ dateStyle: "medium", timeStyle: "short" });
  const date = new Date(seconds * 1000);
  try {
    return new Intl.DateTimeFormat(language, { ...options, timeZone }).format(date);
  } catch {
    return new Intl.DateTimeFormat(language, options).format(date);
  }
}

/** Seconds that remain: "about 5 minutes left"; an empty string if they are unknown. */
export function timeLeft(seconds) {
  if (seconds === null || seconds === undefined) return "";
  const minutes = Math.round(seconds / 60);
  if (minutes < 1) return t("job.soon");
  if (minutes < 90) return t("job.minutesLeft", { n: minutes });
  return t("job.hoursLeft", { n: Math.round(minutes / 60) });
}
