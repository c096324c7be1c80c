// Playlists: made from seeds, from one track to another, for several listeners, or as a radio; kept,
// made anew, written to files and read from them.

import { get, sendFile } from "../api.js";
import { fill, h } from "../dom.js";
import { ago, counted, some } from "../format.js";
import { icon } from "../icons.js";
import { noteProblem } from "../notifications.js";
import { makers } from "./playlist-forms.js";
import { KINDS, showPlaylist, showPreview } from "./playlist-view.js";

export const playlists = {
  title: "Playlists",
  async show(main, { heading, query }) {
    const saved = h("ul", { class: "saved", "aria-label": "Saved playlists" });
    const stage = h("section", { class: "stage", "aria-live": "off" });
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
          h("p", {}, "Made for you, kept by you, written to files that other players read."),
        ),
        importer(view),
      ),
      h(
        "div",
        { class: "playlists" },
        h(
          "div",
          { class: "stack" },
          makers(view, query),
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
    else if (!stage.childElementCount)
      fill(stage, h("p", { class: "empty" }, "Make a playlist, or open one that is saved."));
  },
};

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
                { class: "saved-one", type: "button", on: { click: () => view.open(one.id) } },
                h("span", {}, one.name),
                h(
                  "small",
                  {},
                  [
                    KINDS[one.kind] ?? one.kind,
                    counted(one.n_tracks, "track"),
                    ago(one.changed),
                  ].join(" · "),
                ),
              ),
            ),
          )
        : h("li", { class: "quiet-text" }, "None yet."),
    );
  } catch (error) {
    noteProblem(error);
  }
}

async function open(id, view) {
  try {
    showPlaylist(await get(`/playlists/${id}`), view);
  } catch (error) {
    noteProblem(error);
  }
}

function importer(view) {
  const field = h("input", {
    type: "file",
    class: "unseen",
    id: "import",
    accept: ".m3u,.m3u8,.xspf,.jspf,.json",
  });
  field.addEventListener("change", async () => {
    const [file] = field.files;
    field.value = "";
    if (!file) return;
    try {
      const found = await sendFile("/playlists/import", file);
      const name = found.name ?? file.name.replace(/\.\w+$/, "");
      showPreview(
        { tracks: found.tracks, hints: [...unmatched(found), ...found.problems] },
        { name, kind: "tracks" },
        view,
      );
    } catch (error) {
      noteProblem(error);
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
        `${counted(n, "track")} of the file ${n === 1 ? "is" : "are"} not in this library: ${some(names, 8)}.`,
      ]
    : [];
}
