// Long lists that are loaded page by page: when their end is scrolled into view, or by a button.

import { fill, h } from "../dom.js";
import { t } from "../i18n.js";
import { notifyError } from "../notifications.js";

const AHEAD = "800px"; // how far below the visible part the next page is loaded

/**
 * Return the elements of a paged list, and `load` to show it from its start.
 *
 * `read(cursor, limit)` requests a page `{items, next}`; `show(items, fresh)` appends its items, or
 * replaces all if `fresh`. `saved` keeps the number of items for the way back to this page of the
 * browser's history.
 *
 * @param {{
 *   read: (cursor: string | undefined, limit: number) => Promise<any>,
 *   show: (items: any[], fresh: boolean) => void,
 *   empty: string, saved?: {n?: number}, limit?: number, maxLimit?: number,
 *   skeleton?: (n: number) => void,
 * }} options
 */
export function pagedItems({
  read,
  show,
  empty,
  saved = {},
  limit = 60,
  maxLimit = 500,
  skeleton,
}) {
  let next = null;
  let turn = 0;
  let loading = false;
  const more = h("button", { class: "subtle", type: "button", hidden: true }, t("common.showMore"));
  const none = h("p", { class: "empty", hidden: true }, empty);
  const foot = h("div", { class: "paged-foot" }, none, more);
  const load = async (fresh = true) => {
    if (loading && !fresh) return;
    const mine = ++turn;
    loading = true;
    more.disabled = true;
    if (fresh) {
      more.hidden = none.hidden = true;
      skeleton?.(limit);
    }
    try {
      const restored = fresh ? Math.min(maxLimit, Math.max(limit, saved.n ?? 0)) : limit;
      const page = await read(fresh ? undefined : next, restored);
      if (mine !== turn) return;
      if (fresh) saved.n = 0;
      saved.n = (saved.n ?? 0) + page.items.length;
      show(page.items, fresh);
      next = page.next;
      more.hidden = !next;
      none.hidden = Number(saved.n) > 0;
    } catch (error) {
      if (mine === turn) notifyError(error);
    } finally {
      if (mine === turn) {
        loading = more.disabled = false;
      }
    }
  };
  more.addEventListener("click", () => load(false));
  const observer = new IntersectionObserver(
    (entries) => {
      if (next && entries.some((one) => one.isIntersecting)) load(false);
    },
    { root: document.getElementById("main"), rootMargin: `0px 0px ${AHEAD} 0px` },
  );
  observer.observe(more);
  return {
    foot,
    load: () => load(true),
    /** Show the list from its start, as after another filter. */
    restart() {
      saved.n = 0;
      return load(true);
    },
    stop: () => observer.disconnect(),
  };
}

/**
 * Paged list of tiles: `make(item)` returns the tile of an item.
 *
 * @param {any} options those of `pagedItems`, and `make`, `tileSkeleton`, `label`
 */
export function pagedGrid({ make, tileSkeleton, label, ...options }) {
  const grid = h("ul", { class: "media-grid", "aria-label": label });
  const paged = pagedItems({
    ...options,
    skeleton: (n) => fill(grid, Array.from({ length: Math.min(n, 24) }, tileSkeleton)),
    show: (items, fresh) => {
      if (fresh) fill(grid, items.map(make));
      else grid.append(...items.map(make));
    },
  });
  return { ...paged, grid };
}

/**
 * Paged list of tracks in a <track-list>.
 *
 * @param {any} options those of `pagedItems`, and `label`, `source` and `asItem`, which returns the
 *   item of an entry of a page
 */
export function pagedTracks({ label, source, asItem = (track) => ({ track }), ...options }) {
  const list = /** @type {import("./track-list.js").TrackList} */ (
    h("track-list", { "aria-label": label })
  );
  list.source = source;
  /** @type {any[]} */
  let all = [];
  const paged = pagedItems({
    ...options,
    show: (items, fresh) => {
      all = [...(fresh ? [] : all), ...items.map(asItem)];
      list.show(all, { animate: false });
    },
  });
  return { ...paged, list };
}
