// Home rows of the Listen page: daily mixes, and rows of tracks such as "On repeat".

import { get, postQuery } from "../api.js";
import { fill, h } from "../dom.js";
import { formatPercent, trackArtist, trackLabel, trackTitle } from "../format.js";
import { icon } from "../icons.js";
import { notifyError } from "../notifications.js";
import { player } from "../player.js";
import { cover } from "./cover.js";

/** Return the elements of the home: `mixes` and `rows`, empty until `load` has read them. */
export function homeRows() {
  const mixes = h("ul", { class: "mixes", "aria-label": "Your daily mixes", hidden: true });
  const rows = h("div", { class: "home-rows", id: "home" });
  return {
    mixes,
    rows,
    async load() {
      const found = await get("/me/home").catch(() => null); // the list says what is wrong
      if (!found) return;
      mixes.hidden = !found.mixes.length;
      fill(mixes, found.mixes.map(mixItem));
      fill(rows, found.rows.map(rowSection));
    },
  };
}

/** Request the daily mix of an interest, by its number. */
export function fetchMix(number) {
  return postQuery("/playlists/preview", { kind: "mix", recipe: { interest: String(number) } });
}

function mixItem(mix) {
  const play = async () => {
    try {
      const tracks = (await fetchMix(mix.number)).tracks
        .map((item) => item.track)
        .filter((track) => track.playable !== false);
      if (tracks.length) player.play(tracks[0], tracks.slice(1), mix.name);
    } catch (error) {
      notifyError(error);
    }
  };
  const query = new URLSearchParams({ mix: mix.number, name: mix.name });
  return h(
    "li",
    { class: "mix" },
    h(
      "button",
      {
        class: "icon-button",
        type: "button",
        "aria-label": `Play the mix ${mix.name}`,
        on: { click: play },
      },
      icon("play"),
    ),
    h(
      "a",
      { href: `#/playlists?${query}` },
      h("span", {}, mix.name),
      h("small", {}, `Daily mix · ${formatPercent(mix.share)} of your taste`),
    ),
  );
}

function rowSection(row) {
  const id = `home-${row.name}`;
  return h(
    "section",
    { "aria-labelledby": id },
    h("h2", { id }, row.title),
    h(
      "ul",
      { class: "tiles" },
      row.tracks.map((track, place) => tile(track, row, place)),
    ),
  );
}

function tile(track, row, place) {
  const play = () => {
    const rest = row.tracks.slice(place + 1).filter((one) => one.playable !== false);
    player.play(track, rest, row.title);
  };
  return h(
    "li",
    {},
    h(
      "button",
      {
        class: "tile",
        type: "button",
        "aria-label": `Play ${trackLabel(track)}`,
        disabled: track.playable === false,
        on: { click: play },
      },
      h("span", { class: "tile-cover" }, cover(track, 192)),
      h("span", { class: "row-title" }, trackTitle(track)),
      h("span", { class: "row-artist" }, trackArtist(track)),
    ),
  );
}
