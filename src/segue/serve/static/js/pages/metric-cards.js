// Metrics of a report: a card for each task, with models, baselines and confidence intervals.

import { h } from "../dom.js";
import { t } from "../i18n.js";
import { titleOf } from "../signals.js";

const SHOWN = {
  recommendation: {
    title: t("quality.recommendation"),
    metrics: {
      "ndcg@10": t("quality.metric.ndcg"),
      "recall@10": t("quality.metric.recall"),
      "hit_rate@10": t("quality.metric.hitRate"),
    },
    of: "listener",
    about: t("quality.recommendation.about"),
  },
  similarity: {
    title: t("quality.similarity"),
    metrics: { "precision@10": t("quality.metric.precision") },
    of: "track",
    about: t("quality.similarity.about"),
  },
  classification: {
    title: t("quality.classification"),
    metrics: { f1_macro: t("quality.metric.f1"), accuracy: t("quality.metric.accuracy") },
    of: "track",
    about: t("quality.classification.about"),
  },
};
const NAMES = {
  personal: t("quality.model.personal"),
  global: t("quality.model.global"),
  popularity: t("quality.model.popularity"),
  random: t("quality.model.random"),
  majority: t("quality.model.majority"),
  cnn: "CNN",
  rnn: "RNN",
  transformer: "Transformer",
  ensemble: t("quality.model.ensemble"),
  mfcc: "MFCC",
  musicnn: "MusiCNN",
  vgg: "VGG",
  chroma: "Chroma",
  descriptors_logistic_regression: t("quality.model.regression"),
};
const MAX_MODELS = 8;

/** Return a card for each task. */
export function metricCards(document) {
  const reports = [document, ...(document.other_results ?? [])];
  const tasks = Object.keys(SHOWN);
  const first = tasks
    .map((task) => best(reports.filter((report) => report.task === task)))
    .filter(Boolean);
  return first.map(card);
}

/**
 * Title, metrics and description of the result of a task. Recommendations by a published protocol
 * have its metrics, the main one first.
 */
function shownOf(report) {
  const shown = SHOWN[report.task];
  if (!report.protocol || !report.shown?.length) return shown;
  const metrics = Object.fromEntries(report.shown.map((metric) => [metric, metricName(metric)]));
  return { ...shown, metrics, about: t("quality.protocol", { name: report.protocol }) };
}

/** Name of a metric as published: "nDCG@100", "R-precision". */
function metricName(metric) {
  if (metric === "r_precision") return "R-precision";
  return metric.startsWith("ndcg") ? metric.replace("ndcg", "nDCG") : metric;
}

/** Of several reports of a task, the one with the best value: it lists the other models. */
function best(reports) {
  if (!reports.length) return null;
  const metric = Object.keys(SHOWN[reports[0].task].metrics)[0];
  return reports.reduce((one, other) =>
    (other.metrics?.[metric] ?? 0) > (one.metrics?.[metric] ?? 0) ? other : one,
  );
}

function card(report) {
  const shown = shownOf(report);
  const metric = Object.keys(shown.metrics)[0];
  const models = Object.entries(report.models ?? { [report.model]: report.metrics })
    .filter(([, values]) => Number.isFinite(values?.[metric]))
    .sort((one, other) => other[1][metric] - one[1][metric]);
  const lead = report.models?.[report.model]?.[metric] ?? report.metrics[metric];
  const kept = selectModels(models, report);
  const most = Math.max(
    ...kept.map(([name, values]) => intervalOf(report, name, metric)?.[1] ?? values[metric]),
    1e-9,
  );
  return h(
    "section",
    { class: "card metric-card" },
    h(
      "div",
      { class: "between" },
      h("div", {}, h("h2", {}, shown.title), h("p", { class: "muted-text" }, shown.about)),
      h(
        "p",
        { class: "lead" },
        h("b", {}, lead?.toFixed(2)),
        h("small", {}, shown.metrics[metric]),
      ),
    ),
    h(
      "table",
      { class: "whiskers" },
      h(
        "caption",
        { class: "visually-hidden" },
        t("quality.caption", { task: shown.title, metric: shown.metrics[metric] }),
      ),
      h(
        "tbody",
        {},
        kept.map(([name, values]) =>
          whisker(name, values[metric], intervalOf(report, name, metric), most, report),
        ),
      ),
    ),
    h("p", { class: "muted-text" }, sentences(report, shown)),
  );
}

/** Interval of a metric of a model; null where it is undefined, as with few listeners. */
function intervalOf(report, name, metric) {
  const interval = report.model_intervals?.[name]?.[metric];
  return interval?.every(Number.isFinite) ? interval : null;
}

/** Number of tracks or listeners and the other metrics, in sentences. */
function sentences(report, { metrics, of }) {
  const others = Object.entries(metrics)
    .slice(1)
    .map(([other, label]) => `${label}: ${report.metrics?.[other]?.toFixed(2) ?? "–"}`)
    .join(", ");
  return [
    `${t(of === "track" ? "n.tracks" : report.simulated ? "n.simulated" : "n.listeners", { n: report.n })}.`,
    others && `${others}.`,
    report.n < 50 && t("quality.few"),
  ]
    .filter(Boolean)
    .join(" ");
}

/** Keep the best models, and always the report's own model and the baselines. */
function selectModels(models, report) {
  const must = new Set([report.model, ...(report.baselines ?? [])]);
  const room = MAX_MODELS - models.filter(([name]) => must.has(name)).length;
  let others = 0;
  return models.filter(([name]) => must.has(name) || others++ < room);
}

function whisker(name, value, interval, most, report) {
  const kind =
    name === report.model ? "is-lead" : report.baselines?.includes(name) ? "is-baseline" : "";
  const at = (number) => `${(100 * Math.max(0, number)) / most}%`;
  return h(
    "tr",
    { class: kind },
    h("th", { scope: "row" }, NAMES[name] ?? titleOf(name)),
    h(
      "td",
      { class: "whisker" },
      h(
        "span",
        { class: "whisker-line" },
        interval &&
          h("i", {
            style: { left: at(interval[0]), right: `${100 - (100 * interval[1]) / most}%` },
          }),
        h("b", { style: { left: at(value) } }),
      ),
    ),
    h(
      "td",
      { class: "number" },
      value.toFixed(2),
      interval
        ? h(
            "small",
            { class: "muted-text" },
            ` ${interval[0].toFixed(2)}–${interval[1].toFixed(2)}`,
          )
        : null,
    ),
  );
}
