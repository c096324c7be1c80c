// Model cards: training data, quality, intended use.

import { get } from "../api.js";
import { fill, h } from "../dom.js";
import { formatPercent } from "../format.js";
import { t } from "../i18n.js";
import { notifyError } from "../notifications.js";

const TITLES = {
  cnn: "CNN",
  rnn: "RNN",
  transformer: "Transformer",
  ensemble: t("quality.model.ensemble"),
  knn: t("quality.model.knn"),
  collaborative: t("quality.model.collaborative"),
  sequence: t("quality.model.sequence"),
};

/** Show a card for each model; its details are loaded when it is opened. */
export async function modelCards(box) {
  try {
    const { items } = await get("/models");
    fill(box, items.length ? items.map(card) : h("p", { class: "card" }, t("quality.noModels")));
  } catch (error) {
    notifyError(error);
  }
}

function card(model) {
  const inside = h("div", { class: "model-inside" });
  const accuracy = model.metrics?.accuracy;
  const details = h(
    "details",
    { class: "card model" },
    h(
      "summary",
      {},
      h("b", {}, TITLES[model.name] ?? model.name),
      h(
        "span",
        { class: "muted-text" },
        [
          model.problem,
          model.target && t("quality.predicts", { target: model.target }),
          model.tracks?.train && t("quality.trainedOn", { n: model.tracks.train }),
          Number.isFinite(accuracy) && t("quality.accuracy", { share: formatPercent(accuracy) }),
        ]
          .filter(Boolean)
          .join(" · "),
      ),
    ),
    inside,
  );
  details.addEventListener("toggle", async () => {
    if (!details.open || inside.childElementCount) return;
    try {
      fill(inside, facts(await get("/models/{name}", { params: { name: model.name } })));
    } catch (error) {
      fill(inside, h("p", { class: "muted-text" }, error.message));
    }
  });
  return details;
}

function facts(card) {
  const rows = [
    [t("quality.input"), card.input],
    [t("quality.target"), card.target],
    [
      t("quality.tracks"),
      Object.entries(card.tracks ?? {})
        .map(([part, n]) => `${n} ${part}`)
        .join(", "),
    ],
    [t("quality.split"), card.split_rule],
    [t("quality.seconds"), card.seconds && `${Math.round(card.seconds)} s`],
    [t("quality.seed"), card.seed],
  ].filter(([, value]) => value !== null && value !== undefined && value !== "");
  return [
    h(
      "dl",
      { class: "facts" },
      rows.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, String(value))]),
    ),
    ...(card.judged ?? []).map(evaluation),
    card.not_for?.length
      ? [
          h("h3", {}, t("quality.notFor")),
          h(
            "ul",
            { class: "not-for" },
            card.not_for.map((one) => h("li", {}, one)),
          ),
        ]
      : null,
    h(
      "details",
      {},
      h("summary", {}, t("quality.settings")),
      h("pre", {}, JSON.stringify(card.settings ?? {}, null, 1)),
    ),
  ].flat();
}

function evaluation(judged) {
  const metrics = Object.entries(judged.metrics ?? {}).filter(([, value]) =>
    Number.isFinite(value),
  );
  return h(
    "p",
    { class: "muted-text" },
    judged.split === "folds"
      ? `${t("quality.folds")} `
      : `${t("quality.part", { part: judged.part ?? judged.split ?? t("quality.heldOut") })} `,
    metrics.map(([name, value]) => `${name.replaceAll("_", " ")} ${value.toFixed(2)}`).join(", "),
  );
}
