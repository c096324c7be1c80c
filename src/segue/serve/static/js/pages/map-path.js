// Path drawn on the map: play it, save it.

import { post } from "../api.js";
import { fill, h } from "../dom.js";
import { plural, trackTitle } from "../format.js";
import { icon } from "../icons.js";
import { announce, notify, notifyError } from "../notifications.js";
import { asItem } from "./listen.js";
import "../elements/track-list.js";

/** Show the tracks of a path next to the map. */
export function showPath(side, tracks, closed) {
  const list = h("track-list", { "aria-label": "Tracks of the path" });
  const items = tracks.map(asItem);
  const name = `${trackTitle(items[0]?.track)} to ${trackTitle(items.at(-1)?.track)}`;
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
      notify(`Saved ${made.name}.`, {
        label: "Open",
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
      h("h2", {}, "Your path"),
      h(
        "button",
        {
          class: "icon-button",
          type: "button",
          "aria-label": "Close the path",
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
        "Play",
      ),
      h("button", { type: "button", on: { click: save } }, icon("save"), "Save"),
    ),
    list,
  );
  side.hidden = false;
  announce(`A path of ${plural(items.length, "track")}.`);
}
