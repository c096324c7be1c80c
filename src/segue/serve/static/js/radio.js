// Radios that start at one click.

import { trackTitle } from "./format.js";
import { t } from "./i18n.js";
import { notify, notifyError } from "./notifications.js";
import { player } from "./player.js";
import { markProposed } from "./proposed-tracks.js";
import { radioTracks } from "./radio-tracks.js";

/** Play a track, and an endless radio of tracks like it after that. */
export function startRadio(track) {
  const source = t("radio.of", { name: trackTitle(track) });
  player.play(track, [], source, radioTracks({ like: [track.track_id] }));
}

/** Play an endless radio of the listener's taste. */
export async function startOwnRadio() {
  try {
    const fetchNext = radioTracks({});
    const tracks = await fetchNext([]);
    const [first, ...rest] = tracks.filter((track) => track.playable !== false);
    if (!first) return notify(t("radio.empty"));
    markProposed([first, ...rest]);
    return player.play(first, rest, t("radio.own"), fetchNext);
  } catch (error) {
    return notifyError(error);
  }
}

/**
 * Up to `most` items, evenly spread over all of them.
 *
 * @template T
 * @param {T[]} items
 */
export function spread(items, most) {
  if (items.length <= most) return items;
  return Array.from(
    { length: most },
    (_, place) => items[Math.floor((place * items.length) / most)],
  );
}
