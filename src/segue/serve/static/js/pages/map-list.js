// List view of the map: tracks by genre.

import { get } from "../api.js";
import { fill, h } from "../dom.js";
import { t } from "../i18n.js";
import { notifyError } from "../notifications.js";
import { asItem } from "./listen.js";
import "../elements/track-list.js";

const PAGE = 50;

/** Return the list of the tracks of a genre, loaded in pages. */
export function mapList({ genres }) {
  const choose = h("select", { id: "map-genre" });
  const list = h("track-list", { "aria-label": t("map.tracks") });
  const more = h("button", { type: "button" }, t("common.showMore"));
  let items = [];
  let next = null;
  const load = async (fresh = true) => {
    try {
      const answer = await get("/tracks", {
        query: { genre: choose.value, limit: PAGE, cursor: fresh ? undefined : next },
      });
      items = [...(fresh ? [] : items), ...answer.items.map(asItem)];
      next = answer.next;
      list.source = choose.value || t("map.allTracks");
      list.show(items, { animate: false });
      more.hidden = !next;
    } catch (error) {
      notifyError(error);
    }
  };
  choose.addEventListener("change", () => load());
  more.addEventListener("click", () => load(false));
  return {
    section: h(
      "section",
      { class: "map-list", hidden: true, "aria-label": t("map.tracksByGenre") },
      h("div", { class: "field" }, h("label", { for: "map-genre" }, t("map.genre")), choose),
      list,
      h("p", { class: "empty" }, more),
    ),
    load() {
      if (choose.length) return;
      const options = genres.map((genre) => h("option", { value: genre, dir: "auto" }, genre));
      fill(choose, h("option", { value: "" }, t("map.allGenres")), options);
      load();
    },
  };
}
