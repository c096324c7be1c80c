// What's next: the tracks that were asked for, then those that the list goes on with.

import { fill, h } from "../dom.js";
import { artist, named, title } from "../format.js";
import { icon } from "../icons.js";
import { player } from "../player.js";
import { soundTile } from "./cover.js";

const SHOWN = 30;

/** Keep the panel true to the queue. */
export function upNextIn(panel, close) {
  const show = () => {
    const asked = player.queue.slice(0, SHOWN);
    const following = player.following.slice(0, SHOWN);
    fill(
      panel,
      h(
        "div",
        { class: "between" },
        h("h2", {}, "What's next"),
        h(
          "button",
          {
            class: "bare",
            type: "button",
            "aria-label": "Close what's next",
            on: { click: close },
          },
          icon("close"),
        ),
      ),
      asked.length ? [h("h3", {}, "You asked for"), places(asked, 0)] : null,
      following.length
        ? [
            h("h3", {}, player.source ? `From ${player.source}` : "Then"),
            places(following, player.queue.length),
          ]
        : null,
      asked.length + following.length
        ? null
        : h(
            "p",
            { class: "quiet-text" },
            "Nothing yet. Play a list, or add tracks to it; after them comes what is recommended.",
          ),
    );
  };
  player.addEventListener("queue", show);
  show();
}

function places(tracks, first) {
  return h(
    "ol",
    { class: "up-next" },
    tracks.map((track, place) =>
      h(
        "li",
        {},
        h(
          "button",
          {
            class: "tile",
            type: "button",
            "aria-label": `Play ${named(track)} now`,
            on: { click: () => take(track, first + place) },
          },
          soundTile(track),
          h("span", { class: "tile-symbol" }, icon("play")),
        ),
        h("span", { class: "names" }, h("span", {}, title(track)), h("span", {}, artist(track))),
        h(
          "button",
          {
            class: "bare",
            type: "button",
            "aria-label": `Remove ${named(track)}`,
            on: { click: () => player.dequeue(first + place) },
          },
          icon("close"),
        ),
      ),
    ),
  );
}

function take(track, place) {
  player.dequeue(place);
  player.play(track);
}
