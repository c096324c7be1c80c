// Bar with commands for the selected rows of a list; it lies above the player and moves nothing.

import { fill, h } from "../dom.js";
import { t } from "../i18n.js";
import { icon } from "../icons.js";
import { announce } from "../notifications.js";
import { queueTracks } from "../queue-tracks.js";
import { openPlaylistMenu } from "./playlist-menu.js";

let bar = null;
/** @type {import("./track-list.js").TrackList | null} */
let owner = null;
const count = h("b", {});

/** Show the bar for the selection of a list. */
export function showSelectionBar(list) {
  if (owner !== list) {
    owner?.endSelection();
    owner = list;
    bar = build(list);
    document.body.append(bar);
  }
  const n = list.selection.length;
  fill(count, t("select.count", { n }));
  announce(t("select.count", { n }));
}

/** Remove the bar of a list. */
export function closeSelectionBar(list) {
  if (owner !== list) return;
  bar?.remove();
  bar = null;
  owner = null;
}

function build(list) {
  const tracks = () => list.selection.map((place) => list.items[place].track);
  const then = (action) => () => {
    action();
    list.endSelection();
  };
  const playlists = button("add", t("menu.addToPlaylist"), () =>
    openPlaylistMenu(tracks(), playlists, () => list.endSelection()),
  );
  playlists.setAttribute("aria-haspopup", "menu");
  return h(
    "div",
    {
      class: "selection-bar",
      role: "toolbar",
      "aria-label": t("select.bar"),
      on: {
        keydown: (event) => {
          if (event.key === "Escape") list.endSelection();
        },
      },
    },
    count,
    button(
      "next",
      t("menu.playNext"),
      then(() => queueTracks(tracks(), true)),
    ),
    button(
      "queue",
      t("menu.queue"),
      then(() => queueTracks(tracks())),
    ),
    playlists,
    list.editor && button("trash", t("playlists.removeTracks"), () => list.remove(list.selection)),
    h(
      "button",
      { class: "subtle", type: "button", on: { click: () => list.selectAll() } },
      t("select.all"),
    ),
    button("close", t("select.end"), () => list.endSelection(), true),
  );
}

function button(picture, text, action, iconOnly = false) {
  return h(
    "button",
    {
      class: iconOnly ? "icon-button" : "subtle",
      type: "button",
      "aria-label": text,
      title: text,
      on: { click: action },
    },
    icon(picture),
    iconOnly ? null : h("span", {}, text),
  );
}
