// Listen page: search, the listener's recommendations, radios, and rows such as "On repeat".

import { get } from "../api.js";
import { coalesce, fill, h } from "../dom.js";
import { legend } from "../elements/why-bar.js";
import { joinNames, trackLabel } from "../format.js";
import { t } from "../i18n.js";
import { icon } from "../icons.js";
import { announce, notify, notifyError } from "../notifications.js";
import { player } from "../player.js";
import { forYou } from "../recommendations.js";
import { replaceHash } from "../router.js";
import { shownList } from "../shortcuts.js";
import { emptySteer, isNeutral, setSteer, state, store } from "../store.js";
import "../elements/first-run.js";
import "../elements/track-list.js";

const MAX_RESULTS = 40;
const SOURCE = t("listen.source"); // name of the list in the queue
const CAPS = [1, 2, 3, 5];

export const listen = {
  title: t("listen.title"),
  show(main, { heading, query, onLeave }) {
    const own = ownList(heading, onLeave);
    const found = foundList(own.section);
    fill(main, searchField(found, query.get("q") ?? ""), found.section, own.section);
    if (query.get("q")) found.search(query.get("q"));
    else if (query.get("like")) found.showSimilar(query.get("like"));
  },
};

function searchField(found, text) {
  const field = h("input", {
    type: "search",
    id: "search",
    autocomplete: "off",
    spellcheck: "false",
    enterkeyhint: "search",
    value: text,
    "aria-controls": "found",
    placeholder: t("listen.searchHint"),
  });
  const clear = h(
    "button",
    {
      class: "icon-button",
      type: "button",
      "aria-label": t("listen.clearSearch"),
      hidden: !text,
      on: { click: () => set("") },
    },
    icon("close"),
  );
  const search = coalesce((words) => found.search(words));
  const typed = () => {
    const words = field.value.trim();
    clear.hidden = !field.value;
    if (!words) found.cancel();
    search(words);
  };
  const set = (words) => {
    field.value = words;
    typed();
    field.focus();
  };
  field.addEventListener("input", typed);
  field.addEventListener("keydown", (event) => {
    if (event.key === "Escape") set("");
    if (event.key === "ArrowDown") shownList()?.step(1);
  });
  return h(
    "form",
    { class: "search", role: "search", on: { submit: (event) => event.preventDefault() } },
    h("label", { class: "visually-hidden", for: "search" }, t("listen.search")),
    icon("search"),
    field,
    clear,
    h("kbd", { "aria-hidden": "true" }, "/"),
  );
}

/** Results of a search or similar tracks, shown in place of the listener's recommendations. */
function foundList(own) {
  const head = h("h2", { id: "found-title", dir: "auto" });
  const about = h("p", { class: "muted-text" });
  const buttons = h("div", { class: "row" });
  const entities = h("div", { class: "search-entities" });
  const list = h("track-list", { "aria-labelledby": "found-title" });
  const section = h(
    "section",
    { id: "found", hidden: true, "aria-labelledby": "found-title" },
    h("div", { class: "page-head" }, h("div", {}, head, about), buttons),
    entities,
    list,
  );
  let request = null;
  /**
   * @param {(signal: AbortSignal) => Promise<any>} read
   * @param {{
   *   heading: string, source: string, proposed: boolean, describe: (answer: any) => string,
   *   actions?: Element[],
   * }} options
   */
  const load = async (read, { heading, source, proposed, describe, actions = [] }) => {
    request?.abort();
    request = new AbortController();
    try {
      const [answer, { showEntities }] = await Promise.all([
        read(request.signal),
        import("../elements/search-results.js"),
      ]);
      fill(head, heading);
      fill(about, describe(answer));
      fill(buttons, actions);
      showEntities(entities, answer);
      list.source = source;
      list.proposed = proposed;
      list.show(answer.tracks.map(asItem), { animate: false });
      section.hidden = false;
      own.hidden = true;
      announce(`${heading}: ${t("n.tracks", { n: answer.tracks.length })}`);
    } catch (error) {
      notifyError(error);
    }
  };
  return {
    section,
    search(words) {
      replaceHash(words ? `#/listen?q=${encodeURIComponent(words)}` : "#/listen");
      if (words)
        return load((signal) => get("/search", { query: { q: words, k: MAX_RESULTS }, signal }), {
          heading: t("listen.results", { words }),
          source: words,
          proposed: false,
          describe: aboutSearch,
        });
      section.hidden = true;
      own.hidden = false;
      return null;
    },
    /** Cancel the running request. */
    cancel() {
      request?.abort();
    },
    async showSimilar(id) {
      const params = { track_id: id };
      const seed = await get("/tracks/{track_id}", { params }).catch(notifyError);
      if (!seed) return;
      const heading = t("listen.similar", { name: trackLabel(seed) });
      load(
        (signal) =>
          get("/tracks/{track_id}/similar", { params, query: { k: MAX_RESULTS }, signal }),
        {
          heading,
          source: heading,
          proposed: true,
          describe: () => t("listen.similarAbout"),
          actions: [
            button("play", t("row.playShort"), () => list.play(), "primary"),
            button("radio", t("menu.radio"), () =>
              import("../radio.js").then(({ startRadio }) => startRadio(seed)).catch(notifyError),
            ),
          ],
        },
      );
    },
  };
}

