// Cards with the rules of the listener: what is never played, and what segue does not learn from.

import { fill, h, onSubmit } from "../dom.js";
import { language, t } from "../i18n.js";
import { icon } from "../icons.js";
import { notifyError } from "../notifications.js";
import { addRule, endSession, loadRules, removeRule, tasteRules } from "../taste-rules.js";

const NAMED = {
  artist: t("rules.artist"),
  album: t("rules.album"),
  genre: t("rules.genre"),
  tag: t("rules.tag"),
  folder: t("rules.folder"),
};
const LEARN = {
  ...NAMED,
  playlist: t("rules.playlist"),
  hours: t("rules.hours"),
  source: t("rules.source"),
};
const PLACEHOLDERS = { hours: "20:00-07:00", source: "spotify, live" };
const LABELS = { ...LEARN, track: t("rules.track"), session: t("rules.session") };

/** Return both cards, which follow changes until `onLeave`. */
export function ruleCards(onLeave) {
  const never = chips(t("rules.neverPlayed"));
  const ignored = chips(t("rules.notLearned"));
  const session = h("div", {});
  const show = (rules) => {
    showChips(never, rules, "play", t("rules.everythingPlayed"));
    showChips(ignored, rules, "learn", t("rules.everyPlay"));
    fill(session, privateSession(rules));
  };
  const onChange = ({ detail }) => show(detail);
  tasteRules.addEventListener("change", onChange);
  onLeave(() => tasteRules.removeEventListener("change", onChange));
  loadRules().catch(notifyError);
  return [
    card(
      "never-played-title",
      t("rules.never"),
      t("rules.neverAbout"),
      never,
      ruleForm("play", NAMED, t("rules.never")),
    ),
    card(
      "learn-title",
      t("rules.learn"),
      t("rules.learnAbout"),
      session,
      ignored,
      ruleForm("learn", LEARN, t("rules.learnForm")),
    ),
  ];
}

function card(id, title, about, ...children) {
  return h(
    "section",
    { class: "card", "aria-labelledby": id },
    h("h2", { id }, title),
    h("p", { class: "muted-text" }, about),
    children,
  );
}

function chips(label) {
  return h("div", { class: "chips", role: "group", "aria-label": label });
}

function showChips(box, rules, effect, empty) {
  const shown = rules.filter((rule) => rule.effect === effect && !isOpen(rule));
  fill(box, shown.length ? shown.map(chip) : h("span", { class: "muted-text" }, empty));
}

function chip(rule) {
  const text = rule.kind === "session" ? sessionText(rule.value) : rule.text;
  return h(
    "span",
    { class: "chip" },
    h("small", {}, LABELS[rule.kind]),
    h("span", { dir: "auto" }, text),
    h(
      "button",
      {
        type: "button",
        "aria-label": t("rules.remove", { kind: LABELS[rule.kind], name: text }),
        on: { click: () => removeRule(rule.number) },
      },
      icon("close"),
    ),
  );
}

function ruleForm(effect, kinds, label) {
  const kind = h(
    "select",
    { "aria-label": t("rules.kindOf", { label }) },
    Object.entries(kinds).map(([name, text]) => h("option", { value: name }, text)),
  );
  const field = h("input", {
    type: "text",
    "aria-label": t("rules.nameOf", { label }),
    placeholder: t("rule.name"),
    autocomplete: "off",
    maxlength: 900,
  });
  kind.addEventListener("change", () => {
    field.placeholder = PLACEHOLDERS[kind.value] ?? t("rule.name");
  });
  const add = () => {
    const text = field.value.trim();
    if (!text) return field.focus();
    field.value = "";
    const said =
      effect === "play"
        ? t("rules.neverAdded", { name: text })
        : t("rules.learnAdded", { name: text });
    const chosen = /** @type {keyof typeof LEARN} */ (kind.value);
    return addRule({ effect, kind: chosen, value: withZone(chosen, text) }, said);
  };
  return h(
    "form",
    { class: "exclude-form", on: { submit: onSubmit(add) } },
    kind,
    field,
    h("button", { type: "submit" }, t("rules.add")),
  );
}

/** Hours get the time zone of this browser, unless they name one. */
function withZone(kind, text) {
  if (kind !== "hours" || /\s\S/.test(text)) return text;
  return `${text} ${Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC"}`;
}

function isOpen(rule) {
  return rule.kind === "session" && rule.value.endsWith("/..");
}

/** Button that begins a private session, or ends the one that is going on. */
function privateSession(rules) {
  const open = rules.find(isOpen);
  const begin = () =>
    addRule({ effect: "learn", kind: "session", value: "now" }, t("rules.sessionBegun"));
  return h(
    "button",
    {
      type: "button",
      "aria-pressed": String(Boolean(open)),
      on: { click: () => (open ? endSession(open.number) : begin()) },
    },
    open ? t("rules.endSession") : t("rules.beginSession"),
  );
}

function sessionText(value) {
  const [start, end] = value.split("/").map((time) => new Date(time));
  const day = start.toLocaleDateString(language, { dateStyle: "medium" });
  const time = (date) => date.toLocaleTimeString(language, { timeStyle: "short" });
  return t("rules.sessionTime", { day, start: time(start), end: time(end) });
}
