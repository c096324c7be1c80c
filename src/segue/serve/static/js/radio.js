// Radio: the next tracks of an endless list, and radios that start at one click.

import { postQuery } from "./api.js";
import { trackTitle } from "./format.js";
import { player } from "./player.js";

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
  player.play(track, [], `the radio of ${trackTitle(track)}`, (recent) =>
    fetchRadio(recipe, recent),
  );
}
