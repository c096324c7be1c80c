// Path drawn on the map: play it, save it.

import { post } from "../api.js";
import { fill, h } from "../dom.js";
import { trackTitle } from "../format.js";
import { t } from "../i18n.js";
import { icon } from "../icons.js";
import { announce, notify, notifyError } from "../notifications.js";
import { asItem } from "./listen.js";
import "../elements/track-list.js";

/** Show the tracks of a path next to the map. */
export function showPath(side, tracks, closed) {
  const list = h("track-list", { "aria-label": t("map.pathTracks") });
  const items = tracks.map(asItem);
  const name = t("map.pathName", {
    first: trackTitle(items[0]?.track),
    last: trackTitle(items.at(-1)?.track),
  });
  const close = () => {
    side.hidden = true;
    closed();
  };
  const save = async () => {
    try {
      const made = await post("/playlists", {
        name,
        kind: "tracks",
        tracks: items.map((item) => item.track.track_id),
      });
      notify(t("map.saved", { name: made.name }), {
        label: t("map.open"),
        action: () => (location.hash = `#/playlists?open=${made.id}`),
      });
    } catch (error) {
      notifyError(error);
    }
  };
  list.source = name;
  list.proposed = true;
  list.show(items, { animate: false });
  fill(
    side,
    h(
      "div",
      { class: "between" },
      h("h2", {}, t("map.yourPath")),
      h(
        "button",
        {
          class: "icon-button",
          type: "button",
          "aria-label": t("map.closePath"),
          on: { click: close },
        },
        icon("close"),
      ),
    ),
    h(
      "div",
      { class: "row" },
      h(
        "button",
        {
          class: "primary",
          type: "button",
          on: { click: () => items.length && list.play(items[0].track) },
        },
        icon("play"),
        t("map.play"),
      ),
      h("button", { type: "button", on: { click: save } }, icon("save"), t("map.save")),
    ),
    list,
  );
  side.hidden = false;
  announce(t("map.pathLength", { n: items.length }));
}
