// Queue panel: tracks that the user queued, then the upcoming tracks of the list being played.

import { fill, h } from "../dom.js";
import { trackArtist, trackLabel, trackTitle } from "../format.js";
import { icon } from "../icons.js";
import { player } from "../player.js";
import { cover } from "./cover.js";

const SHOWN = 30;

/** Show the queue in `panel` and update it when it changes. */
export function mountQueuePanel(panel, close) {
  const show = () => {
    const queued = player.queue.slice(0, SHOWN);
    const upcoming = player.upcoming.slice(0, SHOWN);
    fill(
      panel,
      h(
        "div",
        { class: "between" },
        h("h2", {}, "Up next"),
        h(
          "button",
          {
            class: "icon-button",
            type: "button",
            "aria-label": "Close Up next",
            on: { click: close },
          },
          icon("close"),
        ),
      ),
      queued.length ? [h("h3", {}, "Queue"), entries(queued, 0)] : null,
      upcoming.length
        ? [
            h("h3", {}, player.source ? `From ${player.source}` : "Next"),
            entries(upcoming, player.queue.length),
          ]
        : null,
      queued.length + upcoming.length
        ? null
        : h(
            "p",
            { class: "muted-text" },
            "The queue is empty. Play a list or add tracks. After the last track, recommendations play.",
          ),
    );
  };
  player.addEventListener("queue", show);
  show();
}

function entries(tracks, first) {
  return h(
    "ol",
    { class: "queue-list" },
    tracks.map((track, place) =>
      h(
        "li",
        {},
        h(
          "button",
          {
            class: "cover",
            type: "button",
            "aria-label": `Play ${trackLabel(track)} now`,
            on: { click: () => playNow(track, first + place) },
          },
          cover(track),
          h("span", { class: "cover-symbol" }, icon("play")),
        ),
        h(
          "span",
          { class: "names" },
          h("span", {}, trackTitle(track)),
          h("span", {}, trackArtist(track)),
        ),
        h(
          "button",
          {
            class: "icon-button",
            type: "button",
            "aria-label": `Remove ${trackLabel(track)} from the queue`,
            on: { click: () => player.dequeue(first + place) },
          },
          icon("close"),
        ),
      ),
    ),
  );
}

function playNow(track, place) {
  player.dequeue(place);
  player.play(track);
}
