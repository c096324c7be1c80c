// Artists and albums that a search found, above the tracks.

import { fill, h } from "../dom.js";
import { t } from "../i18n.js";
import { albumTile, artistTile } from "./media-tiles.js";

/**
 * Show the artists and albums of an answer of `/search`; other answers have none.
 *
 * @param {Element} element
 * @param {{artists?: any[], albums?: any[]}} answer
 */
export function showEntities(element, { artists = [], albums = [] }) {
  fill(
    element,
    section(t("library.artists"), artists, artistTile),
    section(t("library.albums"), albums, albumTile),
  );
}

function section(title, items, make) {
  if (!items.length) return null;
  return h(
    "section",
    { class: "search-section" },
    h("h3", {}, title),
    h(
      "ul",
      { class: "media-grid", "aria-label": title },
      items.map((item) => make(item)),
    ),
  );
}
