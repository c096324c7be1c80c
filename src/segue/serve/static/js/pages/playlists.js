// Playlists page: all saved playlists, and forms that create and import one.

import { get, post, upload } from "../api.js";
import { playRadio, playTracks } from "../collections.js";
import { fill, h } from "../dom.js";
import { cover } from "../elements/cover.js";
import { openMenu } from "../elements/menu.js";
import { joinNames, timeAgo } from "../format.js";
import { t } from "../i18n.js";
import { icon } from "../icons.js";
import { notifyError } from "../notifications.js";
import {
  deletePlaylist,
  kindName,
  playlistHref,
  readPlaylist,
  refreshPlaylist,
  SELF_REFRESHING,
} from "../saved-playlists.js";
import { playlistForms } from "./playlist-forms.js";
import { showPreview } from "./playlist-view.js";

const LIMIT = 200;

export const playlists = {
  title: t("playlists.title"),
  async show(main, { heading, query }) {
    const saved = h("ul", { class: "saved", "aria-label": t("playlists.saved") });
    const stage = h("section", { class: "playlist-view" });
    fill(
      main,
      h(
        "div",
        { class: "page-head" },
        h("div", {}, heading, h("p", {}, t("playlists.about"))),
        h("div", { class: "row" }, newButton(), importer(stage)),
      ),
      saved,
      h(
        "section",
        { class: "make-playlist", "aria-labelledby": "make-title" },
        h("h2", { id: "make-title" }, t("playlists.make")),
        h("div", { class: "playlists" }, playlistForms(stage, query), stage),
      ),
    );
    if (query.get("make")) main.querySelector(".make-playlist").scrollIntoView();
    await showSaved(saved);
  },
};

function newButton() {
  const create = async () => {
    try {
      const made = await post("/playlists", { name: t("playlists.newName") });
      location.hash = playlistHref(made.id);
    } catch (error) {
      notifyError(error);
    }
  };
  return h(
    "button",
    { class: "primary", type: "button", on: { click: create } },
    icon("add"),
    t("playlists.new"),
  );
}

async function showSaved(list) {
  try {
    const { items } = await get("/playlists", { query: { limit: LIMIT } });
    fill(
      list,
      items.length
        ? items.map((one) => savedPlaylist(one, () => showSaved(list)))
        : h("li", { class: "muted-text" }, t("playlists.none")),
    );
  } catch (error) {
    notifyError(error);
  }
}

function savedPlaylist(one, reload) {
  const play = async () => {
    try {
      playTracks(await currentTracks(one), one.name);
    } catch (error) {
      notifyError(error);
    }
  };
  const menu = h(
    "button",
    {
      class: "icon-button",
      type: "button",
      "aria-label": t("menu.of", { name: one.name }),
      "aria-haspopup": "menu",
      "aria-expanded": "false",
      on: {
        click: () =>
          openMenu(
            menu,
            [
              { text: t("row.playShort"), icon: "play", action: play },
              {
                text: t("menu.radio"),
                icon: "radio",
                action: async () => playRadio((await readPlaylist(one.id)).tracks, one.name),
              },
              null,
              {
                text: t("playlists.delete"),
                icon: "trash",
                action: () => deletePlaylist(one.id, reload).then(reload, notifyError),
              },
            ],
            { label: t("menu.of", { name: one.name }) },
          ),
      },
    },
    icon("ellipsis"),
  );
  return h(
    "li",
    { class: "saved-playlist" },
    h(
      "button",
      {
        class: "cover",
        type: "button",
        "aria-label": t("row.play", { name: one.name }),
        disabled: !one.n_tracks,
        on: { click: play },
      },
      one.example ? cover(one.example, 56) : icon("playlists"),
      h("span", { class: "cover-symbol" }, icon("play")),
    ),
    h(
      "a",
      { href: playlistHref(one.id), title: one.name },
      h("span", { dir: "auto" }, one.name),
      h(
        "small",
        {},
        [kindName(one.kind), t("n.tracks", { n: one.n_tracks }), timeAgo(one.changed)].join(" · "),
      ),
    ),
    menu,
  );
}

/** Tracks of a playlist; those of one that refreshes itself are made anew. */
async function currentTracks(one) {
  const read = SELF_REFRESHING.includes(one.kind) ? refreshPlaylist : readPlaylist;
  return (await read(one.id)).tracks;
}

function importer(stage) {
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
        stage,
      );
    } catch (error) {
      notifyError(error);
    }
  });
  return h(
    "div",
    {},
    field,
    h("label", { class: "button", for: "import" }, icon("open"), t("playlists.import")),
  );
}

function unmatched({ unmatched: names, n_unmatched: n }) {
  return n ? [t("playlists.unmatched", { n, names: joinNames(names, 8) })] : [];
}
