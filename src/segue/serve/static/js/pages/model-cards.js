// Model cards: training data, quality, intended use.

import { get } from "../api.js";
import { fill, h } from "../dom.js";
import { formatPercent, plural } from "../format.js";
import { notifyError } from "../notifications.js";

const TITLES = {
  cnn: "CNN",
  rnn: "RNN",
  transformer: "Transformer",
  ensemble: "Ensemble",
  knn: "Nearest neighbors (kNN)",
  collaborative: "Collaborative filtering",
  sequence: "Sequence model",
};

/** Show a card for each model; its details are loaded when it is opened. */
export async function modelCards(box) {
  try {
    const { items } = await get("/models");
    fill(
      box,
      items.length
        ? items.map(card)
        : h("p", { class: "card" }, "No models yet. Train models on the Library page."),
    );
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
          model.target && `predicts ${model.target}`,
          model.tracks?.train && `trained on ${plural(model.tracks.train, "track")}`,
          Number.isFinite(accuracy) && `${formatPercent(accuracy)} accuracy in validation`,
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
    ["Input", card.input],
    ["Target", card.target],
    [
      "Tracks",
      Object.entries(card.tracks ?? {})
        .map(([part, n]) => `${n} ${part}`)
        .join(", "),
    ],
    ["Split", card.split_rule],
    ["Training time", card.seconds && `${Math.round(card.seconds)} s`],
    ["Seed", card.seed],
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
          h("h3", {}, "Not suitable for"),
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
      h("summary", {}, "Settings"),
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
      ? "On new artists, by cross-validation: "
      : `On ${judged.part ?? judged.split ?? "held-out tracks"}: `,
    metrics.map(([name, value]) => `${name.replaceAll("_", " ")} ${value.toFixed(2)}`).join(", "),
  );
}
