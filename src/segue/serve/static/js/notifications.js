// Telling: to screen readers in a live region, to the eye in a note that goes away.

import { fill, h } from "./dom.js";
import { icon } from "./icons.js";

const STAYS = 6000;
const MOST = 2; // notes at a time

let region = null;
let notes = null;

/** Make the places where things are said. */
export function tellingIn(page) {
  region = h("div", { class: "unseen", role: "status", "aria-live": "polite", id: "said" });
  notes = h("div", { class: "notes", id: "notes" });
  page.append(region, notes);
}

/** Say something to those who do not see it. */
export function say(text) {
  fill(region, text);
}

/** Show a note, with at most one thing to do about it. */
export function note(text, { action, label, kind = "plain" } = {}) {
  const close = () => it.remove();
  const it = h(
    "div",
    { class: `note note-${kind}`, role: kind === "problem" ? "alert" : null },
    kind === "problem" && icon("warn"),
    h("span", {}, text),
    action &&
      h(
        "button",
        { class: "quiet", type: "button", on: { click: () => (close(), action()) } },
        label,
      ),
    h(
      "button",
      { class: "bare", type: "button", "aria-label": "Dismiss", on: { click: close } },
      icon("close"),
    ),
  );
  notes.append(it);
  while (notes.childElementCount > MOST) notes.firstElementChild.remove();
  if (kind !== "problem") say(text);
  setTimeout(close, kind === "problem" ? 3 * STAYS : STAYS);
  return close;
}

/** Show what went wrong, unless it was only overtaken. */
export function noteProblem(error) {
  if (error.name === "AbortError") return;
  note(error.message || String(error), { kind: "problem" });
}
