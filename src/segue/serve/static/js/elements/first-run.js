// <first-run>: what helps a new listener on the page of their list: progress of the scan, a choice of
// artists and albums, and the import of a history. It is empty for listeners with a history. Their list
// is requested again when tracks were analyzed or models trained.

import { fill, h } from "../dom.js";
import { forYou } from "../recommendations.js";
import { serverEvents } from "../server-events.js";
import { state, store } from "../store.js";
import "./first-picks.js";
import "./history-import.js";

const RELOAD_MS = 3000; // the server reads new tracks and models a moment after it says so

export class FirstRun extends HTMLElement {
  #jobs = h("job-list", { active: true, class: "first-jobs", hidden: true });
  #start = h("div", { class: "card first-start", hidden: true });
  #shownFor = /** @type {string | null} */ (null);
  #onMe = () => this.#show();
  #timer = 0;
  #onLibrary = () => {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => forYou.load({ now: !state.me?.n_known }), RELOAD_MS);
  };

  connectedCallback() {
    store.addEventListener("me", this.#onMe);
    serverEvents.addEventListener("library", this.#onLibrary);
    this.#jobs.addEventListener("jobs", (event) => {
      const { detail } = /** @type {CustomEvent} */ (event);
      this.#jobs.hidden = !detail.length;
    });
    this.#start.addEventListener("picked", () => {
      this.#finish();
      const main = document.getElementById("main");
      main?.scrollTo({ top: 0 });
      main?.querySelector("h1")?.focus({ preventScroll: true });
    });
    this.#start.addEventListener("later", () => this.#finish());
    fill(this, state.session.admin ? this.#jobs : null, this.#start);
    if (state.session.admin) import("./job-list.js").catch(() => {}); // it only shows progress
    this.#show();
  }

  disconnectedCallback() {
    store.removeEventListener("me", this.#onMe);
    serverEvents.removeEventListener("library", this.#onLibrary);
    clearTimeout(this.#timer);
  }

  #show() {
    const { me, session } = state;
    if (!me || this.#shownFor === session.listener) return;
    if (me.n_known || localStorage.getItem(key())) return;
    this.#shownFor = session.listener;
    this.#start.hidden = false;
    fill(this.#start, h("first-picks"), h("history-import"));
  }

  /** Hide the choice for good, in this browser. */
  #finish() {
    localStorage.setItem(key(), "done");
    this.#start.hidden = true;
    fill(this.#start);
  }
}

function key() {
  return `segue.first.${state.session.listener}`;
}

customElements.define("first-run", FirstRun);
