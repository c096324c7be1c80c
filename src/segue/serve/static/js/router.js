// Router on the hash of the URL: "#/album?id=al-1" is the page "album" with {id: "al-1"}.
//
// Each entry of the browser's history keeps its scroll position and what its page saved, so that
// going back shows a long list where it was left.

import { fill, h } from "./dom.js";
import { notifyError } from "./notifications.js";

/** @type {Map<string, {scroll: number, saved: any}>} */
const entries = new Map();
let lastKey = 0;

/**
 * Show the page that the hash names, now and whenever it changes; by default the first of `names`.
 * `pageOf` returns the page of a name, or a promise of it; `changed` is called with the name.
 *
 * A page is `{title, show(main, context)}`. The context has the `heading` with the title, the
 * `query` of the address, `setTitle(text)`, `onLeave(action)`, and `saved`, an object of this history
 * entry in which the page may keep what it needs to show the same again.
 */
export function startRouter(main, names, pageOf, changed) {
  let leave = null;
  let first = true;
  let shown = 0;
  const show = async () => {
    const { name, query } = addressed(names);
    const turn = ++shown;
    /** @type {any} */
    let page;
    try {
      page = await pageOf(name);
    } catch (error) {
      return notifyError(error);
    }
    if (turn !== shown) return null;
    leave?.();
    const entry = currentEntry();
    const heading = h("h1", { tabindex: "-1", dir: "auto" }, page.title);
    const setTitle = (text) => {
      if (turn !== shown) return;
      fill(heading, text);
      document.title = `${text} · segue`;
    };
    fill(main);
    main.scrollTop = 0;
    main.className = `page-${name}`;
    changed(name);
    document.title = `${page.title} · segue`;
    /** @type {(() => void)[]} */
    const left = [];
    let isLeft = false;
    leave = () => {
      if (isLeft) return;
      isLeft = true;
      entry.scroll = main.scrollTop;
      for (const action of left) action();
    };
    const showing = page.show(main, {
      heading,
      query: new URLSearchParams(query),
      saved: entry.saved,
      setTitle,
      onLeave: (action) => (isLeft ? action() : left.push(action)),
    });
    if (!first) heading.focus({ preventScroll: true }); // before the user moves on
    first = false;
    const { scroll } = entry;
    try {
      await showing;
    } catch (error) {
      notifyError(error);
    }
    if (turn === shown && scroll && !main.scrollTop) main.scrollTop = scroll;
    return null;
  };
  addEventListener("hashchange", show);
  show();
  return show;
}

/** Name of the page in the address, by default the first of `names`, and its query. */
export function addressed(names) {
  const [wanted, query] = location.hash.replace(/^#\/?/, "").split("?");
  return { name: names.includes(wanted) ? wanted : names[0], query };
}

/** What is kept of the current entry of the history. */
function currentEntry() {
  let key = history.state?.key;
  if (!entries.has(key)) {
    key = `${Date.now()}-${++lastKey}`;
    history.replaceState({ ...history.state, key }, "");
    entries.set(key, { scroll: 0, saved: {} });
  }
  return /** @type {{scroll: number, saved: any}} */ (entries.get(key));
}

/** Change the hash without a history entry and without showing the page again. */
export function replaceHash(hash) {
  history.replaceState(history.state, "", hash);
}
