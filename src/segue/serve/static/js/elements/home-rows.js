// Home rows of the Listen page: daily mixes, and rows of tracks such as "On repeat".

import { get, postQuery } from "../api.js";
import { playRadio } from "../collections.js";
import { fill, h } from "../dom.js";
import { formatPercent, trackArtist, trackLabel, trackTitle } from "../format.js";
import { t, textOf } from "../i18n.js";
import { icon } from "../icons.js";
import { notifyError } from "../notifications.js";
import { player } from "../player.js";
import { markProposed } from "../proposed-tracks.js";
import { startOwnRadio } from "../radio.js";
import { cover } from "./cover.js";
import { openTrackMenu } from "./track-menu.js";

const MAX_GENRES = 6;
const MAX_ARTISTS = 4;
const MAX_READ = 500; // tracks of an artist or genre that a radio is seeded from

/**
 * Read the home and show it in these elements.
 *
 * @param {{mixes: HTMLElement, radios: HTMLElement, rows: HTMLElement}} places
 */
export async function showHome({ mixes, radios, rows }) {
  fill(radios, ownRadio());
  const found = await get("/me/home").catch(() => null); // the list says what is wrong
  if (!found) return;
  fill(mixes, found.mixes.map(mixItem));
  mixes.hidden = !found.mixes.length;
  fill(radios, ownRadio(), radioItems(found));
  fill(rows, found.rows.map(rowSection));
}

/** Request the daily mix of an interest, by its number. */
export function fetchMix(number) {
  return postQuery("/playlists/preview", { kind: "mix", recipe: { interest: String(number) } });
}

/** @param {{number: number, name: string, share: number, examples: Api.Track[]}} mix */
function mixItem(mix) {
  const play = async () => {
    try {
      const tracks = (await fetchMix(mix.number)).tracks
        .map((item) => item.track)
        .filter((track) => track.playable !== false);
      markProposed(tracks);
      if (tracks.length) player.play(tracks[0], tracks.slice(1), mix.name);
    } catch (error) {
      notifyError(error);
    }
  };
  const query = new URLSearchParams({ mix: String(mix.number), name: mix.name });
  const [example] = mix.examples;
  return h(
    "li",
    { class: "mix" },
    h(
      "button",
      {
        class: "cover",
        type: "button",
        "aria-label": t("home.playMix", { name: mix.name }),
        on: { click: play },
      },
      example ? cover(example) : null,
      h("span", { class: "cover-symbol" }, icon("play")),
    ),
    h(
      "a",
      { href: `#/playlist?${query}`, title: mix.name },
      h("span", { dir: "auto" }, mix.name),
      h("small", {}, t("home.mixShare", { share: formatPercent(mix.share) })),
    ),
  );
}

function ownRadio() {
  return radioItem(t("radio.own"), t("radio.startOwn"), startOwnRadio);
}

/** Radios of the genres and artists that are most frequent in the home. */
function radioItems({ rows, mixes }) {
  const tracks = [...rows, ...mixes].flatMap((part) => part.tracks ?? part.examples);
  const genres = mostFrequent(tracks.flatMap((track) => track.genres)).slice(0, MAX_GENRES);
  const artists = mostFrequent(tracks.flatMap((track) => track.artist ?? []));
  return [
    ...genres.map((genre) =>
      radioItem(genre, t("radio.start", { name: genre }), () => startRadioFrom({ genre })),
    ),
    ...artists
      .slice(0, MAX_ARTISTS)
      .map((artist) =>
        radioItem(artist, t("radio.start", { name: artist }), () => startRadioFrom({ artist })),
      ),
  ];
}

/**
 * Play an endless radio of tracks like those of an artist or genre.
 *
 * @param {{artist?: string, genre?: string}} which
 */
async function startRadioFrom(which) {
  try {
    const { items } = await get("/tracks", { query: { ...which, limit: MAX_READ } });
    playRadio(items, which.artist ?? which.genre);
  } catch (error) {
    notifyError(error);
  }
}

/** Different texts, the most frequent first. */
function mostFrequent(texts) {
  const counts = new Map();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return [...counts.keys()].sort((one, other) => counts.get(other) - counts.get(one));
}

function radioItem(name, label, action) {
  return h(
    "li",
    {},
    h(
      "button",
      { class: "radio", type: "button", title: label, on: { click: action } },
      icon("radio"),
      h("span", { dir: "auto" }, name),
    ),
  );
}

const TITLES = {
  "on-repeat": t("home.onRepeat"),
  rediscover: t("home.rediscover"),
  "deep-cuts": t("home.deepCuts"),
  "new-in-library": t("home.newInLibrary"),
};
/** Title of a row; that of the part of the day ends with its name. */
export function homeRowTitle({ name, title }) {
  if (name !== "daypart") return TITLES[name] ?? title;
  return textOf(`home.daypart.${title.split(" ").at(-1)}`) ?? title;
}

/** Rows that have a page of their own; the others share one. */
const PAGES = { "on-repeat": "#/on-repeat", rediscover: "#/rediscover" };

function rowSection(row) {
  const id = `home-${row.name}`;
  const title = homeRowTitle(row);
  const playFrom = (place) => {
    const [first, ...rest] = row.tracks.slice(place).filter((track) => track.playable !== false);
    if (first) player.play(first, rest, title);
  };
  const href = PAGES[row.name] ?? `#/home-row?${new URLSearchParams({ name: row.name })}`;
  return h(
    "section",
    { "aria-labelledby": id },
    h(
      "div",
      { class: "tiles-head" },
      h("h2", { id }, title),
      h(
        "button",
        {
          class: "icon-button",
          type: "button",
          "aria-label": t("row.play", { name: title }),
          title: t("row.playShort"),
          on: { click: () => playFrom(0) },
        },
        icon("play"),
      ),
      h("a", { href, "aria-label": t("home.showAllOf", { title }) }, t("home.showAll")),
    ),
    h(
      "ul",
      { class: "tiles" },
      row.tracks.map((track, place) => tile(track, () => playFrom(place))),
    ),
  );
}

function tile(track, play) {
  const menu = h(
    "button",
    {
      class: "icon-button tile-menu",
      type: "button",
      "aria-label": t("menu.of", { name: trackLabel(track) }),
      "aria-haspopup": "menu",
      "aria-expanded": "false",
      on: { click: () => openTrackMenu(track, menu) },
    },
    icon("ellipsis"),
  );
  return h(
    "li",
    {},
    h(
      "button",
      {
        class: "tile",
        type: "button",
        "aria-label": t("row.play", { name: trackLabel(track) }),
        disabled: track.playable === false,
        on: { click: play },
      },
      h("span", { class: "tile-cover" }, cover(track, 192)),
      h("span", { class: "row-title", dir: "auto", title: trackTitle(track) }, trackTitle(track)),
      h("span", { class: "row-artist", dir: "auto" }, trackArtist(track)),
    ),
    menu,
  );
}
