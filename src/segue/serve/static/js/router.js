// Pages by the part of the address after #: "#/listen?q=reel" is the page "listen" with {q: "reel"}.

import { fill, h } from "./dom.js";
import { noteProblem } from "./notifications.js";

/**
 * Show the page that the address names, now and whenever it changes; the first of `names` where it
 * names none. `pageOf` gives the page of a name, `changed` is told the name.
 */
export function route(main, names, pageOf, changed) {
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
    const left = [];
    const showing = page.show(main, {
      heading,
      query: new URLSearchParams(query),
      leaving: (action) => left.push(action),
    });
    if (!first) heading.focus({ preventScroll: true }); // before anybody goes on to something else
    first = false;
    try {
      await showing;
    } catch (error) {
      noteProblem(error);
    }
    const all = () => left.forEach((action) => action());
    if (turn === shown) leave = all;
    else all();
  };
  addEventListener("hashchange", show);
  show();
  return show;
}

/** Change the address without a new entry in the history, and without showing the page anew. */
export function rewrite(hash) {
  history.replaceState(null, "", hash);
}
