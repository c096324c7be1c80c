// <list-changes>: what a list did when it re-formed: what entered it, what left.

import { fill, h } from "../dom.js";
import { counted, named, some, title } from "../format.js";
import { icon } from "../icons.js";
import { say } from "../notifications.js";

const SHOWN = 4;

class ListChanges extends HTMLElement {
  connectedCallback() {
    this.setAttribute("role", "group");
    this.setAttribute("aria-label", "What changed in the list");
  }

  /** Show tracks that entered and left; `because` in words, `undo` takes it back. */
  show({ entered, left, because = "", undo = null, quiet = false }) {
    fill(
      this,
      because
        ? h(
            "p",
            { class: "changes-why" },
            because,
            undo && [
              " ",
              h("button", { class: "link", type: "button", on: { click: undo } }, "Undo"),
            ],
          )
        : null,
      h(
        "p",
        { class: "changes-line is-in" },
        h("b", {}, icon("add"), counted(entered.length, "entered", "entered")),
        names(entered),
      ),
      h(
        "p",
        { class: "changes-line is-out" },
        h("b", {}, icon("close"), counted(left.length, "left", "left")),
        names(left),
      ),
    );
    if (!quiet)
      say(
        `${because} ${told("Entered", entered)} ${told("Left", left)}`.trim() ||
          "The list stays as it is.",
      );
  }
}

function names(tracks) {
  const rest = tracks.length - SHOWN;
  return [
    tracks
      .slice(0, SHOWN)
      .map((track) => h("span", { class: "chip", title: named(track) }, title(track))),
    rest > 0 && h("span", { class: "chip" }, `and ${rest} more`),
  ];
}

function told(what, tracks) {
  return tracks.length ? `${what}: ${some(tracks.map(title))}.` : "";
}

customElements.define("list-changes", ListChanges);
