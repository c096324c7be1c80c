// Lyrics of the current track. Lines with times are highlighted as they are sung, and seek on a click.

import { get, isAbort } from "../api.js";
import { fill, h } from "../dom.js";
import { t } from "../i18n.js";
import { notifyError } from "../notifications.js";
import { player } from "../player.js";

const LEAD_SECONDS = 0.2; // a line is highlighted a little before it is sung
const OWN_SCROLL_MS = 4000; // after the user scrolled, the view does not move by itself

const reducedMotion = matchMedia("(prefers-reduced-motion: reduce)");

export class LyricsView {
  element = h("div", { class: "lyrics", tabindex: "0", role: "region" });
  /** @type {{start: number | null, text: string}[]} */
  #lines = [];
  /** @type {HTMLElement[]} */
  #rows = [];
  #synced = false;
  #track = "";
  #current = -1;
  #scrolledAt = -Infinity;
  /** @type {AbortController | null} */
  #request = null;

  constructor() {
    this.element.setAttribute("aria-label", t("lyrics.title"));
    for (const event of ["wheel", "touchmove"])
      this.element.addEventListener(event, () => (this.#scrolledAt = performance.now()), {
        passive: true,
      });
    player.addEventListener("time", () => this.#follow());
  }

  /** Whether the current track has lyrics, as far as they were read. */
  get isEmpty() {
    return !this.#lines.length;
  }

  /** Read and show the lyrics of a track. */
  async show(track) {
    if (this.#track === track.track_id) return;
    this.#request?.abort();
    const request = new AbortController();
    this.#request = request;
    this.#track = track.track_id;
    this.#fill([], false);
    try {
      const params = { track_id: track.track_id };
      const { lines, synced } = await get("/tracks/{track_id}/lyrics", {
        params,
        signal: request.signal,
      });
      if (!request.signal.aborted) this.#fill(lines, synced);
    } catch (error) {
      if (isAbort(error)) return;
      this.#track = "";
      notifyError(error);
    }
  }

  #fill(lines, synced) {
    this.#lines = lines;
    this.#synced = synced;
    this.#current = -1;
    this.#scrolledAt = -Infinity;
    this.#rows = lines.map(({ start, text }) =>
      synced
        ? h(
            "button",
            { class: "lyrics-line", type: "button", on: { click: () => player.seek(start) } },
            text || "♪",
          )
        : h("p", { class: "lyrics-line" }, text || "\u00a0"),
    );
    this.element.classList.toggle("is-synced", synced);
    fill(this.element, lines.length ? this.#rows : h("p", { class: "empty" }, t("lyrics.none")));
    for (const row of this.#rows) row.dir = "auto";
    this.element.scrollTop = 0;
    this.#follow();
  }

  #follow() {
    if (!this.#synced || !this.element.checkVisibility()) return;
    const now = player.time + LEAD_SECONDS;
    const current = this.#lines.findLastIndex(({ start }) => (start ?? 0) <= now);
    if (current === this.#current) return;
    this.#rows[this.#current]?.removeAttribute("aria-current");
    this.#current = current;
    const row = this.#rows[current];
    row?.setAttribute("aria-current", "true");
    if (!row || performance.now() - this.#scrolledAt < OWN_SCROLL_MS) return;
    const top = row.offsetTop - (this.element.clientHeight - row.offsetHeight) / 2;
    this.element.scrollTo({ top, behavior: reducedMotion.matches ? "auto" : "smooth" });
  }
}