/** Item of a list for an entry of an answer: some answers wrap the track, others do not. */
export function asItem(entry) {
  return entry.track ? entry : { track: entry };
}

function aboutSearch({ tracks, unknown }) {
  if (!tracks.length) return t("listen.noResults");
  return unknown?.length
    ? t("listen.notFound", { words: joinNames(unknown.map((word) => `“${word}”`)) })
    : "";
}

function ownList(heading, onLeave) {
  const about = h("p", {});
  const colors = h("div", { class: "list-legend" });
  const list = h("track-list", { "aria-label": t("listen.forYouLabel") });
  const home = {
    mixes: h("ul", { class: "mixes", "aria-label": t("home.mixes") }),
    radios: h("ul", { class: "radios", "aria-label": t("home.radios") }),
    rows: h("div", { class: "home-rows", id: "home" }),
  };
  const hints = h("ul", { class: "hints muted-text" });
  const update = updateButton(list);
  list.source = SOURCE;
  list.proposed = true;
  home.mixes.hidden = !state.me?.n_liked; // no place is reserved where none can come
  fill(heading, t("listen.forYou"));
  const show = (detail) => {
    fill(about, describe());
    fill(colors, legend(forYou.items));
    fill(
      hints,
      forYou.hints.map((hint) => h("li", { dir: "auto" }, hint)),
    );
    list.show(forYou.items, { added: detail?.added ?? [], animate: Boolean(detail) });
  };
  const listeners = /** @type {const} */ ([
    [forYou, "change", ({ detail }) => show(detail)],
    [forYou, "problem", ({ detail }) => explain(detail, list, about)],
    [forYou, "pending", update.refresh],
    [store, "steer", () => forYou.load({ now: true })],
    [document, "visibilitychange", () => document.hidden && forYou.update()],
  ]);
  for (const [target, event, action] of listeners) target.addEventListener(event, action);
  onLeave(() => {
    for (const [target, event, action] of listeners) target.removeEventListener(event, action);
  });
  if (forYou.items.length) show(null);
  else {
    fill(about, describe());
    fill(list, skeletonRows());
  }
  forYou
    .load({ now: true, fresh: true })
    .then(() => import("../elements/home-rows.js")) // after the list, which is what users wait for
    .then(({ showHome }) => showHome(home))
    .catch(notifyError);
  onLeave(forYou.hold());
  return {
    section: h(
      "section",
      { id: "for-you" },
      h(
        "div",
        { class: "page-head" },
        h("div", {}, heading, about),
        h(
          "div",
          { class: "row" },
          button("play", t("row.playShort"), () => list.play(), "primary"),
        ),
      ),
      home.radios,
      h("first-run"),
      home.mixes,
      compactControls(onLeave),
      h("div", {}, colors, update.element, list),
      hints,
      home.rows,
    ),
  };
}

/**
 * Button that shows the list that waits, over the line of colors, so that it moves nothing.
 *
 * The shown list stays as it is after a like or skip until the user presses this, leaves the page or
 * hides it: a list that changes by itself would move the row that the user is about to touch.
 */
