// Quality page: metrics of the latest report, and model cards.

import { apiUrl, get } from "../api.js";
import { fill, h } from "../dom.js";
import { timeAgo } from "../format.js";
import { t } from "../i18n.js";
import { icon } from "../icons.js";
import { notifyError } from "../notifications.js";
import { metricCards } from "./metric-cards.js";
import { modelCards } from "./model-cards.js";

export const quality = {
  title: t("quality.title"),
  async show(main, { heading }) {
    const report = h("div", { class: "metric-cards" });
    const models = h("div", { class: "models" });
    const below = h(
      "section",
      { hidden: true }, // until it is known what is above
      h("h2", { class: "section-title" }, t("quality.models")),
      models,
    );
    const link = h(
      "a",
      { class: "button", target: "_blank", rel: "noopener", hidden: true },
      icon("out"),
      t("quality.fullReport"),
    );
    const when = h("p", {}, t("quality.about"));
    fill(main, h("div", { class: "page-head" }, h("div", {}, heading, when), link), report, below);
    await Promise.all([showReport(report, link, when), modelCards(models)]);
    below.hidden = false;
  },
};

async function showReport(box, link, when) {
  try {
    const { items } = await get("/reports");
    if (!items.length)
      return fill(
        box,
        h(
          "p",
          { class: "card" },
          t("quality.none"),
          " ",
          h("a", { href: "#/manage" }, t("quality.evaluate")),
        ),
      );
    const [{ id }] = items;
    link.href = apiUrl("/reports/{report_id}/page", { params: { report_id: id } });
    link.hidden = false;
    /** @type {any} */
    const document = await get("/reports/{report_id}", { params: { report_id: id } });
    const created = Date.parse(document.measured?.created ?? "") / 1000;
    if (created) fill(when, t("quality.when", { time: timeAgo(created) }));
    return fill(box, metricCards(document));
  } catch (error) {
    return notifyError(error);
  }
}
