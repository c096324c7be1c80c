// Keyboard shortcuts. They can be switched off for users whose assistive tools type single letters.

import { h } from "./dom.js";
import { t } from "./i18n.js";
import { icon } from "./icons.js";
import { player } from "./player.js";
import { queueTracks } from "./queue-tracks.js";

const OFF = "segue.keys.off";

/**
 * Keys, the key of their text, what they do, and the value of `event.key` where it differs.
 *
 * @type {[string, import("./i18n.js").TextKey, (() => unknown) | null, string?][]}
 */
const KEYS = [
  ["/", "shortcuts.search", () => search()],
  ["Space", "shortcuts.play", () => player.toggle(), " "],
  ["n", "player.next", () => player.next()],
  ["b", "player.previous", () => player.back()],
  ["← →", "shortcuts.seek", null],
  ["j k", "shortcuts.rows", null],
  ["l", "shortcuts.like", () => sendOpinion("like")],
  ["d", "shortcuts.dislike", () => sendOpinion("dislike")],
  ["q", "shortcuts.queue", () => enqueue()],
  ["w", "shortcuts.why", () => row()?.toggle()],
  ["x", "shortcuts.select", null],
  ["Ctrl+A", "shortcuts.selectAll", null],
  ["Delete", "shortcuts.remove", null],
  ["s", "player.shuffle", () => press("shuffle")],
  ["r", "player.repeat", () => press("repeat")],
  ["m", "player.mute", () => player.mute()],
  ["f", "shortcuts.full", () => press("open")],
  ["1 … 6", "shortcuts.pages", null],
  ["?", "shortcuts.help", () => showKeys()],
];

/** Keys that a slider uses itself; all others work while it has the focus, as after a click on it. */
const SLIDER_KEYS = /^(Arrow|Home|End|Page)/;

/** Register the shortcuts. `pages` returns the hashes that 1, 2, 3 ... go to. */
export function shortcuts(pages) {
  document.addEventListener("keydown", (event) => {
    if (
      event.ctrlKey ||
      event.metaKey ||
      event.altKey ||
      event.defaultPrevented ||
      document.querySelector("dialog[open]")
    )
      return;
    if (takesLetters(target(event))) return;
    if (isSlider(target(event)) && SLIDER_KEYS.test(event.key)) return;
    if (localStorage.getItem(OFF) && event.key !== "?") return;
    const action =
      specialKey(event, pages) ?? KEYS.find(([key, , , real]) => event.key === (real ?? key))?.[2];
    if (
      !action ||
      (event.key === " " &&
        target(event)?.closest("button, a, summary, input:not([type=range]), label"))
    )
      return;
    event.preventDefault();
    action();
  });
}

function specialKey({ key }, pages) {
  if (key === "ArrowLeft" || key === "ArrowRight") {
    return () => player.seek(player.time + (key === "ArrowLeft" ? -5 : 5));
  }
  if (key === "j" || key === "k") return () => list()?.step(key === "j" ? 1 : -1);
  const page = pages()[Number(key) - 1];
  return page ? () => (location.hash = page) : undefined;
}

/** Focus the search field, on the page Listen. */
function search() {
  const focus = () => document.getElementById("search")?.focus();
  if (document.getElementById("search")) return focus();
  addEventListener("hashchange", () => setTimeout(focus), { once: true });
  location.hash = "#/listen";
  return null;
}

function isSlider(element) {
  return Boolean(element?.closest("input[type=range]"));
}

/** Whether an element uses letters and the space bar itself. */
function takesLetters(element) {
  return Boolean(
    element?.closest(
      "input:not([type=checkbox], [type=range]), textarea, select, [role=application], [contenteditable]",
    ),
  );
}

function target(event) {
  return /** @type {Element | null} */ (event.target);
}

function enqueue() {
  const track = row()?.track;
  if (track) queueTracks([track]);
}

/** Press a button of the player. */
function press(name) {
  const selector = name === "open" ? ".now-open" : `.act-${name}`;
  /** @type {HTMLElement | null} */ (document.querySelector(`now-playing ${selector}`))?.click();
}

function row() {
  return document.activeElement?.closest("track-row");
}

function list() {
  return row()?.closest("track-list") ?? shownList();
}

/** First visible list of tracks. */
export function shownList() {
  const lists = document.querySelectorAll("track-list");
  return [...lists].find((one) => one.closest("main") && one.checkVisibility());
}

function sendOpinion(kind) {
  (row() ?? document.querySelector("now-playing"))?.respond(kind);
}

/** Show the list of shortcuts. */
export function showKeys() {
  const close = () => dialog.close();
  const off = h("input", {
    type: "checkbox",
    on: {
      change: () => (off.checked ? localStorage.removeItem(OFF) : localStorage.setItem(OFF, "1")),
    },
  });
  off.checked = !localStorage.getItem(OFF);
  const dialog = h(
    "dialog",
    { "aria-labelledby": "keys-title", on: { close: () => dialog.remove() } },
    h(
      "div",
      { class: "between" },
      h("h2", { id: "keys-title" }, t("shortcuts.title")),
      h(
        "button",
        {
          class: "icon-button",
          type: "button",
          "aria-label": t("common.close"),
          on: { click: close },
        },
        icon("close"),
      ),
    ),
    h(
      "dl",
      { class: "keys" },
      KEYS.flatMap(([key, about]) => [
        h(
          "dt",
          {},
          key.split(" ").map((one) => [h("kbd", {}, one), " "]),
        ),
        h("dd", {}, t(about)),
      ]),
    ),
    h("label", { class: "row keys-off" }, off, t("shortcuts.use")),
  );
  document.body.append(dialog);
  dialog.showModal();
}
