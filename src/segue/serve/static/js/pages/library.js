// Library page: all tracks.

import { get } from "../api.js";
import { fill, h } from "../dom.js";
import { t } from "../i18n.js";
import "../elements/track-list.js";

export const library = {
  title: t("library.title"),
  async show(main, { heading }) {
    const list = h("track-list", { "aria-label": t("library.title") });
    fill(
      main,
      h("div", { class: "page-head" }, h("div", {}, heading, h("p", {}, t("library.about")))),
      list,
    );
    const { items } = await get("/tracks", { query: { limit: 100 } });
    list.source = t("library.title");
    await list.show(
      items.map((track) => ({ track })),
      { animate: false },
    );
  },
};
