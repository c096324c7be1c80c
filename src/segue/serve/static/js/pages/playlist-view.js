// What of a playlist is on the stage: one that is saved, or one that was just made.

import { address, ask, patch, post, remove } from "../api.js";
import { fill, h } from "../dom.js";
import { counted } from "../format.js";
import { icon } from "../icons.js";
import { note, noteProblem, say } from "../notifications.js";
import { asItem } from "./listen.js";
import "../elements/track-list.js";

/** What kinds of playlists are called. */
export const KINDS = {
  tracks: "Tracks",
  like: "From seeds",
  path: "Path",
  blend: "Blend",
  radio: "Radio",
};
const FORMATS = {
  m3u8: "M3U8, for most players",
  xspf: "XSPF",
  jspf: "JSPF, with MusicBrainz ids",
};

/** Where the stage lies below, bring it up. */
function show(stage) {
  if (stage.getBoundingClientRect().top > innerHeight / 2)
    stage.scrollIntoView({ behavior: "smooth" });
}

/** A saved playlist on the stage. `view` holds `stage`, `reload()` and `open(id)`. */
export function showPlaylist(playlist, view) {
  const path = `/playlists/${playlist.id}`;
  const list = trackList(playlist.tracks, playlist.name, playlist);
  const name = h("input", {
    type: "text",
    class: "playlist-name",
    "aria-label": "Name of the playlist",
    value: playlist.name,
    maxlength: 200,
  });
  name.addEventListener("change", () =>
    patch(path, { name: name.value.trim() || playlist.name }).then(view.reload, noteProblem),
  );
  const again = async () => {
    try {
      const now = await post(`${path}/refresh`);
      await list.show(now.tracks.map(asItem), { entered: now.changes.added });
      say(
        `${counted(now.changes.added.length, "track")} entered, ${now.changes.removed.length} left.`,
      );
      view.reload();
    } catch (error) {
      noteProblem(error);
    }
  };
  const gone = async () => {
    await remove(path).catch(noteProblem);
    fill(view.stage, h("p", { class: "empty" }, `${playlist.name} is deleted.`));
    view.reload();
  };
  const refresh = h("button", { type: "button", on: { click: again } }, icon("refresh"), "Refresh");
  const trash = h("button", {
    class: "bare",
    type: "button",
    title: "Delete",
    on: { click: gone },
  });
  trash.setAttribute("aria-label", `Delete ${playlist.name}`);
  trash.append(icon("trash"));
  fill(
    view.stage,
    h("h2", { class: "unseen" }, playlist.name),
    h(
      "div",
      { class: "between" },
      name,
      h(
        "div",
        { class: "row" },
        playButton(list),
        playlist.kind === "tracks" ? null : refresh,
        exportMenu(path),
        trash,
      ),
    ),
    h("p", { class: "quiet-text" }, KINDS[playlist.kind]),
    list,
    hints(playlist.hints),
  );
  show(view.stage);
}

/** A playlist that is not saved, on the stage. `wanted` is what saving it sends. */
export function showPreview(found, wanted, view) {
  const list = trackList(found.tracks, wanted.name, wanted);
  const name = h("input", {
    type: "text",
    class: "playlist-name",
    "aria-label": "Name to save it under",
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
      note(`${made.name} is saved.`);
      await view.reload();
      await view.open(made.id);
    } catch (error) {
      noteProblem(error);
    }
  };
  fill(
    view.stage,
    h("h2", { class: "unseen" }, wanted.name),
    h(
      "div",
      { class: "between" },
      name,
      h(
        "div",
        { class: "row" },
        playButton(list),
        h("button", { class: "main", type: "button", on: { click: save } }, icon("save"), "Save"),
      ),
    ),
    list,
    hints(found.hints),
  );
  show(view.stage);
}

function trackList(tracks, source, { kind, recipe }) {
  const list = h("track-list", { "aria-label": source });
  if (kind === "radio") list.more = (recent) => goOn(recipe, recent);
  list.source = source;
  list.show((tracks ?? []).map(asItem), { animate: false });
  return list;
}

/** What a radio plays next. */
async function goOn({ like, dislike }, recent) {
  const { tracks } = await ask("/radio", { like, dislike, recent, k: 10 });
  return tracks.map((entry) => entry.track);
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
        { class: "hints quiet-text" },
        said.map((hint) => h("li", {}, hint)),
      )
    : null;
}

function exportMenu(path) {
  return h(
    "details",
    { class: "menu" },
    h("summary", { class: "button" }, icon("save"), "Export"),
    h(
      "ul",
      {},
      Object.entries(FORMATS).map(([format, about]) =>
        h("li", {}, h("a", { href: address(`${path}/export`, { format }), download: "" }, about)),
      ),
    ),
  );
}
