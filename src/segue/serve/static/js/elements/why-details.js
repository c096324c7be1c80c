// Explanation of a recommendation: all contributions to its score, the listener's tracks that influenced
// it, what it has in common with them, and actions.

import { h } from "../dom.js";
import { formatDuration, trackArtist, trackLabel, trackTitle } from "../format.js";
import { t } from "../i18n.js";
import { icon } from "../icons.js";
import { genreHref } from "../links.js";
import { player } from "../player.js";
import { reasonOf } from "../reasons.js";
import { aboutOf, colorOf, inOrder, titleOf } from "../signals.js";
import { dontLearnFrom } from "../taste-rules.js";
import { signed, swatch } from "./why-bar.js";

/** Return the details shown below the row of an item. */
export function whyDetails(item) {
  const reason = item.why || item.reason ? reasonOf(item) : "";
  return [
    reason && h("p", { class: "detail why-reason", dir: "auto" }, reason),
    item.why && parts(item),
    item.influenced_by?.length || item.interest ? influences(item) : null,
    facts(item.in_common, item.track),
    actions(item.track),
  ];
}

// The server names the signal that decides the rank (see segue.engine.explanations), which is not always
// the longest bar: a signal that adds as much to most tracks decides nothing.
function parts({ why, top_signal: top, score, serves }) {
  const label = (name) => (serves ? name : titleOf(name)); // the parts of a blend are listeners
  const names = inOrder(Object.keys(why)).filter((name) => Math.abs(why[name]) >= 0.005);
  const most = Math.max(...names.map((name) => Math.abs(why[name])), 1e-9);
  const longest = names.filter((name) => why[name] === most && top && why[top] < most)[0];
  const rows = names.map((name) =>
    h(
      "tr",
      { class: name === top ? "is-top" : null },
      h(
        "th",
        { scope: "row", title: aboutOf(name) },
        swatch(name),
        label(name),
        name === top && h("span", { class: "chip is-small" }, t("why.strongest")),
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
    h("h2", {}, t("why.breakdown")),
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
          h("th", { scope: "row", colspan: 2 }, t("why.score")),
          h("td", { class: "number" }, score?.toFixed(2)),
        ),
      ),
    ),
    top && top in why
      ? h(
          "p",
          { class: "muted-text" },
          longest
            ? t("why.longerBar", { top: label(top), longest: label(longest) })
            : t("why.topSignal", { top: label(top) }),
        )
      : null,
  );
}

function influences({ influenced_by: tracks = [], interest }) {
  const most = Math.max(...tracks.map(({ pull }) => pull), 1e-9);
  return h(
    "section",
    { class: "detail" },
    h("h2", {}, t("why.likes")),
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
              "aria-label": t("row.play", { name: trackLabel(track) }),
              on: { click: () => player.play(track) },
            },
            icon("play"),
          ),
          h(
            "span",
            { class: "influence-names" },
            h("span", { dir: "auto", title: trackTitle(track) }, trackTitle(track)),
            h("small", { dir: "auto" }, trackArtist(track)),
          ),
          h(
            "span",
            { class: "influence-bar", title: t("why.adds", { part: track.pull.toFixed(2) }) },
            h("span", { style: { width: `${(100 * Math.max(0, track.pull)) / most}%` } }),
          ),
        ),
      ),
    ),
  );
}

function facts(common, track) {
  const own = new Set([...(common?.genres ?? []), ...(common?.tags ?? [])]);
  const genres = new Set(track.genres ?? []);
  const given = [...genres, ...own, ...(track.moods ?? []), ...(track.tags ?? [])];
  const words = [...new Set(given)].slice(0, 12);
  const numbers = [
    track.year,
    track.tempo && t("why.tempo", { tempo: Math.round(track.tempo) }),
    track.key,
    formatDuration(track.duration),
  ].filter(Boolean);
  if (!words.length && !numbers.length && !common?.artist) return null;
  const chip = (word) => {
    const kind = own.has(word) ? "chip is-own" : "chip";
    return genres.has(word)
      ? h("a", { class: kind, href: genreHref(word), dir: "auto" }, word)
      : h("span", { class: kind, dir: "auto" }, word);
  };
  return h(
    "section",
    { class: "detail" },
    h("h2", {}, own.size || common?.artist ? t("why.inCommon") : t("why.about")),
    h(
      "p",
      { class: "chips" },
      common?.artist && h("span", { class: "chip is-own", dir: "auto" }, common.artist),
      words.map(chip),
    ),
    numbers.length ? h("p", { class: "muted-text" }, numbers.join(" · ")) : null,
  );
}

/** Actions that are not in the menu of the track. */
function actions(track) {
  return h(
    "p",
    { class: "detail-actions" },
    link(
      "path",
      t("why.path"),
      `#/playlists?${new URLSearchParams({ make: "path", from: track.track_id })}`,
    ),
    track.artist && button("hide", t("why.dontLearnArtist"), () => dontLearnFrom(track, "artist")),
    track.album && button("hide", t("why.dontLearnAlbum"), () => dontLearnFrom(track, "album")),
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
