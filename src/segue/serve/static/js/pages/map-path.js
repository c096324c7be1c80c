// A path that was drawn on the map: hear it, keep it.

import { post } from "../api.js";
import { fill, h } from "../dom.js";
import { title } from "../format.js";
import { icon } from "../icons.js";
import { note, noteProblem, say } from "../notifications.js";
import { asItem } from "./listen.js";
import "../elements/track-list.js";

/** Show its tracks beside the map. */
export function showPath(side, tracks, closed) {
  const list = h("track-list", { "aria-label": "Tracks of the path" });
  const items = tracks.map(asItem);
  const name = `${title(items[0]?.track)} to ${title(items.at(-1)?.track)}`;
  const close = () => ((side.hidden = true), closed());
  const save = async () => {
    try {
      const made = await post("/playlists", {
        name,
        kind: "tracks",
        tracks: items.map((item) => item.track.track_id),
      });
      note(`${made.name} is saved.`, {
        label: "Open",
        action: () => (location.hash = `#/playlists?open=${made.id}`),
      });
    } catch (error) {
      noteProblem(error);
    }
  };
  list.source = name;
  list.show(items, { animate: false });
  fill(
    side,
    h(
      "div",
      { class: "between" },
      h("h2", {}, "Your path"),
      h(
        "button",
        { class: "bare", type: "button", "aria-label": "Close the path", on: { click: close } },
        icon("close"),
      ),
    ),
    h(
      "div",
      { class: "row" },
      h(
        "button",
        {
          class: "main",
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
  say(`A path of ${items.length} tracks.`);
}
