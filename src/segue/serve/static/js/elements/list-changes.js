// <list-changes>: tracks that were added to and removed from a list when it changed.

import { fill, h } from "../dom.js";
import { formatCount, joinNames, trackLabel, trackTitle } from "../format.js";
import { icon } from "../icons.js";
import { announce } from "../notifications.js";

const SHOWN = 4;

export class ListChanges extends HTMLElement {
  connectedCallback() {
    this.setAttribute("role", "group");
    this.setAttribute("aria-label", "Changes of the list");
  }

  /** Show added and removed tracks; `reason` in words; `undo` reverts the action. */
  show({ added, removed, reason = "", undo = null, quiet = false }) {
    fill(
      this,
      reason
        ? h(
            "p",
            { class: "changes-why" },
            reason,
            undo && [
              " ",
              h("button", { class: "link", type: "button", on: { click: undo } }, "Undo"),
            ],
          )
        : null,
      h(
        "p",
        { class: "changes-line is-in" },
        h("b", {}, icon("add"), `${formatCount(added.length)} new`),
        names(added),
      ),
      h(
        "p",
        { class: "changes-line is-out" },
        h("b", {}, icon("close"), `${formatCount(removed.length)} removed`),
        names(removed),
      ),
    );
    if (!quiet)
      announce(
        `${reason} ${sentence("New", added)} ${sentence("Removed", removed)}`.trim() ||
          "The list did not change.",
      );
  }
}

function names(tracks) {
  const rest = tracks.length - SHOWN;
  return [
    tracks
      .slice(0, SHOWN)
      .map((track) => h("span", { class: "chip", title: trackLabel(track) }, trackTitle(track))),
    rest > 0 && h("span", { class: "chip" }, `and ${rest} more`),
  ];
}

function sentence(verb, tracks) {
  return tracks.length ? `${verb}: ${joinNames(tracks.map(trackTitle))}.` : "";
}

customElements.define("list-changes", ListChanges);
