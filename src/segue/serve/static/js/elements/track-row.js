// <track-row>: a track of a list. The title plays it, the explanation opens its details, and the buttons
// like, dislike, queue it and open its menu. A list can add a handle to move it and select it.

import { fill, h, uniqueId } from "../dom.js";
import { rate } from "../feedback.js";
import { formatDuration, trackLabel, trackTitle } from "../format.js";
import { t } from "../i18n.js";
import { icon } from "../icons.js";
import { trackLinks } from "../links.js";
import { notifyError } from "../notifications.js";
import { player } from "../player.js";
import { queueTracks } from "../queue-tracks.js";
import { reasonOf, reasonSignal } from "../reasons.js";
import { opinion, store } from "../store.js";
import { isNeverPlayed, tasteRules } from "../taste-rules.js";
import { cover } from "./cover.js";
import { openTrackMenu } from "./track-menu.js";
import { hasBar } from "./why-bar.js";

export class TrackRow extends HTMLElement {
  /** @type {any} */
  #item = null;
  /** @type {any} */
  #parts = null;
  #scale;
  /** @type {boolean | null} */
  #selected = null; // null: nothing can be selected at present
  #update = () => this.#refresh();

  connectedCallback() {
    this.setAttribute("role", "listitem");
    store.addEventListener("opinion", this.#update);
    tasteRules.addEventListener("change", this.#update);
    for (const event of ["track", "state"]) player.addEventListener(event, this.#update);
    this.#refresh();
  }

  disconnectedCallback() {
    store.removeEventListener("opinion", this.#update);
    tasteRules.removeEventListener("change", this.#update);
    for (const event of ["track", "state"]) player.removeEventListener(event, this.#update);
  }

  get item() {
    return this.#item;
  }

  get track() {
    return this.#item.track;
  }

  get selected() {
    return this.#selected === true;
  }

  /**
   * Select the row or not; null ends the selection.
   *
   * @param {boolean | null} value
   */
  select(value) {
    this.#selected = value;
    this.classList.toggle("is-selecting", value !== null);
    this.classList.toggle("is-selected", value === true);
    this.#refresh();
  }

  /** Show an item `{track, why?, reason?, ...}`; `scale` is that of the list: see `scaleOf`. */
  show(item, scale) {
    const first = this.#item === null;
    this.#item = item;
    this.#scale = scale;
    if (first) this.#build();
    const { track } = item;
    fill(this.#parts.title, trackTitle(track));
    this.#parts.title.title = trackTitle(track);
    fill(this.#parts.artist, trackLinks(track));
    this.#showWhy();
    if (this.isOpen) this.#showDetails();
    this.#refresh();
  }

  /** Mark or unmark the row as new in the list. */
  mark(isNew) {
    this.classList.toggle("is-new", isNew);
  }

  get isOpen() {
    return this.classList.contains("is-open");
  }

  /** Open or close the details of the track. */
  toggle(open = !this.isOpen) {
    this.classList.toggle("is-open", open);
    this.#parts.why?.setAttribute("aria-expanded", String(open));
    if (open) this.#showDetails();
    else fill(this.#parts.details);
  }

  respond(kind) {
    rate(this.track, kind);
  }

  /** Play the track and those after it, or pause it. */
  play() {
    if (this.track.playable === false) return null;
    if (player.track?.track_id === this.track.track_id) return player.toggle();
    this.dispatchEvent(new CustomEvent("play-row", { bubbles: true, detail: this }));
    return null;
  }

  /** Open the menu of the track at the row's button. */
  openMenu() {
    const list = /** @type {any} */ (this.closest("track-list"));
    openTrackMenu(this.track, this.#parts.menu, {
      why: () => this.toggle(true),
      extra: list?.entriesOf?.(this) ?? [],
    });
  }

  /** Add a handle that moves the row, or remove it. */
  set movable(handle) {
    this.#parts.handle?.remove();
    this.#parts.handle = handle;
    this.classList.toggle("is-movable", Boolean(handle));
    if (handle) this.prepend(handle);
  }

  /** Show a command of the list in place of "Add to queue". */
  setAction({ icon: picture, label, action }) {
    const name = label(trackLabel(this.track));
    const button = this.#button(picture, () => action(this), "own");
    button.setAttribute("aria-label", name);
    button.title = name;
    this.#parts.queue.replaceWith(button);
  }

  #build() {
    const { item } = this;
    const details = h("div", { class: "row-details", id: uniqueId("why") });
    const symbol = h("span", { class: "cover-symbol" });
    const parts = {
      cover: h(
        "button",
        { class: "cover", type: "button", on: { click: () => this.play() } },
        cover(item.track),
        symbol,
      ),
      symbol,
      title: h("button", {
        class: "row-main row-title",
        type: "button",
        dir: "auto",
        on: { click: () => this.play() },
      }),
      artist: h("span", { class: "row-artist", dir: "auto" }),
      like: this.#button("like", () => this.respond("like")),
      dislike: this.#button("dislike", () => this.respond("dislike")),
      queue: this.#button("next", () => queueTracks([this.track])),
      menu: this.#button("ellipsis", () => this.openMenu(), "menu"),
      why: this.#whyPart(details.id),
      details,
    };
    parts.menu.setAttribute("aria-haspopup", "menu");
    parts.menu.setAttribute("aria-expanded", "false");
    this.#parts = parts;
    this.classList.toggle("has-why", Boolean(parts.why));
    fill(
      this,
      parts.cover,
      h("span", { class: "names" }, parts.title, parts.artist),
      parts.why,
      h("span", { class: "row-duration" }, formatDuration(item.track.duration)),
      h("span", { class: "row-actions" }, parts.queue, parts.like, parts.dislike, parts.menu),
      details,
    );
  }

  /** Button with the explanation, chips that say what a search matched, or nothing. */
  #whyPart(details) {
    const { item } = this;
    if (Object.keys(item.why ?? {}).length || item.reason)
      return h("button", {
        class: "row-why",
        type: "button",
        "aria-expanded": "false",
        "aria-controls": details,
        on: { click: () => this.toggle() },
      });
    return item.matched ? h("span", { class: "matches" }, matchChips(item.matched)) : null;
  }

  #showWhy() {
    const { why: button } = this.#parts;
    const { why, serves } = this.#item;
    if (!button?.matches(".row-why")) return;
    const reason = reasonOf(this.#item);
    // the parts of a blend's score are listeners, which have no colors
    const bar = hasBar(why) && !serves ? document.createElement("why-bar") : null;
    bar?.show(why, this.#scale, reasonSignal(this.#item));
    fill(button, h("span", { class: "why-line", dir: "auto", title: reason }, reason), bar);
    button.setAttribute(
      "aria-label",
      t("why.of", { name: trackLabel(this.track), reason: reason || t("why.noParts") }),
    );
  }

  #button(name, action, kind = name) {
    return h(
      "button",
      { class: `icon-button act-${kind}`, type: "button", on: { click: action } },
      icon(name),
    );
  }

  async #showDetails() {
    try {
      const { whyDetails } = await import("./why-details.js");
      if (this.isOpen) fill(this.#parts.details, whyDetails(this.#item));
    } catch (error) {
      notifyError(error);
    }
  }

  #refresh() {
    if (!this.#item) return;
    const { cover: play, title, like, dislike, queue, menu, symbol } = this.#parts;
    const name = trackLabel(this.track);
    const current = player.track?.track_id === this.track.track_id;
    const playing = current && player.isPlaying;
    const mine = opinion(this.track);
    this.classList.toggle("is-current", current);
    this.classList.toggle("is-playing", playing);
    this.classList.toggle("is-rejected", mine === "dislike" || isNeverPlayed(this.track));
    const selecting = this.#selected !== null;
    fill(symbol, icon(selecting ? "check" : playing ? "pause" : "play"));
    const label = t(selecting ? "row.select" : playing ? "row.pause" : "row.play", { name });
    play.setAttribute("aria-label", label);
    if (selecting) play.setAttribute("aria-pressed", String(this.#selected));
    else play.removeAttribute("aria-pressed");
    title.setAttribute("aria-label", label);
    for (const button of [play, title])
      button.disabled = this.track.playable === false && !selecting;
    press(like, mine === "like", t("row.like", { name }), t("row.likeShort"));
    press(dislike, mine === "dislike", t("row.dislike", { name }), t("row.dislikeShort"));
    queue.setAttribute("aria-label", t("row.queue", { name }));
    queue.title = t("menu.queue");
    menu.setAttribute("aria-label", t("menu.of", { name }));
    menu.title = t("menu.more");
  }
}

function press(button, pressed, label, short) {
  button.setAttribute("aria-pressed", String(pressed));
  button.setAttribute("aria-label", label);
  button.title = short;
}

/** What a search matched ("title", "tag sad"). */
function matchChips(matches) {
  return [...new Set(matches)]
    .slice(0, 3)
    .map((reason) => h("span", { class: "chip is-small" }, reason));
}

customElements.define("track-row", TrackRow);
