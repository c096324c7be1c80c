// Explanation of a recommendation: all contributions to its score, the listener's tracks that influenced
// it, what it has in common with them, and actions.

import { h } from "../dom.js";
import { formatDuration, trackArtist, trackLabel, trackTitle } from "../format.js";
import { icon } from "../icons.js";
import { player } from "../player.js";
import { startRadio } from "../radio.js";
import { aboutOf, colorOf, inOrder, titleOf } from "../signals.js";
import { dontLearnFrom, neverPlay } from "../taste-rules.js";
import { signed, swatch } from "./why-bar.js";

// The server names the signal that decides the rank (see segue.engine.explanations), not the longest bar.
const STRONGEST = "Without this signal, the track would fall furthest in the list.";
const LONGER_BAR =
  "Strongest reason: without it, the track would fall furthest in the list. A longer bar can matter less if other tracks have it too.";

/** Return the details shown below the row of an item. */
export function whyDetails(item) {
  return [
    item.reason && h("p", { class: "detail why-reason" }, item.reason),
    item.why && parts(item),
    item.influenced_by?.length || item.interest ? influences(item) : null,
    facts(item.in_common, item.track),
    actions(item.track),
  ];
}

function parts({ why, top_signal: top, score, serves }) {
  const label = (name) => (serves ? name : titleOf(name)); // the parts of a blend are listeners
  const names = inOrder(Object.keys(why)).filter((name) => Math.abs(why[name]) >= 0.005);
  const most = Math.max(...names.map((name) => Math.abs(why[name])), 1e-9);
  const rows = names.map((name) =>
    h(
      "tr",
      { class: name === top ? "is-top" : null },
      h(
        "th",
        { scope: "row", title: aboutOf(name) },
        swatch(name),
        label(name),
        name === top && h("span", { class: "chip is-small", title: STRONGEST }, "strongest reason"),
      ),
      h(
        "td",
        { class: "part-bar" },
        h("span", {
          class: why[name] < 0 ? "is-down" : "is-up",
          style: { width: `${(100 * Math.abs(why[name])) / most}%`, "--color": colorOf(name) },
        }),
      ),
      h("td", { class: "number" }, signed(why[name])),
    ),
  );
  return h(
    "section",
    { class: "detail is-parts" },
    h("h3", {}, "Score breakdown"),
    h(
      "table",
      { class: "parts" },
      h("tbody", {}, rows),
      h(
        "tfoot",
        {},
        h(
          "tr",
          {},
          h("th", { scope: "row", colspan: 2 }, "Score"),
          h("td", { class: "number" }, score?.toFixed(2)),
        ),
      ),
    ),
    names.some((name) => why[name] > why[top]) ? h("p", { class: "muted-text" }, LONGER_BAR) : null,
  );
}

function influences({ influenced_by: tracks = [], interest }) {
  const most = Math.max(...tracks.map(({ pull }) => pull), 1e-9);
  return h(
    "section",
    { class: "detail" },
    h("h3", {}, "Because you like"),
    interest ? h("p", { class: "chips" }, h("span", { class: "chip is-own" }, interest)) : null,
    h(
      "ul",
      { class: "influences" },
      tracks.map((track) =>
        h(
          "li",
          {},
          h(
            "button",
            {
              class: "icon-button",
              type: "button",
              "aria-label": `Play ${trackLabel(track)}`,
              on: { click: () => player.play(track) },
            },
            icon("play"),
          ),
          h(
            "span",
            { class: "influence-names" },
            h("span", {}, trackTitle(track)),
            h("small", {}, trackArtist(track)),
          ),
          h(
            "span",
            { class: "influence-bar", title: `contributes ${track.pull.toFixed(2)}` },
            h("span", { style: { width: `${(100 * Math.max(0, track.pull)) / most}%` } }),
          ),
        ),
      ),
    ),
  );
}

function facts(common, track) {
  const own = new Set([...(common?.genres ?? []), ...(common?.tags ?? [])]);
  const given = [...(track.genres ?? []), ...own, ...(track.moods ?? []), ...(track.tags ?? [])];
  const words = [...new Set(given)].slice(0, 12);
  const numbers = [
    track.year,
    track.tempo && `${Math.round(track.tempo)} bpm`,
    track.key,
    formatDuration(track.duration),
  ].filter(Boolean);
  if (!words.length && !numbers.length && !common?.artist) return null;
  return h(
    "section",
    { class: "detail" },
    h("h3", {}, own.size || common?.artist ? "In common with your tracks" : "About this track"),
    h(
      "p",
      { class: "chips" },
      common?.artist && h("span", { class: "chip is-own" }, common.artist),
      words.map((word) => h("span", { class: own.has(word) ? "chip is-own" : "chip" }, word)),
    ),
    numbers.length ? h("p", { class: "muted-text" }, numbers.join(" · ")) : null,
  );
}

function actions(track) {
  return h(
    "p",
    { class: "detail-actions" },
    button("next", "Play next", () => player.enqueue([track], { first: true })),
    link("seed", "More like this", `#/listen?like=${encodeURIComponent(track.track_id)}`),
    button("radio", "Start radio", () => startRadio(track)),
    link(
      "path",
      "Path from here",
      `#/playlists?make=path&from=${encodeURIComponent(track.track_id)}`,
    ),
    button("close", "Never play this track", () => neverPlay(track, "track")),
    track.artist && button("close", "Never play this artist", () => neverPlay(track, "artist")),
    track.artist &&
      button("dislike", "Don't learn from this artist", () => dontLearnFrom(track, "artist")),
    track.album &&
      button("dislike", "Don't learn from this album", () => dontLearnFrom(track, "album")),
  );
}

function button(picture, text, action) {
  return h(
    "button",
    { class: "subtle", type: "button", on: { click: action } },
    icon(picture),
    text,
  );
}

function link(picture, text, href) {
  return h("a", { class: "button subtle", href }, icon(picture), text);
}
