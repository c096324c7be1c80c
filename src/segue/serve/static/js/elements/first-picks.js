// <first-picks>: a new listener picks artists and albums; their best tracks are liked.
//
// It dispatches "picked" when the picks were saved, and "later" when the listener declines.

import { get, post, remove } from "../api.js";
import { coalesce, fill, h, uniqueId } from "../dom.js";
import { t } from "../i18n.js";
import { icon } from "../icons.js";
import { notify, notifyError } from "../notifications.js";
import { noteFeedback } from "../outbox.js";
import { forYou } from "../recommendations.js";
import { serverEvents } from "../server-events.js";
import { loadMe } from "../store.js";
import { cover } from "./cover.js";

const GOAL = 5;
const COVER_SIZE = 160;
const RELOAD_MS = 4000; // the server reads new music a moment after it says so

/** @type {(item: object, size?: number) => Element} */
const picture = cover;

/** @typedef {"artists" | "albums"} Kind */

export class FirstPicks extends HTMLElement {
  /** @type {Kind} */
  #kind = "artists";
  /** @type {Record<Kind, any[]>} */
  #found = { artists: [], albums: [] };
  /** @type {Map<string, {kind: Kind, item: any}>} */
  #chosen = new Map();
  #words = "";
  #grid = h("ul", { class: "pick-grid" });
  #none = h("p", { class: "muted-text", hidden: true }, t("picks.none"));
  #count = h("span", { class: "muted-text", "aria-live": "polite" });
  #done = h(
    "button",
    { class: "primary", type: "button", on: { click: () => this.#save() } },
    t("picks.done"),
  );
  #kinds = h("div", { class: "switch", role: "group", "aria-label": t("picks.kinds") });
  #load = coalesce(() => this.#read());
  #timer = 0;
  #onLibrary = () => {
    this.#load();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#load, RELOAD_MS);
  };

  connectedCallback() {
    serverEvents.addEventListener("library", this.#onLibrary);
    const id = uniqueId("picks");
    const search = h("input", {
      type: "search",
      autocomplete: "off",
      spellcheck: "false",
      placeholder: t("picks.search"),
      "aria-label": t("picks.search"),
      on: {
        input: () => {
          this.#words = search.value.trim();
          this.#load();
        },
      },
    });
    this.#grid.setAttribute("aria-labelledby", id);
    fill(
      this,
      h("h2", { id }, t("picks.title")),
      h("p", { class: "muted-text" }, t("picks.about")),
      h("div", { class: "pick-tools" }, this.#kinds, search),
      this.#grid,
      this.#none,
      h(
        "div",
        { class: "pick-actions" },
        this.#count,
        h(
          "button",
          {
            class: "subtle",
            type: "button",
            on: { click: () => this.dispatchEvent(new CustomEvent("later", { bubbles: true })) },
          },
          t("picks.later"),
        ),
        this.#done,
      ),
    );
    this.#showChosen();
    this.#load();
  }

  disconnectedCallback() {
    clearTimeout(this.#timer);
    serverEvents.removeEventListener("library", this.#onLibrary);
  }

  async #read() {
    try {
      this.#found = await get("/me/picks", { query: { q: this.#words, limit: 24 } });
      this.#show();
    } catch (error) {
      notifyError(error);
    }
  }

  #show() {
    const names = /** @type {const} */ ({ artists: "picks.artists", albums: "picks.albums" });
    fill(
      this.#kinds,
      /** @type {Kind[]} */ (["artists", "albums"]).map((kind) =>
        h(
          "button",
          {
            type: "button",
            "aria-pressed": String(kind === this.#kind),
            on: {
              click: () => {
                this.#kind = kind;
                this.#show();
              },
            },
          },
          t(names[kind]),
        ),
      ),
    );
    const found = this.#found[this.#kind];
    const ids = new Set(found.map((one) => one.id));
    const kept = this.#words
      ? []
      : [...this.#chosen.values()]
          .filter(({ kind, item }) => kind === this.#kind && !ids.has(item.id))
          .map(({ item }) => item);
    const items = [...kept, ...found];
    const focused = /** @type {HTMLElement | null} */ (document.activeElement)?.dataset.pick;
    fill(
      this.#grid,
      items.map((item) => h("li", {}, this.#button(item))),
    );
    this.#none.hidden = items.length > 0;
    for (const one of this.#grid.querySelectorAll("button"))
      if (one.dataset.pick === focused && focused) one.focus();
  }

  #button(item) {
    const kind = this.#kind;
    const button = h(
      "button",
      {
        class: `pick is-${kind}`,
        type: "button",
        title: item.artist ? t("format.by", { title: item.name, artist: item.artist }) : item.name,
        "aria-pressed": String(this.#chosen.has(item.id)),
        dataset: { pick: item.id },
        on: {
          click: () => {
            if (!this.#chosen.delete(item.id)) this.#chosen.set(item.id, { kind, item });
            button.setAttribute("aria-pressed", String(this.#chosen.has(item.id)));
            this.#showChosen();
          },
        },
      },
      h(
        "span",
        { class: "pick-cover" },
        picture(coverItem(item, kind), COVER_SIZE),
        h("span", { class: "pick-mark" }, icon("check")),
      ),
      h("span", { class: "pick-name", dir: "auto" }, item.name),
      h(
        "small",
        { class: "muted-text", dir: "auto" },
        item.artist ?? t("n.tracks", { n: item.n_tracks }),
      ),
    );
    return button;
  }

  #showChosen() {
    const n = this.#chosen.size;
    fill(this.#count, t("picks.count", { count: n, goal: GOAL }));
    this.#done.disabled = !n;
  }

  async #save() {
    const of = (kind) => [...this.#chosen].filter(([, one]) => one.kind === kind).map(([id]) => id);
    this.#done.disabled = true;
    try {
      const body = { artists: of("artists"), albums: of("albums") };
      noteFeedback();
      const { track_ids: liked, starred } = await post("/me/picks", body);
      this.#chosen.clear();
      this.dispatchEvent(new CustomEvent("picked", { bubbles: true }));
      await showLists();
      notify(t("picks.saved", { n: liked.length }), {
        label: t("common.undo"),
        action: () => undo(liked, starred).catch(notifyError),
      });
    } catch (error) {
      notifyError(error);
    } finally {
      this.#showChosen();
    }
  }
}

/** What `cover` takes: the id of the artist or album names the picture. */
function coverItem(item, kind) {
  if (kind === "artists") return { id: item.id, artist: item.name, album: item.name };
  return { id: item.id, artist: item.artist, album: item.name };
}

async function undo(trackIds, starred) {
  const events = trackIds.map((id) => ({ key: crypto.randomUUID(), track_id: id, kind: "clear" }));
  noteFeedback();
  await post("/feedback", { events });
  if (starred.length) await remove("/me/picks", { query: { id: starred } });
  await showLists();
  notify(t("picks.undone"));
}

async function showLists() {
  await Promise.all([forYou.load({ now: true }), loadMe()]);
  forYou.update(); // where a later answer waits
}

customElements.define("first-picks", FirstPicks);
