// View of a playlist: a saved one, or a preview that is not saved yet.

import { apiUrl, patch, post, remove } from "../api.js";
import { fill, h } from "../dom.js";
import { plural } from "../format.js";
import { icon } from "../icons.js";
import { announce, notify, notifyError } from "../notifications.js";
import { fetchRadio } from "../radio.js";
import { asItem } from "./listen.js";
import "../elements/track-list.js";

/** Names of the kinds of playlists. */
export const KINDS = {
  tracks: "Tracks",
  like: "From tracks",
  path: "Path",
  blend: "Blend",
  radio: "Radio",
  mix: "Daily mix",
};
const FORMATS = {
  m3u8: "M3U8, for most players",
  xspf: "XSPF",
  jspf: "JSPF, with MusicBrainz ids",
};

/** Scroll to the playlist if it is below the screen. */
function scrollTo(stage) {
  if (stage.getBoundingClientRect().top > innerHeight / 2)
    stage.scrollIntoView({ behavior: "smooth" });
}

/** Show a saved playlist. `view` holds `stage` (its element), `reload()` and `open(id)`. */
export function showPlaylist(playlist, view) {
  const params = { playlist: playlist.id };
  const list = trackList(playlist.tracks, playlist.name, playlist);
  const name = h("input", {
    type: "text",
    class: "playlist-name",
    "aria-label": "Playlist name",
    value: playlist.name,
    maxlength: 200,
  });
  name.addEventListener("change", () =>
    patch("/playlists/{playlist}", { name: name.value.trim() || playlist.name }, { params }).then(
      view.reload,
      notifyError,
    ),
  );
  const refreshTracks = async () => {
    try {
      const now = await post("/playlists/{playlist}/refresh", undefined, { params });
      await list.show(now.tracks.map(asItem), { added: now.changes?.added });
      announce(
        `${plural(now.changes?.added.length, "new track")}, ${now.changes?.removed.length} removed.`,
      );
      view.reload();
    } catch (error) {
      notifyError(error);
    }
  };
  const deletePlaylist = async () => {
    await remove("/playlists/{playlist}", { params }).catch(notifyError);
    fill(view.stage, h("p", { class: "empty" }, `Deleted ${playlist.name}.`));
    view.reload();
  };
  const refresh = h(
    "button",
    { type: "button", on: { click: refreshTracks } },
    icon("refresh"),
    "Refresh",
  );
  const trash = h("button", {
    class: "icon-button",
    type: "button",
    title: "Delete",
    on: { click: deletePlaylist },
  });
  trash.setAttribute("aria-label", `Delete ${playlist.name}`);
  trash.append(icon("trash"));
  fill(
    view.stage,
    h("h2", { class: "visually-hidden" }, playlist.name),
    h(
      "div",
      { class: "between" },
      name,
      h(
        "div",
        { class: "row" },
        playButton(list),
        playlist.kind === "tracks" ? null : refresh,
        exportMenu(params),
        trash,
      ),
    ),
    h("p", { class: "muted-text" }, KINDS[playlist.kind]),
    list,
    hints(playlist.hints),
  );
  scrollTo(view.stage);
}

/** Show a playlist that is not saved. `wanted` is the body of the request that saves it. */
export function showPreview(found, wanted, view) {
  const list = trackList(found.tracks, wanted.name, wanted);
  const name = h("input", {
    type: "text",
    class: "playlist-name",
    "aria-label": "Playlist name",
    value: wanted.name,
    maxlength: 200,
  });
  const save = async () => {
    try {
      const tracks = list.items.map((item) => item.track.track_id);
      const made = await post("/playlists", {
        ...wanted,
        name: name.value.trim() || wanted.name,
        tracks,
      });
      notify(`Saved ${made.name}.`);
      await view.reload();
      await view.open(made.id);
    } catch (error) {
      notifyError(error);
    }
  };
  fill(
    view.stage,
    h("h2", { class: "visually-hidden" }, wanted.name),
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
          "Save",
        ),
      ),
    ),
    list,
    hints(found.hints),
  );
  scrollTo(view.stage);
}

function trackList(tracks, source, { kind, recipe }) {
  const list = h("track-list", { "aria-label": source });
  if (kind === "radio") list.fetchNext = (recent) => fetchRadio(recipe, recent);
  list.source = source;
  list.proposed = kind !== "tracks";
  list.show((tracks ?? []).map(asItem), { animate: false });
  return list;
}

function playButton(list) {
  return h(
    "button",
    { type: "button", on: { click: () => list.items.length && list.play(list.items[0].track) } },
    icon("play"),
    "Play",
  );
}

function hints(said) {
  return said?.length
    ? h(
        "ul",
        { class: "hints muted-text" },
        said.map((hint) => h("li", {}, hint)),
      )
    : null;
}

function exportMenu(params) {
  return h(
    "details",
    { class: "menu" },
    h("summary", { class: "button" }, icon("save"), "Export"),
    h(
      "ul",
      {},
      Object.entries(FORMATS).map(([format, about]) =>
        h(
          "li",
          {},
          h(
            "a",
            {
              href: apiUrl("/playlists/{playlist}/export", { params, query: { format } }),
              download: "",
            },
            about,
          ),
        ),
      ),
    ),
  );
}
