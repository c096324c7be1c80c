// Radio: the next tracks of an endless list, and radios that start at one click.

import { postQuery } from "./api.js";
import { trackTitle } from "./format.js";
import { t } from "./i18n.js";
import { notify, notifyError } from "./notifications.js";
import { player } from "./player.js";
import { markProposed } from "./proposed-tracks.js";

/**
 * Request the next tracks of a radio.
 *
 * @param {{like?: string[], dislike?: string[], dials?: object}} recipe
 * @param {string[]} recent ids of the tracks that were played or are queued, latest last
 */
export async function fetchRadio({ like = [], dislike = [], dials = {} }, recent) {
  const { tracks } = await postQuery("/radio", { like, dislike, recent, dials, k: 10 });
  return tracks.map((entry) => entry.track);
}

/** Play a track, and an endless radio of tracks like it after that. */
export function startRadio(track) {
  const recipe = { like: [track.track_id] };
  player.play(track, [], t("radio.of", { name: trackTitle(track) }), (recent) =>
    fetchRadio(recipe, recent),
  );
}

/** Play an endless radio of the listener's taste. */
export async function startOwnRadio() {
  try {
    const tracks = await fetchRadio({}, []);
    const [first, ...rest] = tracks.filter((track) => track.playable !== false);
    if (!first) return notify(t("radio.empty"));
    markProposed([first, ...rest]);
    return player.play(first, rest, t("radio.own"), (recent) => fetchRadio({}, recent));
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
