// Keyboard shortcuts. They can be switched off for users whose assistive tools type single letters.

import { h } from "./dom.js";
import { icon } from "./icons.js";
import { player } from "./player.js";

const OFF = "segue.keys.off";

/** @type {[string, string, (() => void) | null, string?][]} */
const KEYS = [
  ["/", "Search", () => search()],
  ["Space", "Play or pause", () => player.toggle(), " "],
  ["n", "Next track", () => player.next()],
  ["b", "Previous track", () => player.back()],
  ["← →", "Seek 5 seconds back or forward", null],
  ["j k", "Next or previous row of the list", null],
  ["l", "Like the selected row, or the playing track", () => sendOpinion("like")],
  ["d", "Dislike the selected row, or the playing track", () => sendOpinion("dislike")],
  ["q", "Add the selected row to the queue", () => enqueue()],
  ["w", "Show why the selected row is recommended", () => row()?.toggle()],
  ["m", "Mute or unmute", () => player.mute()],
  ["1 … 6", "Go to a page", null],
  ["?", "Show this help", () => showKeys()],
];

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
    if (
      target(event)?.closest(
        "input:not([type=checkbox]), textarea, select, [role=application], [contenteditable]",
      )
    )
      return;
    if (localStorage.getItem(OFF) && event.key !== "?") return;
    const action =
      specialKey(event, pages) ?? KEYS.find(([key, , , real]) => event.key === (real ?? key))?.[2];
    if (
      !action ||
      (event.key === " " && target(event)?.closest("button, a, summary, input, label"))
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

function target(event) {
  return /** @type {Element | null} */ (event.target);
}

function enqueue() {
  const track = row()?.track;
  if (track) player.enqueue([track]);
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
      h("h2", { id: "keys-title" }, "Keyboard shortcuts"),
      h(
        "button",
        { class: "icon-button", type: "button", "aria-label": "Close", on: { click: close } },
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
        h("dd", {}, about),
      ]),
    ),
    h("label", { class: "row keys-off" }, off, "Use keyboard shortcuts (? always works)"),
  );
  document.body.append(dialog);
  dialog.showModal();
}
