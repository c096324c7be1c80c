// <track-row>: a track of a list, with play, like, dislike, queue, and the explanation of its score.

import { fill, h, uniqueId } from "../dom.js";
import { formatDuration, trackArtist, trackLabel, trackTitle } from "../format.js";
import { t } from "../i18n.js";
import { icon } from "../icons.js";
import { notifyError } from "../notifications.js";
import { player } from "../player.js";
import { forYou } from "../recommendations.js";
import { titleOf } from "../signals.js";
import { opinion, store } from "../store.js";
import { cover } from "./cover.js";
import { openTrackMenu } from "./track-menu.js";
import "./why-bar.js";
import { whyDetails } from "./why-details.js";

export class TrackRow extends HTMLElement {
  /** @type {any} */
  #item = null;
  /** @type {any} */
  #parts = null;
  #update = () => this.#refresh();

  connectedCallback() {
    this.setAttribute("role", "listitem");
    store.addEventListener("opinion", this.#update);
    for (const event of ["track", "state"]) player.addEventListener(event, this.#update);
    this.#refresh();
  }

  disconnectedCallback() {
    store.removeEventListener("opinion", this.#update);
    for (const event of ["track", "state"]) player.removeEventListener(event, this.#update);
  }

  get item() {
    return this.#item;
  }

  get track() {
    return this.#item.track;
  }

  /** Show an item `{track, why?, reason?, ...}`; `scale` is that of the list: see `scaleOf`. */
  show(item, scale) {
    const first = this.#item === null;
    this.#item = item;
    if (first) this.#build();
    const { track } = item;
    fill(this.#parts.title, trackTitle(track));
    fill(this.#parts.artist, [trackArtist(track), track.album].filter(Boolean).join(" · "));
    if (this.#parts.bar && item.why) this.#parts.bar.show(item.why, scale);
    if (this.isOpen) this.#showDetails();
    this.#refresh();
  }

  /** Mark or unmark the row as new in the list. */
  mark(isNew) {
    this.classList.toggle("is-new", isNew);
  }

  get isOpen() {
    return this.#parts.main.getAttribute("aria-expanded") === "true";
  }

  toggle(open = !this.isOpen) {
    this.#parts.main.setAttribute("aria-expanded", String(open));
    if (open) this.#showDetails();
    else fill(this.#parts.details);
    this.classList.toggle("is-open", open);
  }

  respond(kind) {
    const value = opinion(this.track) === kind ? "clear" : kind;
    if (value === "dislike") player.drop(this.track.track_id);
    forYou.respond(this.track, value).catch(notifyError);
  }

  #build() {
    const { item } = this;
    const details = h("div", { class: "row-details", id: uniqueId("why") });
    const parts = {
      play: h(
        "button",
        { class: "cover", type: "button", on: { click: () => this.#play() } },
        cover(item.track),
      ),
      title: h("span", { class: "row-title" }),
      artist: h("span", { class: "row-artist" }),
      bar: item.why && !item.serves ? h("why-bar") : null, // the parts of a blend's score are listeners
      like: this.#button("like", () => this.respond("like")),
      dislike: this.#button("dislike", () => this.respond("dislike")),
      queue: this.#button("next", () => player.enqueue([this.track])),
      menu: this.#button("dots", () => this.openMenu()),
      details,
      symbol: h("span", { class: "cover-symbol" }),
    };
    parts.play.append(parts.symbol);
    const main = h(
      "button",
      {
        class: parts.bar ? "row-main" : "row-main is-plain",
        type: "button",
        "aria-expanded": "false",
        "aria-controls": details.id,
        on: { click: () => this.toggle() },
      },
      h("span", { class: "names" }, parts.title, parts.artist),
      parts.bar ?? h("span", { class: "matches" }, matchChips(item)),
    );
    parts.menu.setAttribute("aria-haspopup", "menu");
    parts.menu.setAttribute("aria-expanded", "false");
    this.#parts = { ...parts, main };
    fill(
      this,
      parts.play,
      main,
      h("span", { class: "row-duration" }, formatDuration(item.track.duration)),
      h("span", { class: "row-actions" }, parts.queue, parts.like, parts.dislike, parts.menu),
      details,
    );
  }

  #button(name, action) {
    return h(
      "button",
      { class: `icon-button act-${name}`, type: "button", on: { click: action } },
      icon(name),
    );
  }

  /** Open the menu of the track at the row's button. */
  openMenu() {
    const why = () => this.toggle(true);
    openTrackMenu(this.track, this.#parts.menu, this.#item.why ? { why } : {});
  }

  #showDetails() {
    fill(this.#parts.details, whyDetails(this.#item));
  }

  #play() {
    if (player.track?.track_id === this.track.track_id) return player.toggle();
    this.dispatchEvent(new CustomEvent("play-row", { bubbles: true, detail: this.track }));
  }

  #refresh() {
    if (!this.#item) return;
    const { play, main, like, dislike, queue, menu, symbol } = this.#parts;
    const name = trackLabel(this.track);
    const current = player.track?.track_id === this.track.track_id;
    const playing = current && player.isPlaying;
    const mine = opinion(this.track);
    this.classList.toggle("is-current", current);
    this.classList.toggle("is-playing", playing);
    fill(symbol, icon(playing ? "pause" : "play"));
    play.setAttribute("aria-label", `${playing ? "Pause" : "Play"} ${name}`);
    play.disabled = this.track.playable === false;
    const { reason, top_signal: top } = this.#item;
    const why = reason ?? (top && `strongest reason ${titleOf(top)}`);
    main.setAttribute(
      "aria-label",
      `${name}. ${this.#parts.bar ? `Why${why ? `: ${why}` : ""}` : "About this track"}`,
    );
    press(like, mine === "like", `Like ${name}`);
    press(dislike, mine === "dislike", `Dislike ${name}`);
    queue.setAttribute("aria-label", `Add ${name} to queue`);
    queue.title = "Add to queue";
    menu.setAttribute("aria-label", t("menu.of", { name }));
    menu.title = t("menu.more");
  }
}

function press(button, pressed, label) {
  button.setAttribute("aria-pressed", String(pressed));
  button.setAttribute("aria-label", label);
  button.title = label.split(" ")[0];
}

/** What a search matched ("title", "tag sad"), or for which listener of a blend the track is. */
function matchChips({ matched: matches = [], serves }) {
  return [...new Set(serves ? [`for ${serves}`] : matches)]
    .slice(0, 3)
    .map((reason) => h("span", { class: "chip is-small" }, reason));
}

customElements.define("track-row", TrackRow);
