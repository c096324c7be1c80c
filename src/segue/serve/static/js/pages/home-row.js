// Page of a row of the Listen page that has no page of its own (?name=): deep cuts, new in the library ...

import { get } from "../api.js";
import { fill, h } from "../dom.js";
import { collectionHead } from "../elements/collection-head.js";
import { homeRowTitle } from "../elements/home-rows.js";
import { t } from "../i18n.js";
import { icon } from "../icons.js";
import "../elements/track-list.js";

export const homeRow = {
  title: t("listen.title"),
  async show(main, { heading, query }) {
    const name = query.get("name");
    const list = h("track-list", {});
    const row = await get("/me/home/{row}", { params: { row: name } });
    const title = homeRowTitle(row);
    list.setAttribute("aria-label", title);
    list.source = title;
    list.proposed = true;
    fill(heading, title);
    fill(
      main,
      collectionHead({
        heading,
        picture: h(
          "span",
          { class: "collection-symbol", "aria-hidden": "true" },
          icon(name === "daypart" ? "light" : "seed"),
        ),
        facts: t("n.tracks", { n: row.tracks.length }),
        name: title,
        tracks: () => row.tracks,
      }),
      row.tracks.length ? list : h("p", { class: "empty" }, t("home.emptyRow")),
    );
    list.show(
      row.tracks.map((track) => ({ track })),
      { animate: false },
    );
  },
};
