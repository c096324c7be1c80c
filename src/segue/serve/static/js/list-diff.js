// Compare and merge lists of items `{track}`.

/** Ids that are only in `now`, in its order, and tracks that are only in `before`. */
export function listChanges(before, now) {
  const [old, present] = [idsOf(before), idsOf(now)];
  return {
    added: [...present].filter((id) => !old.has(id)),
    removed: before.filter((item) => !present.has(item.track.track_id)).map((item) => item.track),
  };
}

/**
 * Return `fresh` with the items of `shown` for which `isKept` is true, each at its place in `shown`.
 *
 * @template {{track: {track_id: string}}} T
 * @param {T[]} shown
 * @param {T[]} fresh
 * @param {(item: T) => unknown} isKept
 */
export function mergeKept(shown, fresh, isKept) {
  const ids = idsOf(fresh);
  const merged = [...fresh];
  for (const [place, item] of shown.entries())
    if (!ids.has(item.track.track_id) && isKept(item)) merged.splice(place, 0, item);
  return merged;
}

/** Return `items` with the one at `from` moved to the place `to`. */
export function moveItem(items, from, to) {
  const moved = [...items];
  moved.splice(to, 0, ...moved.splice(from, 1));
  return moved;
}

function idsOf(items) {
  return new Set(items.map((item) => item.track.track_id));
}
