// Playlists: made from seeds, from one track to another, for several listeners, or as a radio; kept,
// made anew, written to files and read from them.

import { address, ask, get, patch, post, remove, sendFile } from "../api.js";
import { fill, h } from "../dom.js";
import { ago, counted, some } from "../format.js";
import { icon } from "../icons.js";
import { note, noteProblem, say } from "../say.js";
import { asItem } from "./listen.js";
import { makers } from "./playlist-makers.js";
import "../elements/track-list.js";

const KINDS = { tracks: "Tracks", like: "From seeds", path: "Path", blend: "Blend", radio: "Radio" };
const FORMATS = { m3u8: "M3U8, for most players", xspf: "XSPF", jspf: "JSPF, with MusicBrainz ids" };

export const playlists = {
  title: "Playlists",
  async show(main, { heading, query }) {
    const saved = h("ul", { class: "saved", "aria-label": "Saved playlists" });
    const stage = h("section", { class: "stage", "aria-live": "off" });
    const view = { stage, reload: () => showSaved(saved, view), saved };
    fill(
      main,
      h("div", { class: "page-head" }, h("div", {}, heading, h("p", {}, "Made for you, kept by you, written to files that other players read.")), importer(view)),
      h("div", { class: "playlists" }, h("div", { class: "stack" }, makers(view, query), h("section", { "aria-labelledby": "saved-title" }, h("h2", { id: "saved-title" }, "Saved"), saved)), stage),
    );
    await view.reload();
    if (query.get("open")) await open(query.get("open"), view);
    else if (!stage.childElementCount) fill(stage, h("p", { class: "empty" }, "Make a playlist, or open one that is saved."));
  },
};

async function showSaved(list, view) {
  try {
    const { items } = await get("/playlists");
    fill(list, items.length ? items.map((one) => h("li", {}, h(
      "button", { class: "saved-one", type: "button", on: { click: () => open(one.id, view) } },
      h("span", {}, one.name), h("small", {}, [KINDS[one.kind] ?? one.kind, counted(one.n_tracks, "track"), ago(one.changed)].join(" · ")),
    ))) : h("li", { class: "quiet-text" }, "None yet."));
  } catch (error) {
    noteProblem(error);
  }
}

async function open(id, view) {
  try {
    showPlaylist(await get(`/playlists/${id}`), view);
    show(view.stage);
  } catch (error) {
    noteProblem(error);
  }
}

/** Where the stage lies below, bring it up. */
function show(stage) {
  if (stage.getBoundingClientRect().top > innerHeight / 2) stage.scrollIntoView({ behavior: "smooth" });
}

/** A saved playlist on the stage. */
function showPlaylist(playlist, view) {
  const path = `/playlists/${playlist.id}`;
  const list = trackList(playlist.tracks, playlist.name, playlist);
  const name = h("input", { type: "text", class: "playlist-name", "aria-label": "Name of the playlist", value: playlist.name, maxlength: 200 });
  name.addEventListener("change", () => patch(path, { name: name.value.trim() || playlist.name }).then(view.reload, noteProblem));
  const again = async () => {
    try {
      const now = await post(`${path}/refresh`);
      await list.show(now.tracks.map(asItem), { entered: now.changes.entered });
      say(`${counted(now.changes.entered.length, "track")} entered, ${now.changes.left.length} left.`);
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
  fill(
    view.stage, h("h2", { class: "unseen" }, playlist.name),
    h("div", { class: "between" }, name, h(
      "div", { class: "row" }, playButton(list), playlist.kind === "tracks" ? null : h("button", { type: "button", on: { click: again } }, icon("refresh"), "Refresh"), exportMenu(path),
      h("button", { class: "bare", type: "button", "aria-label": `Delete ${playlist.name}`, title: "Delete", on: { click: gone } }, icon("trash")),
    )),
    h("p", { class: "quiet-text" }, KINDS[playlist.kind]), list, hints(playlist.hints),
  );
}

/** A playlist that is not saved, on the stage. `wanted` is what saving it sends. */
export function showPreview(found, wanted, view) {
  const list = trackList(found.tracks, wanted.name, wanted);
  const name = h("input", { type: "text", class: "playlist-name", "aria-label": "Name to save it under", value: wanted.name, maxlength: 200 });
  const save = async () => {
    try {
      const tracks = list.items.map((item) => item.track.track_id);
      const made = await post("/playlists", { ...wanted, name: name.value.trim() || wanted.name, tracks });
      note(`${made.name} is saved.`);
      await view.reload();
      await open(made.id, view);
    } catch (error) {
      noteProblem(error);
    }
  };
  fill(
    view.stage, h("h2", { class: "unseen" }, wanted.name),
    h("div", { class: "between" }, name, h("div", { class: "row" }, playButton(list), h("button", { class: "main", type: "button", on: { click: save } }, icon("save"), "Save"))),
    list, hints(found.hints),
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
  return h("button", { type: "button", on: { click: () => list.items.length && list.play(list.items[0].track) } }, icon("play"), "Play");
}

function hints(said) {
  return said?.length ? h("ul", { class: "hints quiet-text" }, said.map((hint) => h("li", {}, hint))) : null;
}

function exportMenu(path) {
  return h(
    "details", { class: "menu" }, h("summary", { class: "button" }, icon("save"), "Export"),
    h("ul", {}, Object.entries(FORMATS).map(([format, about]) => h("li", {}, h("a", { href: address(`${path}/export`, { format }), download: "" }, about)))),
  );
}

function importer(view) {
  const field = h("input", { type: "file", class: "unseen", id: "import", accept: ".m3u,.m3u8,.xspf,.jspf,.json" });
  field.addEventListener("change", async () => {
    const [file] = field.files;
    field.value = "";
    if (!file) return;
    try {
      const found = await sendFile("/playlists/import", file);
      const name = found.name ?? file.name.replace(/\.\w+$/, "");
      showPreview({ tracks: found.tracks, hints: [...unmatched(found), ...found.problems] }, { name, kind: "tracks" }, view);
    } catch (error) {
      noteProblem(error);
    }
  });
  return h("div", {}, field, h("label", { class: "button", for: "import" }, icon("open"), "Import a file"));
}

function unmatched({ unmatched: names, n_unmatched: n }) {
  return n ? [`${counted(n, "track")} of the file ${n === 1 ? "is" : "are"} not in this library: ${some(names, 8)}.`] : [];
}
