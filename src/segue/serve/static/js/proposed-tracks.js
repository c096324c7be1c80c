// Tracks that came from a list, radio or playlist that segue made: their plays and skips say so.

/** @type {WeakSet<Api.Track>} */
const proposed = new WeakSet();

/** Note that segue proposed these tracks. */
export function markProposed(tracks) {
  for (const track of tracks) proposed.add(track);
}

/** Whether segue proposed this track, as an object of an answer of the server. */
export function isProposed(track) {
  return proposed.has(track);
}
