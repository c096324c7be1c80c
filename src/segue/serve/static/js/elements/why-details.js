// Why a track is there, opened: every part of its score, the listener's own tracks that pulled it in,
// what it shares with them, and what can be done with it.

import { h } from "../dom.js";
import { artist, clock, named, title } from "../format.js";
import { icon } from "../icons.js";
import { player } from "../player.js";
import { note } from "../notifications.js";
import { aboutOf, colourOf, inOrder, titleOf } from "../signals.js";
import { setSteer, state } from "../store.js";
import { signed, swatch } from "./why-bar.js";

/** What is shown under the row of an item. */
export function whyDetails(item) {
  return [
    item.why && parts(item),
    item.influenced_by?.length ? because(item.influenced_by) : null,
    shared(item.in_common, item.track),
    actions(item.track),
  ];
}

function parts({ why, top_signal: top, score, serves }) {
  const called = (name) => (serves ? name : titleOf(name)); // of a blend, parts are listeners
  const names = inOrder(Object.keys(why)).filter((name) => Math.abs(why[name]) >= 0.005);
  const most = Math.max(...names.map((name) => Math.abs(why[name])), 1e-9);
  const rows = names.map((name) =>
    h(
      "tr",
      { class: name === top ? "is-top" : null },
      h(
        "th",
        { scope: "row", title: aboutOf(name, state.me) },
        swatch(name),
        called(name),
        name === top && h("span", { class: "chip is-small" }, "decides"),
      ),
      h(
        "td",
        { class: "part-bar" },
        h("span", {
          class: why[name] < 0 ? "is-down" : "is-up",
          style: { width: `${(100 * Math.abs(why[name])) / most}%`, "--colour": colourOf(name) },
        }),
      ),
      h("td", { class: "number" }, signed(why[name])),
    ),
  );
  return h(
    "section",
    { class: "detail is-parts" },
    h("h3", {}, "What its score is made of"),
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
  );
}

function because(pulls) {
  const most = Math.max(...pulls.map(({ pull }) => pull), 1e-9);
  return h(
    "section",
    { class: "detail" },
    h("h3", {}, "Tracks of yours that pulled it in"),
    h(
      "ul",
      { class: "pulls" },
      pulls.map((track) =>
        h(
          "li",
          {},
          h(
            "button",
            {
              class: "bare",
              type: "button",
              "aria-label": `Play ${named(track)}`,
              on: { click: () => player.play(track) },
            },
            icon("play"),
          ),
          h(
            "span",
            { class: "pull-names" },
            h("span", {}, title(track)),
            h("small", {}, artist(track)),
          ),
          h(
            "span",
            { class: "pull-bar", title: `adds ${track.pull.toFixed(2)}` },
            h("span", { style: { width: `${(100 * Math.max(0, track.pull)) / most}%` } }),
          ),
        ),
      ),
    ),
  );
}

function shared(common, track) {
  const own = new Set([...(common?.genres ?? []), ...(common?.tags ?? [])]);
  const words = [...new Set([...(track.genres ?? []), ...own, ...(track.tags ?? [])])].slice(0, 12);
  const facts = [
    track.year,
    track.tempo && `${Math.round(track.tempo)} bpm`,
    track.key,
    clock(track.duration),
  ].filter(Boolean);
  if (!words.length && !facts.length && !common?.artist) return null;
  return h(
    "section",
    { class: "detail" },
    h("h3", {}, own.size || common?.artist ? "What it shares with yours" : "About it"),
    h(
      "p",
      { class: "chips" },
      common?.artist && h("span", { class: "chip is-own" }, common.artist),
      words.map((word) => h("span", { class: own.has(word) ? "chip is-own" : "chip" }, word)),
    ),
    facts.length ? h("p", { class: "quiet-text" }, facts.join(" · ")) : null,
  );
}

function actions(track) {
  return h(
    "p",
    { class: "detail-actions" },
    act("next", "Play next", () => player.enqueue([track], { first: true })),
    link("seed", "More like this", `#/listen?like=${encodeURIComponent(track.track_id)}`),
    link("radio", "Radio", `#/playlists?make=radio&like=${encodeURIComponent(track.track_id)}`),
    link(
      "path",
      "Path from here",
      `#/playlists?make=path&from=${encodeURIComponent(track.track_id)}`,
    ),
    track.artist && act("close", "Never this artist", () => leaveOut(track.artist)),
  );
}

function act(picture, text, action) {
  return h(
    "button",
    { class: "quiet", type: "button", on: { click: action } },
    icon(picture),
    text,
  );
}

function link(picture, text, href) {
  return h("a", { class: "button quiet", href }, icon(picture), text);
}

function leaveOut(name) {
  const before = state.steer;
  const artists = [...new Set([...(before.exclusions.artists ?? []), name])];
  setSteer({ ...before, exclusions: { ...before.exclusions, artists } });
  note(`${name} will not come again.`, { label: "Undo", action: () => setSteer(before) });
}
