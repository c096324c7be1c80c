// Router on the hash of the URL: "#/listen?q=reel" is the page "listen" with {q: "reel"}.

import { fill, h } from "./dom.js";
import { notifyError } from "./notifications.js";

/**
 * Show the page that the hash names, now and whenever it changes; by default the first of `names`.
 * `pageOf` returns the page of a name; `changed` is called with the name.
 */
export function startRouter(main, names, pageOf, changed) {
  let leave = null;
  let first = true;
  let shown = 0;
  const show = async () => {
    const [wanted, query] = location.hash.replace(/^#\/?/, "").split("?");
    const name = names.includes(wanted) ? wanted : names[0];
    const page = pageOf(name);
    const turn = ++shown;
    leave?.();
    leave = null;
    const heading = h("h1", { tabindex: "-1" }, page.title);
    fill(main);
    main.scrollTop = 0;
    main.className = `page-${name}`;
    changed(name);
    document.title = `${page.title} · segue`;
    /** @type {(() => void)[]} */
    const left = [];
    const showing = page.show(main, {
      heading,
      query: new URLSearchParams(query),
      onLeave: (action) => left.push(action),
    });
    if (!first) heading.focus({ preventScroll: true }); // before the user moves on
    first = false;
    try {
      await showing;
    } catch (error) {
      notifyError(error);
    }
    const all = () => {
      for (const action of left) action();
    };
    if (turn === shown) leave = all;
    else all();
  };
  addEventListener("hashchange", show);
  show();
  return show;
}

/** Change the hash without a history entry and without showing the page again. */
export function replaceHash(hash) {
  history.replaceState(null, "", hash);
}
