// Keyboard shortcuts. They can be switched off for users whose assistive tools type single letters.

import { h } from "./dom.js";
import { icon } from "./icons.js";
import { player } from "./player.js";

const OFF = "segue.keys.off";

const KEYS = [
  ["/", "Search", () => search()],
  ["Space", "Play or pause", () => player.toggle(), " "],
  ["n", "Next track", () => player.next()],
  ["b", "Back", () => player.back()],
  ["← →", "Five seconds back or on", null],
  ["j k", "Down or up the list", null],
  ["l", "Like: the track of the row you are on, or the one that plays", () => sendOpinion("like")],
  ["d", "Dislike it", () => sendOpinion("dislike")],
  ["q", "Add the row you are on to what's next", () => row() && player.enqueue([row().track])],
  ["w", "Why: open the row you are on", () => row()?.toggle()],
  ["m", "Sound off or on", () => player.mute()],
  ["1 … 6", "Go to a page", null],
  ["?", "This help", () => showKeys()],
];

/** Register the shortcuts. `pages` are the hashes that 1, 2, 3 ... go to. */
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
      event.target.closest(
        "input:not([type=checkbox]), textarea, select, [role=application], [contenteditable]",
      )
    )
      return;
    if (localStorage.getItem(OFF) && event.key !== "?") return;
    const action =
      specialKey(event, pages) ?? KEYS.find(([key, , , real]) => event.key === (real ?? key))?.[2];
    if (!action || (event.key === " " && event.target.closest("button, a, summary, input, label")))
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
  const page = pages[Number(key) - 1];
  return page ? () => (location.hash = page) : undefined;
}

/** Focus the search field, on the page Listen. */
function search() {
  const focus = () => document.querySelector("#search")?.focus();
  if (document.querySelector("#search")) return focus();
  addEventListener("hashchange", () => setTimeout(focus), { once: true });
  location.hash = "#/listen";
  return null;
}

function row() {
  return document.activeElement?.closest("track-row");
}

function list() {
  return row()?.closest("track-list") ?? shownList();
}

/** First visible list of tracks. */
export function shownList() {
  return [...document.querySelectorAll("main track-list")].find((one) => one.checkVisibility());
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
      h("h2", { id: "keys-title" }, "Keys"),
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
    h("label", { class: "row keys-off" }, off, "Use single keys (? always works)"),
  );
  document.body.append(dialog);
  dialog.showModal();
}
