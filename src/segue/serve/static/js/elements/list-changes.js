// <list-changes>: tracks that were added to and removed from a list when it changed.

import { fill, h } from "../dom.js";
import { joinNames, trackLabel, trackTitle } from "../format.js";
import { t } from "../i18n.js";
import { icon } from "../icons.js";
import { announce } from "../notifications.js";

const SHOWN = 4;

export class ListChanges extends HTMLElement {
  connectedCallback() {
    this.setAttribute("role", "group");
    this.setAttribute("aria-label", t("changes.label"));
  }

  /** Show added and removed tracks; without `quiet` they are announced, too. */
  show({ added, removed, quiet = false }) {
    fill(
      this,
      h(
        "p",
        { class: "changes-line is-in" },
        h("b", {}, icon("add"), t("listen.new", { n: added.length })),
        names(added),
      ),
      h(
        "p",
        { class: "changes-line is-out" },
        h("b", {}, icon("close"), t("listen.removed", { n: removed.length })),
        names(removed),
      ),
    );
    if (!quiet)
      announce(
        [
          added.length && t("changes.added", { names: joinNames(added.map(trackTitle)) }),
          removed.length && t("changes.removed", { names: joinNames(removed.map(trackTitle)) }),
        ]
          .filter(Boolean)
          .join(" ") || t("changes.none"),
      );
  }
}

function names(tracks) {
  const rest = tracks.length - SHOWN;
  return [
    tracks
      .slice(0, SHOWN)
      .map((track) => h("span", { class: "chip", title: trackLabel(track) }, trackTitle(track))),
    rest > 0 && h("span", { class: "chip" }, t("changes.more", { rest })),
  ];
}

customElements.define("list-changes", ListChanges);
