// Radio: the next tracks of an endless list, and radios that start at one click.

import { get, postQuery } from "./api.js";
import { trackTitle } from "./format.js";
import { t } from "./i18n.js";
import { notify, notifyError } from "./notifications.js";
import { player } from "./player.js";
import { markProposed } from "./proposed-tracks.js";

const MAX_SEEDS = 30;
const MAX_READ = 500;

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

/**
 * Play an endless radio of tracks like those given; without tracks, one of the listener's taste.
 *
 * @param {Api.Track[]} tracks
 * @param {string} name of the artist, album, playlist or genre
 */
export async function startRadioOf(tracks, name) {
  const like = spread(tracks, MAX_SEEDS).map((track) => track.track_id);
  const source = name ? t("radio.of", { name }) : t("radio.own");
  try {
    const found = (await fetchRadio({ like }, [])).filter((track) => track.playable !== false);
    if (!found.length) return notify(t("radio.empty"));
    markProposed(found);
    const more = (recent) => fetchRadio({ like }, recent);
    return player.play(found[0], found.slice(1), source, more);
  } catch (error) {
    return notifyError(error);
  }
}

/**
 * Play an endless radio of tracks like those of an artist, album or genre.
 *
 * @param {{artist?: string, album?: string, genre?: string}} which
 */
export async function startRadioFrom(which) {
  try {
    const { items } = await get("/tracks", { query: { ...which, limit: MAX_READ } });
    await startRadioOf(items, which.album ?? which.artist ?? which.genre ?? "");
  } catch (error) {
    notifyError(error);
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
