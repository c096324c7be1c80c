// Menu "Add to playlist": add tracks to a saved playlist or to a new one.

import { get, patch, post, remove } from "../api.js";
import { t } from "../i18n.js";
import { notify, notifyError } from "../notifications.js";
import { SELF_REFRESHING } from "../saved-playlists.js";
import { openMenu } from "./menu.js";

const MAX_LISTED = 200;

/**
 * Open the menu at a button, for several tracks.
 *
 * @param {Api.Track[]} tracks
 * @param {HTMLElement} button
 * @param {() => void} [added] called after the tracks were added
 */
export async function openPlaylistMenu(tracks, button, added) {
  try {
    const entries = await playlistEntries(tracks, t("playlists.newName"), added);
    openMenu(button, entries, { label: t("menu.addToPlaylist") });
  } catch (error) {
    notifyError(error);
  }
}

/**
 * Entries of the menu: a new playlist, then the saved ones, the one that was changed last first.
 *
 * @param {Api.Track[]} tracks
 * @param {string} name of a new playlist
 * @param {() => void} [added]
 * @returns {Promise<import("./menu.js").MenuEntry[]>}
 */
export async function playlistEntries(tracks, name, added) {
  const { items } = await get("/playlists", { query: { limit: MAX_LISTED } });
  const ids = [...new Set(tracks.map((track) => track.track_id))];
  const guarded = (action) => () => action().then(() => added?.(), notifyError);
  return [
    {
      text: t("menu.newPlaylist"),
      icon: "add",
      action: guarded(() => addToNew(ids, name)),
    },
    ...items
      .filter((one) => !SELF_REFRESHING.includes(one.kind)) // a refresh would undo it
      .sort((one, other) => other.changed - one.changed)
      .map((one) => ({
        text: one.name,
        icon: "playlists",
        about: t("n.tracks", { n: one.n_tracks }),
        action: guarded(() => addTo(one, ids)),
      })),
  ];
}

async function addToNew(ids, name) {
  const made = await post("/playlists", { name: name.slice(0, 200), tracks: ids });
  notify(t("playlists.created", { name: made.name }), {
    label: t("common.undo"),
    action: () =>
      remove("/playlists/{playlist}", { params: { playlist: made.id } }).catch(notifyError),
  });
}

async function addTo(playlist, ids) {
  const params = { playlist: playlist.id };
  const before = await get("/playlists/{playlist}", { params });
  const there = new Set(before.tracks.map((track) => track.track_id));
  const fresh = ids.filter((id) => !there.has(id));
  if (!fresh.length) return notify(t("playlists.alreadyIn", { name: playlist.name }));
  await patch("/playlists/{playlist}", { add: fresh }, { params });
  return notify(t("playlists.added", { n: fresh.length, name: playlist.name }), {
    label: t("common.undo"),
    action: () => patch("/playlists/{playlist}", { remove: fresh }, { params }).catch(notifyError),
  });
}
