// Artists and albums that a search found, above the tracks: see `searchEntities`.

import { fill, h } from "../dom.js";
import { t } from "../i18n.js";
import { albumTile, artistTile } from "./media-tiles.js";

/**
 * Return the element of the artists and albums of a search, and `show` for an answer of `/search`;
 * without an answer it is empty.
 */
export function searchEntities() {
  const element = h("div", { class: "search-entities" });
  return {
    element,
    /** @param {{artists?: any[], albums?: any[]} | null} answer */
    show(answer) {
      fill(
        element,
        section(t("library.artists"), answer?.artists ?? [], artistTile),
        section(t("library.albums"), answer?.albums ?? [], albumTile),
      );
    },
  };
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
