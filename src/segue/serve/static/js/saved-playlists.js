// Changes of saved playlists, each with an undo.

import { get, patch, post, remove } from "./api.js";
import { t } from "./i18n.js";
import { notify } from "./notifications.js";

/** Kinds whose tracks are made again when they are opened, so that nobody edits them by hand. */
export const SELF_REFRESHING = ["mix", "rules"];

/** Address of the page of a playlist. */
export function playlistHref(id) {
  return `#/playlist?${new URLSearchParams({ id })}`;
}

/**
 * Name of a kind of playlist.
 *
 * @param {Api.Answer<"/playlists/{playlist}", "get">["kind"]} kind
 */
export function kindName(kind) {
  return t(`playlists.kind.${kind}`);
}

/** Read a playlist with its tracks. */
export function readPlaylist(id) {
  return get("/playlists/{playlist}", { params: { playlist: id } });
}

/**
 * Change a playlist.
 *
 * @param {string} id
 * @param {Api.Body<"/playlists/{playlist}", "patch">} changes
 */
export function changePlaylist(id, changes) {
  return patch("/playlists/{playlist}", changes, { params: { playlist: id } });
}

/** Make the tracks of a playlist by its recipe again. */
export function refreshPlaylist(id) {
  return post("/playlists/{playlist}/refresh", undefined, { params: { playlist: id } });
}

/**
 * Delete a playlist, say so, and offer to undo it; `restored` gets the playlist after that.
 *
 * @param {string} id
 * @param {(playlist: Api.Answer<"/playlists", "post">) => void} restored
 */
export async function deletePlaylist(id, restored) {
  const playlist = await readPlaylist(id);
  await remove("/playlists/{playlist}", { params: { playlist: id } });
  const { name, kind, recipe } = playlist;
  const tracks = playlist.tracks.map((track) => track.track_id);
  const own = kind === "tracks" ? {} : { recipe };
  notify(t("playlists.deleted", { name }), {
    label: t("common.undo"),
    action: async () => restored(await post("/playlists", { id, name, kind, tracks, ...own })),
  });
}
