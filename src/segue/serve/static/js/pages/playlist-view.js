// Views of a playlist that is not saved yet, and what they share with the page of a saved one.

import { apiUrl, post } from "../api.js";
import { fill, h } from "../dom.js";
import { t } from "../i18n.js";
import { icon } from "../icons.js";
import { notify, notifyError } from "../notifications.js";
import { radioTracks } from "../radio-tracks.js";
import { playlistHref } from "../saved-playlists.js";
import { asItem } from "./listen.js";
import "../elements/track-list.js";

const FORMATS = /** @type {const} */ (["m3u8", "xspf", "jspf"]);

/**
 * Show a playlist that is not saved in `stage`. `wanted` is the body of the request that saves it.
 *
 * @param {{tracks: any[], hints: string[]}} found
 */
export function showPreview(found, wanted, stage) {
  const list = playlistTracks(found.tracks, wanted.name, wanted);
  const name = nameField(wanted.name);
  const save = async () => {
    try {
      const made = await post("/playlists", {
        ...wanted,
        name: name.value.trim() || wanted.name,
        tracks: list.items.map((item) => item.track.track_id),
      });
      notify(t("playlists.savedAs", { name: made.name }));
      location.hash = playlistHref(made.id);
    } catch (error) {
      notifyError(error);
    }
  };
  fill(
    stage,
    h(
      "div",
      { class: "between" },
      name,
      h(
        "div",
        { class: "row" },
        playButton(list),
        h(
          "button",
          { class: "primary", type: "button", on: { click: save } },
          icon("save"),
          t("playlists.save"),
        ),
      ),
    ),
    found.tracks.length ? null : h("p", { class: "empty" }, t("playlists.empty")),
    list,
    hintList(found.hints),
  );
  if (stage.getBoundingClientRect().top > innerHeight / 2)
    stage.scrollIntoView({ behavior: "smooth" });
}

/** Field with the name of a playlist. */
export function nameField(value) {
  return h("input", {
    type: "text",
    class: "playlist-name",
    "aria-label": t("playlists.name"),
    dir: "auto",
    value,
    title: value,
    maxlength: 200,
  });
}

/**
 * List of the tracks of a playlist.
 *
 * @param {any[]} tracks
 * @param {string} source
 * @param {{kind: string, recipe?: any}} playlist
 * @param {import("../elements/track-list.js").TrackList["editor"]} [editor]
 */
export function playlistTracks(tracks, source, { kind, recipe }, editor = null) {
  const list = h("track-list", { "aria-label": source });
  if (kind === "radio") list.fetchNext = radioTracks(recipe);
  list.source = source;
  list.proposed = kind !== "tracks" && kind !== "rules";
  list.editor = editor;
  list.show(tracks.map(asItem), { animate: false });
  return list;
}

export function playButton(list) {
  return h(
    "button",
    { class: "primary", type: "button", on: { click: () => list.play() } },
    icon("play"),
    t("row.playShort"),
  );
}

/** Sentences of the server about a list. */
export function hintList(said) {
  return said?.length
    ? h(
        "ul",
        { class: "hints muted-text" },
        said.map((hint) => h("li", { dir: "auto" }, hint)),
      )
    : null;
}

/** Entries of a menu that export a saved playlist. */
export function exportEntries(id) {
  return FORMATS.map((format) => ({
    text: t(`playlists.export.${format}`),
    icon: "save",
    href: apiUrl("/playlists/{playlist}/export", { params: { playlist: id }, query: { format } }),
    download: true,
  }));
}
