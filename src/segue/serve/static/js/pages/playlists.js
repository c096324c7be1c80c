// Playlists page: create, open, refresh, delete, import and export playlists.

import { get, upload } from "../api.js";
import { fill, h } from "../dom.js";
import { fetchMix } from "../elements/home-rows.js";
import { joinNames, plural, timeAgo } from "../format.js";
import { icon } from "../icons.js";
import { notifyError } from "../notifications.js";
import { playlistForms } from "./playlist-forms.js";
import { KINDS, showPlaylist, showPreview } from "./playlist-view.js";

export const playlists = {
  title: "Playlists",
  async show(main, { heading, query }) {
    const saved = h("ul", { class: "saved", "aria-label": "Saved playlists" });
    const stage = h("section", { class: "playlist-view", "aria-live": "off" });
    const view = {
      stage,
      reload: () => showSaved(saved, view),
      open: (id) => open(id, view),
    };
    fill(
      main,
      h(
        "div",
        { class: "page-head" },
        h(
          "div",
          {},
          heading,
          h("p", {}, "Create playlists, save them, and export them to other players."),
        ),
        importer(view),
      ),
      h(
        "div",
        { class: "playlists" },
        h(
          "div",
          { class: "stack" },
          playlistForms(view, query),
          h(
            "section",
            { "aria-labelledby": "saved-title" },
            h("h2", { id: "saved-title" }, "Saved"),
            saved,
          ),
        ),
        stage,
      ),
    );
    await view.reload();
    if (query.get("open")) await view.open(query.get("open"));
    else if (query.get("mix")) await showMix(query, view);
    else if (!stage.childElementCount)
      fill(stage, h("p", { class: "empty" }, "Create a playlist or open a saved one."));
  },
};

/** Show the daily mix of an interest, which can be saved and refreshed on other days. */
async function showMix(query, view) {
  const interest = query.get("mix");
  const name = query.get("name") ?? "Daily mix";
  try {
    showPreview(await fetchMix(interest), { name, kind: "mix", recipe: { interest } }, view);
  } catch (error) {
    notifyError(error);
  }
}

async function showSaved(list, view) {
  try {
    const { items } = await get("/playlists");
    fill(
      list,
      items.length
        ? items.map((one) =>
            h(
              "li",
              {},
              h(
                "button",
                { class: "saved-playlist", type: "button", on: { click: () => view.open(one.id) } },
                h("span", {}, one.name),
                h(
                  "small",
                  {},
                  [
                    KINDS[one.kind] ?? one.kind,
                    plural(one.n_tracks, "track"),
                    timeAgo(one.changed),
                  ].join(" · "),
                ),
              ),
            ),
          )
        : h("li", { class: "muted-text" }, "No playlists yet."),
    );
  } catch (error) {
    notifyError(error);
  }
}

async function open(id, view) {
  try {
    showPlaylist(await get("/playlists/{playlist}", { params: { playlist: id } }), view);
  } catch (error) {
    notifyError(error);
  }
}

function importer(view) {
  const field = h("input", {
    type: "file",
    class: "visually-hidden",
    id: "import",
    accept: ".m3u,.m3u8,.xspf,.jspf,.json",
  });
  field.addEventListener("change", async () => {
    const [file] = field.files ?? [];
    field.value = "";
    if (!file) return;
    try {
      const found = await upload("/playlists/import", file);
      const name = found.name ?? file.name.replace(/\.\w+$/, "");
      showPreview(
        { tracks: found.tracks, hints: [...unmatched(found), ...found.problems] },
        { name, kind: "tracks" },
        view,
      );
    } catch (error) {
      notifyError(error);
    }
  });
  return h(
    "div",
    {},
    field,
    h("label", { class: "button", for: "import" }, icon("open"), "Import a file"),
  );
}

function unmatched({ unmatched: names, n_unmatched: n }) {
  return n
    ? [
        `${plural(n, "track")} of the file ${n === 1 ? "is" : "are"} not in this library: ${joinNames(names, 8)}.`,
      ]
    : [];
}
