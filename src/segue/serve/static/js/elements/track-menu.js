// Menu of a track. The entries are loaded when a menu is opened first.

import { notifyError } from "../notifications.js";

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
