// The next tracks of a radio, as an endless list for `player.play`.

import { postQuery } from "./api.js";

/** @typedef {{like?: string[], dislike?: string[], dials?: object}} RadioRecipe */

/**
 * Returns further tracks, given the ids of recent and upcoming ones, latest last. With a `recipe` the
 * player can continue the list after a reload of the page.
 *
 * @typedef {((recent: string[]) => Promise<Api.Track[]>) & {recipe?: RadioRecipe}} FetchNext
 */

/**
 * Return what fetches the next tracks of a radio.
 *
 * @param {RadioRecipe} recipe
 * @returns {FetchNext}
 */
export function radioTracks({ like = [], dislike = [], dials = {} }) {
  const fetchNext = async (recent) => {
    const { tracks } = await postQuery("/radio", { like, dislike, recent, dials, k: 10 });
    return tracks.map((entry) => entry.track);
  };
  return Object.assign(fetchNext, { recipe: { like, dislike, dials } });
}
