// <track-row>: one track of a list: play it, say what you think of it, see why it is there.

import { fill, h, newId } from "../dom.js";
import { artist, clock, named, title } from "../format.js";
import { icon } from "../icons.js";
import { forYou } from "../recommendations.js";
import { player } from "../player.js";
import { noteProblem } from "../notifications.js";
import { titleOf } from "../signals.js";
import { opinion, store } from "../store.js";
import { soundTile } from "./cover.js";
import "./why-bar.js";
import { whyDetails } from "./why-details.js";

class TrackRow extends HTMLElement {
  #item = null;
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

  /** Show an item `{track, why?, top_signal?, ...}`; `scale` is what bars of the list reach to. */
  show(item, scale) {
    const first = this.#item === null;
    this.#item = item;
    if (first) this.#build();
    const { track } = item;
    fill(this.#parts.title, title(track));
    fill(this.#parts.artist, [artist(track), track.album].filter(Boolean).join(" · "));
    if (this.#parts.bar && item.why) this.#parts.bar.show(item.why, scale);
    if (this.isOpen) this.#open();
    this.#refresh();
  }

  /** Mark the row as one that has just come into the list. */
  mark(entered) {
    this.classList.toggle("is-new", entered);
  }

  get isOpen() {
    return this.#parts.what.getAttribute("aria-expanded") === "true";
  }

  toggle(open = !this.isOpen) {
    this.#parts.what.setAttribute("aria-expanded", String(open));
    if (open) this.#open();
    else fill(this.#parts.details);
    this.classList.toggle("is-open", open);
  }

  respond(kind) {
    const value = opinion(this.track) === kind ? "clear" : kind;
    if (value === "dislike") player.drop(this.track.track_id);
    forYou.respond(this.track, value).catch(noteProblem);
  }

  #build() {
    const { item } = this;
    const details = h("div", { class: "row-details", id: newId("why") });
    const parts = (this.#parts = {
      play: h(
        "button",
        { class: "tile", type: "button", on: { click: () => this.#play() } },
        soundTile(item.track),
      ),
      title: h("span", { class: "row-title" }),
      artist: h("span", { class: "row-artist" }),
      bar: item.why && !item.serves ? h("why-bar") : null, // of a blend, parts are listeners
      like: this.#button("like", () => this.respond("like")),
      dislike: this.#button("dislike", () => this.respond("dislike")),
      queue: this.#button("next", () => player.enqueue([this.track])),
      details,
    });
    parts.symbol = h("span", { class: "tile-symbol" });
    parts.play.append(parts.symbol);
    parts.what = h(
      "button",
      {
        class: parts.bar ? "what" : "what is-plain",
        type: "button",
        "aria-expanded": "false",
        "aria-controls": details.id,
        on: { click: () => this.toggle() },
      },
      h("span", { class: "names" }, parts.title, parts.artist),
      parts.bar ?? h("span", { class: "matched" }, matched(item)),
    );
    fill(
      this,
      parts.play,
      parts.what,
      h("span", { class: "row-clock" }, clock(item.track.duration)),
      h("span", { class: "row-actions" }, parts.queue, parts.like, parts.dislike),
      details,
    );
  }

  #button(name, action) {
    return h(
      "button",
      { class: `bare act-${name}`, type: "button", on: { click: action } },
      icon(name),
    );
  }

  #open() {
    fill(this.#parts.details, whyDetails(this.#item));
  }

  #play() {
    if (player.track?.track_id === this.track.track_id) return player.toggle();
    this.dispatchEvent(new CustomEvent("play-row", { bubbles: true, detail: this.track }));
  }

  #refresh() {
    if (!this.#item) return;
    const { play, what, like, dislike, queue, symbol } = this.#parts;
    const name = named(this.track);
    const current = player.track?.track_id === this.track.track_id;
    const playing = current && player.isPlaying;
    const mine = opinion(this.track);
    this.classList.toggle("is-current", current);
    this.classList.toggle("is-playing", playing);
    fill(symbol, icon(playing ? "pause" : "play"));
    play.setAttribute("aria-label", `${playing ? "Pause" : "Play"} ${name}`);
    play.disabled = this.track.playable === false;
    const top = this.#item.top_signal;
    what.setAttribute(
      "aria-label",
      `${name}. ${this.#parts.bar ? `Why${top ? `: most of all ${titleOf(top)}` : ""}` : "About this track"}`,
    );
    press(like, mine === "like", `Like ${name}`);
    press(dislike, mine === "dislike", `Dislike ${name}`);
    queue.setAttribute("aria-label", `Add ${name} to what's next`);
    queue.title = "Add to what's next";
  }
}

function press(button, pressed, label) {
  button.setAttribute("aria-pressed", String(pressed));
  button.setAttribute("aria-label", label);
  button.title = label.split(" ")[0];
}

/** How a search found it ("title", "tag sad"), or whose taste it meets. */
function matched({ matched: by = [], serves }) {
  return [...new Set(serves ? [`for ${serves}`] : by)]
    .slice(0, 3)
    .map((reason) => h("span", { class: "chip is-small" }, reason));
}

customElements.define("track-row", TrackRow);
