// <track-list>: tracks in an order, each in a <track-row>, that re-form when the order changes.

import { reform } from "../list-animation.js";
import { player } from "../player.js";
import { scaleOf } from "./why-bar.js";
import "./track-row.js";

const MARKED = 8000; // milliseconds for which what entered stays marked

class TrackList extends HTMLElement {
  #rows = new Map();
  #items = [];
  #fades = 0;

  connectedCallback() {
    this.setAttribute("role", "list");
    this.addEventListener("play-row", ({ detail }) => this.play(detail));
  }

  /** What the list is called where its tracks are played from. */
  source = "";

  /** Asked for what follows the last track, where the list goes on for ever: see `player.play`. */
  more = null;

  /** Whether tracks after the one that is played come next. */
  follows = true;

  get items() {
    return this.#items;
  }

  /** Show items; ids in `entered` are marked for a while. */
  show(items, { entered = [], animate = true } = {}) {
    const rows = new Map();
    const scale = scaleOf(items);
    for (const item of items) {
      const id = item.track.track_id;
      if (rows.has(id)) continue;
      const row = this.#rows.get(id) ?? document.createElement("track-row");
      row.show(item, scale);
      if (entered.includes(id)) row.mark(true);
      rows.set(id, row);
    }
    const focused = this.#focusedPlace();
    this.#rows = rows;
    this.#items = items;
    clearTimeout(this.#fades);
    this.#fades = setTimeout(() => rows.forEach((row) => row.mark(false)), MARKED);
    const done = reform(this, [...rows.values()], { animate });
    if (focused && !this.contains(document.activeElement)) this.#focusAgain(focused);
    return done;
  }

  /** Play one of the tracks; those after it follow. */
  play(track) {
    const tracks = this.#items.map((item) => item.track).filter((one) => one.playable !== false);
    const place = tracks.findIndex((one) => one.track_id === track.track_id);
    player.play(track, this.follows ? tracks.slice(place + 1) : null, this.source, this.more);
  }

  /** The row that has the focus, if one has. */
  get focusedRow() {
    return document.activeElement?.closest?.("track-row");
  }

  /** Move the focus by rows, down or up. */
  step(by) {
    const rows = [...this.#rows.values()];
    const now = rows.indexOf(this.focusedRow);
    const next = rows[now < 0 ? (by > 0 ? 0 : rows.length - 1) : now + by];
    next?.querySelector(".what")?.focus();
    next?.scrollIntoView({ block: "nearest" });
  }

  // A row moves in the document when the list re-forms, and loses the focus by that.
  #focusedPlace() {
    const row = this.focusedRow;
    if (!row || !this.contains(row)) return null;
    const kind = [...document.activeElement.classList].find((name) =>
      /^(act-|what|tile)/.test(name),
    );
    return {
      id: row.track.track_id,
      place: [...this.#rows.values()].indexOf(row),
      kind: kind ?? "what",
    };
  }

  #focusAgain({ id, place, kind }) {
    const row =
      this.#rows.get(id) ?? [...this.#rows.values()][Math.min(place, this.#rows.size - 1)];
    row?.querySelector(`.${kind}`)?.focus({ preventScroll: true });
  }
}

customElements.define("track-list", TrackList);
