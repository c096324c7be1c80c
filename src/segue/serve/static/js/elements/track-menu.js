// Menu of a track, and what it does with the queue. The entries are loaded when a menu is opened first.

import { trackTitle } from "../format.js";
import { t } from "../i18n.js";
import { notify, notifyError } from "../notifications.js";
import { player } from "../player.js";
import { isProposed, markProposed } from "../proposed-tracks.js";

/**
 * `why` shows why the track is recommended, where the button's list can; `extra` are more entries, such
 * as "Remove from this playlist".
 *
 * @typedef {{why?: () => void, extra?: import("./menu.js").MenuEntry[]}} TrackMenuOptions
 */

/**
 * Open the menu of a track at a button.
 *
 * @param {Api.Track} track
 * @param {HTMLElement} button
 * @param {TrackMenuOptions} [options]
 */
export function openTrackMenu(track, button, options = {}) {
  import("./track-menu-entries.js").then(
    ({ showTrackMenu }) => showTrackMenu(track, button, options),
    notifyError,
  );
}

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
