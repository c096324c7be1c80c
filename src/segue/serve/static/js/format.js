// Numbers and names as people read them.

const whole = new Intl.NumberFormat("en");

/** 1234567 -> 1,234,567 */
export function count(number) {
  return whole.format(number ?? 0);
}

/** "1 track", "2 tracks" */
export function counted(number, one, several = `${one}s`) {
  return `${count(number)} ${number === 1 ? one : several}`;
}

/** Seconds as 3:07 or 1:02:45; nothing where they are not known. */
export function clock(seconds) {
  if (!Number.isFinite(seconds)) return "";
  const total = Math.max(0, Math.round(seconds));
  const parts = [Math.floor(total / 60) % 60, String(total % 60).padStart(2, "0")];
  const hours = Math.floor(total / 3600);
  if (hours) (parts.unshift(hours), (parts[1] = String(parts[1]).padStart(2, "0")));
  return parts.join(":");
}

/** The same for a screen reader: "3 minutes 7 seconds". */
export function spokenTime(seconds) {
  const total = Math.max(0, Math.round(seconds || 0));
  const minutes = Math.floor(total / 60);
  return [minutes && counted(minutes, "minute"), counted(total % 60, "second")]
    .filter(Boolean)
    .join(" ");
}

export function percent(share, digits = 0) {
  return `${(100 * share).toFixed(digits)} %`;
}

export function title(track) {
  return track?.title || track?.track_id || "Untitled";
}

export function artist(track) {
  return track?.artist || "Unknown artist";
}

/** "Title by Artist", for labels. */
export function named(track) {
  return track?.artist ? `${title(track)} by ${track.artist}` : title(track);
}

/** Some names in a row: "A, B and 3 more". */
export function some(names, most = 3) {
  const rest = names.length - most;
  if (rest > 1) return `${names.slice(0, most).join(", ")} and ${rest} more`;
  return names.length > 1
    ? `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`
    : (names[0] ?? "");
}

/** When something was, by its distance from now. */
export function ago(seconds) {
  const minutes = Math.round((Date.now() / 1000 - seconds) / 60);
  if (minutes < 1) return "just now";
  if (minutes < 60) return `${counted(minutes, "minute")} ago`;
  if (minutes < 60 * 36) return `${counted(Math.round(minutes / 60), "hour")} ago`;
  return new Date(seconds * 1000).toLocaleDateString("en", { dateStyle: "medium" });
}
