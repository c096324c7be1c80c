// Cards with the rules of the listener: what is never played, and what segue does not learn from.

import { fill, h, onSubmit } from "../dom.js";
import { icon } from "../icons.js";
import { notifyError } from "../notifications.js";
import { addRule, endSession, loadRules, removeRule, tasteRules } from "../taste-rules.js";

const NAMED = { artist: "Artist", album: "Album", genre: "Genre", tag: "Tag", folder: "Folder" };
const LEARN = { ...NAMED, playlist: "Playlist", hours: "Hours of the day", source: "Source" };
const PLACEHOLDERS = { hours: "20:00-07:00", source: "spotify, live" };
const LABELS = { ...LEARN, track: "Track", session: "Private session" };

/** Return both cards, which follow changes until `onLeave`. */
export function ruleCards(onLeave) {
  const never = chips("Never played");
  const ignored = chips("Not learned from");
  const session = h("div", {});
  const show = (rules) => {
    showChips(never, rules, "play", "Everything may be played.");
    showChips(ignored, rules, "learn", "Every play counts.");
    fill(session, privateSession(rules));
  };
  const onChange = ({ detail }) => show(detail);
  tasteRules.addEventListener("change", onChange);
  onLeave(() => tasteRules.removeEventListener("change", onChange));
  loadRules().catch(notifyError);
  return [
    card(
      "never-played-title",
      "Never play",
      "Segue never chooses these for you, in no list, radio or mix, on any device.",
      never,
      ruleForm("play", NAMED, "Never play"),
    ),
    card(
      "learn-title",
      "What segue learns from",
      "Plays that match do not shape your taste. They stay in your history, likes still count, and" +
        " removing an entry brings them back.",
      session,
      ignored,
      ruleForm("learn", LEARN, "Do not learn from"),
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
    h("small", {}, LABELS[rule.kind].toLowerCase()),
    text,
    h(
      "button",
      {
        type: "button",
        "aria-label": `Remove ${LABELS[rule.kind].toLowerCase()} ${text}`,
        on: { click: () => removeRule(rule.number) },
      },
      icon("close"),
    ),
  );
}

function ruleForm(effect, kinds, label) {
  const kind = h(
    "select",
    { "aria-label": `${label}: kind` },
    Object.entries(kinds).map(([name, text]) => h("option", { value: name }, text)),
  );
  const field = h("input", {
    type: "text",
    "aria-label": `${label}: name`,
    placeholder: "Name",
    autocomplete: "off",
    maxlength: 900,
  });
  kind.addEventListener("change", () => {
    field.placeholder = PLACEHOLDERS[kind.value] ?? "Name";
  });
  const add = () => {
    const text = field.value.trim();
    if (!text) return field.focus();
    field.value = "";
    const said =
      effect === "play" ? `${text} will not be played again.` : `Not learned from: ${text}.`;
    const chosen = /** @type {keyof typeof LEARN} */ (kind.value);
    return addRule({ effect, kind: chosen, value: withZone(chosen, text) }, said);
  };
  return h(
    "form",
    { class: "exclude-form", on: { submit: onSubmit(add) } },
    kind,
    field,
    h("button", { type: "submit" }, "Add"),
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
    addRule(
      { effect: "learn", kind: "session", value: "now" },
      "Private session: plays do not count until you end it.",
    );
  return h(
    "button",
    {
      type: "button",
      "aria-pressed": String(Boolean(open)),
      on: { click: () => (open ? endSession(open.number) : begin()) },
    },
    open ? "End the private session" : "Begin a private session",
  );
}

function sessionText(value) {
  const [start, end] = value.split("/").map((time) => new Date(time));
  const day = start.toLocaleDateString("en", { dateStyle: "medium" });
  const time = (date) => date.toLocaleTimeString("en", { timeStyle: "short" });
  return `${day}, ${time(start)} to ${time(end)}`;
}