function updateButton(list) {
  const text = h("span", {});
  const show = () => {
    const before = forYou.items;
    const { added = [], removed = [] } = forYou.pending ?? {};
    forYou.update();
    list.querySelector(".row-main")?.focus({ preventScroll: true });
    notify(changesText(added.length, removed.length), {
      label: t("common.undo"),
      action: () => forYou.restore(before),
    });
  };
  const control = h(
    "button",
    { class: "update-list", type: "button", hidden: true, on: { click: show } },
    icon("refresh"),
    text,
  );
  return {
    element: h("div", { class: "update-line", role: "status" }, control),
    refresh() {
      const { pending } = forYou;
      control.hidden = !pending;
      if (!pending) return;
      fill(
        text,
        t("listen.update"),
        " · ",
        changesText(pending.added.length, pending.removed.length),
      );
    },
  };
}

/** "3 new, 2 removed" */
function changesText(added, removed) {
  return [added && t("listen.new", { n: added }), removed && t("listen.removed", { n: removed })]
    .filter(Boolean)
    .join(", ");
}

/** The two dials that are used most; the others are on the Steer page. */
function compactControls(onLeave) {
  const cap = h(
    "select",
    { "aria-label": t("listen.artistCap") },
    h("option", { value: "" }, t("listen.anyPerArtist")),
    CAPS.map((n) => h("option", { value: n }, t("listen.perArtist", { n }))),
  );
  const surprise = h("input", {
    type: "range",
    min: 0,
    max: 1,
    step: 0.1,
    "aria-label": t("listen.surprise"),
    title: t("listen.surpriseHint"),
  });
  const { default: usual = 0 } = state.me?.dials.find((dial) => dial.name === "randomness") ?? {};
  const fillSlider = () => surprise.style.setProperty("--fill", `${100 * Number(surprise.value)}%`);
  const refresh = () => {
    const dials = /** @type {Record<string, any>} */ (state.steer.dials);
    cap.value = String(dials.artist_cap ?? "");
    surprise.value = String(dials.randomness ?? usual);
    fillSlider();
  };
  const set = (name, value) => {
    const { [name]: _, ...rest } = /** @type {Record<string, any>} */ (state.steer.dials);
    setSteer({ ...state.steer, dials: value === null ? rest : { ...rest, [name]: value } });
  };
  cap.addEventListener("change", () => set("artist_cap", cap.value ? Number(cap.value) : null));
  surprise.addEventListener("input", fillSlider);
  surprise.addEventListener("change", () => {
    const value = Number(surprise.value);
    set("randomness", value === usual ? null : value);
  });
  refresh();
  store.addEventListener("steer", refresh);
  onLeave(() => store.removeEventListener("steer", refresh));
  return h(
    "div",
    { class: "compact-controls" },
    cap,
    h("label", { class: "surprise" }, h("span", {}, t("listen.surprise")), surprise),
    h("a", { class: "button subtle", href: "#/steer" }, icon("steer"), t("listen.allControls")),
  );
}

/** Describe in a sentence what the list is based on. */
function describe() {
  const { me, steer } = state;
  if (!me) return "";
  if (isNeutral(steer))
    return me.n_known ? t("listen.basedOn", { n: me.n_known }) : t("listen.noTaste");
  return [
    me.n_known ? t("listen.basedOnSteered", { n: me.n_known }) : t("listen.noTasteSteered"),
    " ",
    h(
      "button",
      {
        class: "link",
        type: "button",
        on: { click: () => setSteer({ ...emptySteer(), exclusions: steer.exclusions }) },
      },
      t("steer.reset"),
    ),
  ];
}

function button(picture, text, action, kind = "") {
  return h("button", { class: kind, type: "button", on: { click: action } }, icon(picture), text);
}

function skeletonRows() {
  return Array.from({ length: 8 }, () =>
    h("div", { class: "row-skeleton", "aria-hidden": "true" }),
  );
}

function explain(problem, list, about) {
  fill(
    list,
    h(
      "p",
      { class: "empty" },
      problem.message,
      " ",
      problem.status === 409 ? h("a", { href: "#/manage" }, t("listen.openManage")) : null,
    ),
  );
  fill(about, "");
}

forYou.addEventListener("answer", () => player.replaceUpcoming(forYou.tracks, SOURCE));
