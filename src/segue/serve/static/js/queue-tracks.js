// Add tracks to the queue of the player, with an undo.

import { trackTitle } from "./format.js";
import { t } from "./i18n.js";
import { notify } from "./notifications.js";
import { player } from "./player.js";
import { isProposed, markProposed } from "./proposed-tracks.js";

/** Add tracks to the queue, at its start or end, say so, and offer to undo it. */
export function queueTracks(tracks, first = false) {
  const added = new Set(tracks.filter((track) => track.playable !== false).map(copyOf));
  const playable = [...added];
  player.enqueue(playable, { first });
  notify(
    t(first ? "menu.playsNext" : "menu.queued", {
      n: playable.length,
      title: playable.length === 1 ? trackTitle(playable[0]) : "",
    }),
    { label: t("common.undo"), action: () => player.dropWhere((track) => added.has(track)) },
  );
}

/** Copy of a track, so that an undo removes this entry of the queue and no other. */
function copyOf(track) {
  const copy = { ...track };
  if (isProposed(track)) markProposed([copy]);
  return copy;
}
