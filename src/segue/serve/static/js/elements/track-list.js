// <track-list>: an ordered list of tracks, each in a <track-row>; changes of the order are animated.

import { animateList } from "../list-animation.js";
import { player } from "../player.js";
import { markProposed } from "../proposed-tracks.js";
import { scaleOf } from "./why-bar.js";
import "./track-row.js";

const MARK_MS = 8000; // new rows stay marked for this time

export class TrackList extends HTMLElement {
  /** @type {Map<string, import("./track-row.js").TrackRow>} */
  #rows = new Map();
  /** @type {any[]} */
  #items = [];
  #unmark = 0;

  connectedCallback() {
    this.setAttribute("role", "list");
    this.addEventListener("play-row", ({ detail }) => this.play(detail));
  }

  /** Name of the list, shown in the queue. */
  source = "";

  /** Whether segue made the list, unlike results of a search; set it before the list is shown. */
  proposed = false;

  /** For an endless list: see `player.play`. */
  /** @type {((recent: string[]) => Promise<Api.Track[]>) | null} */
  fetchNext = null;

  get items() {
    return this.#items;
  }

  /**
   * Show items; rows of the ids in `added` are marked for a while.
   *
   * @param {any[]} items
   * @param {{added?: string[], animate?: boolean}} [options]
   */
  show(items, { added = [], animate = true } = {}) {
    if (this.proposed) markProposed(items.map((item) => item.track));
    const rows = new Map();
    const scale = scaleOf(items);
    for (const item of items) {
      const id = item.track.track_id;
      if (rows.has(id)) continue;
      const row = this.#rows.get(id) ?? document.createElement("track-row");
      row.show(item, scale);
      if (added.includes(id)) row.mark(true);
      rows.set(id, row);
    }
    const focused = this.#focusedPlace();
    this.#rows = rows;
    this.#items = items;
    clearTimeout(this.#unmark);
    this.#unmark = setTimeout(() => {
      for (const row of rows.values()) row.mark(false);
    }, MARK_MS);
    const done = animateList(this, [...rows.values()], { animate });
    if (focused && !this.contains(document.activeElement)) this.#restoreFocus(focused);
    return done;
  }

  /** Play one of the tracks; the tracks after it play next. */
  play(track) {
    const tracks = this.#items.map((item) => item.track).filter((one) => one.playable !== false);
    const place = tracks.findIndex((one) => one.track_id === track.track_id);
    player.play(track, tracks.slice(place + 1), this.source, this.fetchNext);
  }

  /** Row that has the focus, if any. */
  get focusedRow() {
    return document.activeElement?.closest("track-row") ?? null;
  }

  /** Move the focus by `by` rows. */
  step(by) {
    const rows = [...this.#rows.values()];
    const focused = this.focusedRow;
    const now = focused ? rows.indexOf(focused) : -1;
    const next = rows[now < 0 ? (by > 0 ? 0 : rows.length - 1) : now + by];
    focusOn(next, "row-main");
    next?.scrollIntoView({ block: "nearest" });
  }

  // Moving a row in the document takes the focus away from it.
  #focusedPlace() {
    const row = this.focusedRow;
    if (!row || !this.contains(row)) return null;
    const kind = [...(document.activeElement?.classList ?? [])].find((name) =>
      /^(act-|row-main|cover)/.test(name),
    );
    return {
      id: row.track.track_id,
      place: [...this.#rows.values()].indexOf(row),
      kind: kind ?? "row-main",
    };
  }

  #restoreFocus({ id, place, kind }) {
    const row =
      this.#rows.get(id) ?? [...this.#rows.values()][Math.min(place, this.#rows.size - 1)];
    focusOn(row, kind, { preventScroll: true });
  }
}

/** Focus the control of a class in a row. */
function focusOn(row, name, options = {}) {
  row?.querySelector(`.${name}`)?.focus(options);
}

customElements.define("track-list", TrackList);
