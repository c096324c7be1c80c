// <track-list>: an ordered list of tracks, each in a <track-row>; changes of the order are animated.
//
// Rows are selected with Ctrl or Shift and a click, with "x" on a focused row, or with "Select" in the
// menu of a track; a bar then offers commands for all of them. A list with an `editor` can also be
// reordered and tracks can be removed from it.

import { h } from "../dom.js";
import { trackLabel } from "../format.js";
import { t } from "../i18n.js";
import { icon } from "../icons.js";
import { animateList } from "../list-animation.js";
import { moveItem } from "../list-diff.js";
import { startDrag } from "../list-drag.js";
import { announce, notifyError } from "../notifications.js";
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
  #isSelecting = false;
  #anchor = 0; // the row that a selection with Shift begins at

  connectedCallback() {
    this.setAttribute("role", "list");
    this.addEventListener("play-row", this.#onPlayRow);
    this.addEventListener("click", this.#onClick, true);
    this.addEventListener("mousedown", onMouseDown);
    this.addEventListener("keydown", this.#onKey);
  }

  disconnectedCallback() {
    this.removeEventListener("play-row", this.#onPlayRow);
    this.removeEventListener("click", this.#onClick, true);
    this.removeEventListener("mousedown", onMouseDown);
    this.removeEventListener("keydown", this.#onKey);
    if (this.#isSelecting) this.endSelection();
  }

  /** Name of the list, shown in the queue. */
  source = "";

  /** Whether segue made the list, unlike results of a search; set it before the list is shown. */
  proposed = false;

  /** For an endless list: see `player.play`. */
  /** @type {((recent: string[]) => Promise<Api.Track[]>) | null} */
  fetchNext = null;

  /**
   * What to do after the user has changed the list; set it before the list is shown. Both get the
   * items as they are afterwards; `remove` also the removed ones, with their places.
   *
   * @type {{
   *   move: (items: any[]) => void,
   *   remove: (items: any[], removed: [number, any][]) => void,
   * } | null}
   */
  editor = null;

  /**
   * A command of every row, shown in place of "Add to queue".
   *
   * @type {{icon: string, label: (name: string) => string, action: (row: any) => void} | null}
   */
  rowAction = null;

  get items() {
    return this.#items;
  }

  get rows() {
    return [...this.#rows.values()];
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
    const counts = new Map(); // a playlist may hold a track twice
    for (const item of items) {
      const id = item.track.track_id;
      const count = counts.get(id) ?? 0;
      counts.set(id, count + 1);
      const key = `${id}\n${count}`;
      const row = this.#rows.get(key) ?? document.createElement("track-row");
      row.show(item, scale);
      if (added.includes(id)) row.mark(true);
      if (!this.#rows.has(key)) {
        if (this.editor) row.movable = this.#handle(row);
        if (this.rowAction) row.setAction(this.rowAction);
        if (this.#isSelecting) row.select(false);
      }
      rows.set(key, row);
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
    if (this.#isSelecting) this.#onSelection();
    return done;
  }

  /**
   * Play the row at a place or of a track, by default the first; the tracks after it play next.
   *
   * @param {number | Api.Track} [start]
   */
  play(start = 0) {
    const place =
      typeof start === "number"
        ? start
        : this.#items.findIndex((item) => item.track.track_id === start.track_id);
    const playable = (items) =>
      items.map((item) => item.track).filter((track) => track.playable !== false);
    const [first, ...rest] = playable(this.#items.slice(place));
    const before = playable(this.#items.slice(0, Math.max(0, place)));
    if (first) player.play(first, rest, this.source, this.fetchNext, before);
  }

  /** Row that has the focus, if any. */
  get focusedRow() {
    return document.activeElement?.closest("track-row") ?? null;
  }

  /** Move the focus by `by` rows. */
  step(by) {
    const rows = this.rows;
    const focused = this.focusedRow;
    const now = focused ? rows.indexOf(focused) : -1;
    const next = rows[now < 0 ? (by > 0 ? 0 : rows.length - 1) : now + by];
    focusOn(next, "row-main");
    next?.scrollIntoView({ block: "nearest" });
  }

  /** Entries that this list adds to the menu of a row. */
  entriesOf(row) {
    const entries = [
      {
        text: t("row.selectShort"),
        icon: "check",
        action: () => this.#toggle(this.rows.indexOf(row)),
      },
    ];
    if (this.editor)
      entries.unshift({
        text: t("playlists.removeTrack"),
        icon: "trash",
        action: () => this.remove([this.rows.indexOf(row)]),
      });
    return entries;
  }

  /** Move a row of an editable list to another place. */
  move(from, to) {
    if (!this.editor || to === from || to < 0 || to >= this.#items.length) return;
    const row = this.rows[from];
    this.show(moveItem(this.#items, from, to));
    announce(
      t("playlists.moved", {
        name: trackLabel(row.track),
        place: to + 1,
        total: this.#items.length,
      }),
    );
    this.editor.move(this.#items);
  }

  /** Remove the rows at these places from an editable list. */
  remove(places) {
    if (!this.editor || !places.length) return;
    const gone = new Set(places);
    /** @type {[number, any][]} */
    const removed = places.map((place) => [place, this.#items[place]]);
    this.endSelection();
    this.show(this.#items.filter((_, place) => !gone.has(place)));
    this.editor.remove(this.#items, removed);
  }

  /** Places of the selected rows. */
  get selection() {
    return this.rows.flatMap((row, place) => (row.selected ? [place] : []));
  }

  selectAll() {
    this.#startSelection();
    for (const row of this.#rows.values()) row.select(true);
    this.#onSelection();
  }

  endSelection() {
    this.#isSelecting = false;
    for (const row of this.#rows.values()) row.select(null);
    withSelectionBar((bar) => bar.closeSelectionBar(this));
  }

  #startSelection() {
    if (this.#isSelecting) return;
    this.#isSelecting = true;
    for (const row of this.#rows.values()) row.select(false);
  }

  #toggle(place) {
    this.#startSelection();
    const row = this.rows[place];
    row.select(!row.selected);
    this.#anchor = place;
    this.#onSelection();
  }

  #selectTo(place) {
    this.#startSelection();
    const [low, high] = [Math.min(this.#anchor, place), Math.max(this.#anchor, place)];
    for (const [at, row] of this.rows.entries()) row.select(at >= low && at <= high);
    this.#onSelection();
  }

  #onSelection() {
    if (this.selection.length) withSelectionBar((bar) => bar.showSelectionBar(this));
    else this.endSelection();
  }

  #onPlayRow = ({ detail }) => this.play(this.rows.indexOf(detail));

  // In the capture phase, so that a click that selects a row does not play it.
  #onClick = (event) => {
    const target = /** @type {Element} */ (event.target);
    const row = /** @type {any} */ (target.closest("track-row"));
    if (!row) return;
    const place = this.rows.indexOf(row);
    const isControl = target.closest(".row-actions, .row-details, .act-move");
    if (!isControl && (event.ctrlKey || event.metaKey || event.shiftKey || this.#isSelecting)) {
      event.preventDefault();
      event.stopPropagation();
      if (event.shiftKey) this.#selectTo(place);
      else this.#toggle(place);
    } else if (!target.closest("a, button, input, .row-details") && !getSelection()?.toString())
      row.play();
  };

  #onKey = (event) => {
    const row = this.focusedRow;
    const typing = event.target.closest("input, textarea, select");
    if (typing || event.altKey || !row) return;
    const place = this.rows.indexOf(/** @type {any} */ (row));
    const command = event.ctrlKey || event.metaKey;
    if (command && event.key === "a") this.selectAll();
    else if (command) return;
    else if (event.key === "x") this.#toggle(place);
    else if (event.key === "Escape" && this.#isSelecting) this.endSelection();
    else if (event.key === "Delete" && this.editor)
      this.remove(this.#isSelecting ? this.selection : [place]);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  /** Button that is dragged to move a row; the arrow keys move it, too. */
  #handle(row) {
    const handle = h(
      "button",
      {
        class: "icon-button act-move",
        type: "button",
        "aria-label": t("playlists.move", { name: trackLabel(row.track) }),
        title: t("playlists.moveHint"),
      },
      icon("grip"),
    );
    handle.addEventListener("keydown", (event) => {
      const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (!by) return;
      event.preventDefault();
      event.stopPropagation();
      const from = this.rows.indexOf(row);
      this.move(from, from + by);
      handle.focus();
      row.scrollIntoView({ block: "nearest" });
    });
    handle.addEventListener("pointerdown", (event) =>
      startDrag(event, row, this.rows, (from, to) => this.move(from, to)),
    );
    return handle;
  }

  // Moving a row in the document takes the focus away from it.
  #focusedPlace() {
    const row = /** @type {any} */ (this.focusedRow);
    if (!row || !this.contains(row)) return null;
    const kind = [...(document.activeElement?.classList ?? [])].find((name) =>
      /^(act-|row-main|row-why|cover)/.test(name),
    );
    return { row, place: this.rows.indexOf(row), kind: kind ?? "row-main" };
  }

  #restoreFocus({ row, place, kind }) {
    const rows = this.rows;
    const target = rows.includes(row) ? row : rows[Math.min(place, rows.length - 1)];
    focusOn(target, kind, { preventScroll: true });
  }
}

/** Use the bar of a selection, which is loaded for the first one; calls keep their order. */
function withSelectionBar(action) {
  import("./selection-bar.js").then(action).catch(notifyError);
}

/** A selection with Shift must not select text. */
function onMouseDown(event) {
  if (event.shiftKey && event.target.closest("track-row")) event.preventDefault();
}

/** Focus the control of a class in a row. */
function focusOn(row, name, options = {}) {
  row?.querySelector(`.${name}`)?.focus(options);
}

customElements.define("track-list", TrackList);
