// Editor of the rules of a smart playlist.

import { fill, h } from "../dom.js";
import { t } from "../i18n.js";
import { icon } from "../icons.js";

// Forms of rules: a field, and whether it is inverted. Their inputs depend on the kind of the field.
const NAMES = ["genre", "tag", "artist", "album"];
const NUMBERS = ["year", "tempo", "duration", "plays"];
const TIMES = ["added", "played"];
const FORMS = [
  ...NAMES.flatMap((field) => [field, `not.${field}`]),
  "year",
  "added",
  "not.added",
  "played",
  "not.played",
  "plays",
  "liked",
  "not.liked",
  "tempo",
  "duration",
];
const ORDERS = /** @type {const} */ ([
  "added",
  "played",
  "plays",
  "year",
  "title",
  "artist",
  "random",
]);
const LENGTHS = [25, 50, 100, 200, 500];
const DEFAULT_LENGTH = 100;

/**
 * Return the editor of a recipe: `element`, `recipe()` (null if no rule is complete) and `summary()`.
 *
 * @param {{rules?: any[], match?: string, order?: string, k?: number}} [given]
 */
export function ruleEditor(given = {}) {
  const rows = h("div", { class: "rule-rows" });
  const match = choice(t("rule.match"), ["all", "any"], given.match ?? "all", (one) =>
    textOf(`rule.match.${one}`),
  );
  const order = choice(t("rule.order"), ORDERS, given.order ?? "added", (one) =>
    textOf(`rule.order.${one}`),
  );
  const length = choice(
    t("rule.length"),
    LENGTHS.includes(given.k ?? DEFAULT_LENGTH) ? LENGTHS : [given.k, ...LENGTHS],
    given.k ?? DEFAULT_LENGTH,
    (k) => t("rule.atMost", { n: Number(k) }),
  );
  const add = (rule = { field: "genre" }) => rows.append(ruleRow(rule));
  for (const rule of given.rules?.length ? given.rules : [{ field: "genre" }]) add(rule);
  const element = h(
    "div",
    { class: "rule-editor stack" },
    match,
    rows,
    h(
      "button",
      {
        class: "subtle",
        type: "button",
        on: {
          click: () => {
            add();
            /** @type {HTMLElement} */ (rows.lastElementChild?.querySelector("select"))?.focus();
          },
        },
      },
      icon("add"),
      t("rule.add"),
    ),
    h("div", { class: "row" }, order, length),
  );
  return {
    element,
    recipe() {
      const rules = [...rows.children].flatMap((row) => readRow(row) ?? []);
      return rules.length
        ? { rules, match: match.value, order: order.value, k: Number(length.value) }
        : null;
    },
    summary: () => (given.rules ?? []).map(ruleText).join(" · "),
  };
}

/** Text of a key that depends on a field, order or match. */
function textOf(key) {
  return t(/** @type {any} */ (key));
}

/** A rule as a short text, such as "Genre: folk". */
export function ruleText(rule) {
  const name = textOf(`rule.form.${rule.negate ? "not." : ""}${rule.field}`);
  if (NAMES.includes(rule.field)) return `${name} ${rule.value}`;
  if (TIMES.includes(rule.field)) return `${name} ${t("rule.days", { n: rule.days })}`;
  if (!NUMBERS.includes(rule.field)) return name;
  const [low, high] = [rule.low, rule.high].map((one) => showNumber(rule.field, one));
  if (high === "") return t("rule.atLeast", { name, low });
  return low === "" ? t("rule.upTo", { name, high }) : `${name} ${low}–${high}`;
}

function choice(label, values, value, text) {
  const select = h(
    "select",
    { "aria-label": label },
    values.map((one) => h("option", { value: one, selected: one === value }, text(one))),
  );
  return select;
}

function ruleRow(rule) {
  const form = choice(t("rule.field"), FORMS, `${rule.negate ? "not." : ""}${rule.field}`, (one) =>
    textOf(`rule.form.${one}`),
  );
  const values = h("span", { class: "rule-values" });
  const show = (from) => fill(values, inputs(form.value.replace("not.", ""), from));
  form.addEventListener("change", () => show({}));
  show(rule);
  const row = h(
    "div",
    { class: "rule-row", role: "group", "aria-label": t("rule.label") },
    form,
    values,
    h(
      "button",
      {
        class: "icon-button",
        type: "button",
        "aria-label": t("rule.remove"),
        title: t("rule.remove"),
        on: { click: () => row.remove() },
      },
      icon("close"),
    ),
  );
  return row;
}

function inputs(field, { value = "", low, high, days } = /** @type {any} */ ({})) {
  if (NAMES.includes(field))
    return h("input", {
      type: "text",
      name: "value",
      dir: "auto",
      "aria-label": t("rule.name"),
      placeholder: t("rule.name"),
      maxlength: 1000,
      value,
    });
  if (TIMES.includes(field))
    return [number("days", t("rule.daysLabel"), days ?? 30, 1), t("rule.daysUnit")];
  if (!NUMBERS.includes(field)) return [];
  return [
    number("low", t("rule.from"), showNumber(field, low)),
    "–",
    number("high", t("rule.to"), showNumber(field, high)),
  ];
}

function number(name, label, value, min = 0) {
  return h("input", {
    type: "number",
    name,
    min,
    step: "any",
    inputmode: "decimal",
    "aria-label": label,
    placeholder: label,
    value,
  });
}

// durations are entered in minutes
const unitOf = (field) => (field === "duration" ? 60 : 1);

function showNumber(field, value) {
  return value === undefined || value === null ? "" : String(value / unitOf(field));
}

/** Rule of a row; null if it is not complete. */
function readRow(row) {
  const form = row.querySelector("select").value;
  const field = form.replace("not.", "");
  const rule = { field, ...(form === field ? {} : { negate: true }) };
  const text = (name) => row.querySelector(`[name=${name}]`)?.value.trim() ?? "";
  if (NAMES.includes(field)) return text("value") ? { ...rule, value: text("value") } : null;
  if (TIMES.includes(field))
    return Number(text("days")) > 0 ? { ...rule, days: Number(text("days")) } : null;
  if (!NUMBERS.includes(field)) return rule;
  const limits = ["low", "high"].flatMap((name) =>
    text(name) === "" ? [] : [[name, Number(text(name)) * unitOf(field)]],
  );
  return limits.length ? { ...rule, ...Object.fromEntries(limits) } : null;
}
