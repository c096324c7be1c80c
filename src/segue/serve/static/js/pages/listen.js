// Listen page: search, the listener's recommendations, and how feedback changes them.

import { get } from "../api.js";
import { coalesce, fill, h } from "../dom.js";
import { homeRows } from "../elements/home-rows.js";
import { legend } from "../elements/why-bar.js";
import { joinNames, plural, trackLabel } from "../format.js";
import { icon } from "../icons.js";
import { announce, notifyError } from "../notifications.js";
import { player } from "../player.js";
import { forYou } from "../recommendations.js";
import { replaceHash } from "../router.js";
import { shownList } from "../shortcuts.js";
import { emptySteer, isNeutral, setSteer, state, store } from "../store.js";
import "../elements/list-changes.js";
import "../elements/track-list.js";

const MAX_RESULTS = 40;
const SOURCE = "your list"; // its name in the queue

export const listen = {
  title: "Listen",
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
    placeholder: "Search titles, artists or moods",
  });
  const clear = h(
    "button",
    {
      class: "icon-button",
      type: "button",
      "aria-label": "Clear the search",
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
    h("label", { class: "visually-hidden", for: "search" }, "Search"),
    icon("search"),
    field,
    clear,
    h("kbd", { "aria-hidden": "true" }, "/"),
  );
}

/** Results of a search, shown in place of the listener's recommendations. */
function foundList(own) {
  const head = h("h2", { id: "found-title" });
  const about = h("p", { class: "muted-text" });
  const list = h("track-list", { "aria-labelledby": "found-title" });
  const section = h(
    "section",
    { id: "found", hidden: true, "aria-labelledby": "found-title" },
    h("div", { class: "page-head" }, h("div", {}, head, about)),
    list,
  );
  let request = null;
  const load = async (read, heading, describe) => {
    request?.abort();
    request = new AbortController();
    try {
      const answer = await read(request.signal);
      fill(head, heading);
      fill(about, describe(answer));
      list.source = heading.replace(/^Results for /, "");
      list.proposed = !heading.startsWith("Results for ");
      list.show(answer.tracks.map(asItem), { animate: false });
      section.hidden = false;
      own.hidden = true;
      announce(`${heading}: ${plural(answer.tracks.length, "track")}`);
    } catch (error) {
      notifyError(error);
    }
  };
  return {
    section,
    search(words) {
      replaceHash(words ? `#/listen?q=${encodeURIComponent(words)}` : "#/listen");
      if (words)
        return load(
          (signal) => get("/search", { query: { q: words, k: MAX_RESULTS }, signal }),
          `Results for “${words}”`,
          aboutSearch,
        );
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
      if (seed)
        load(
          (signal) =>
            get("/tracks/{track_id}/similar", { params, query: { k: MAX_RESULTS }, signal }),
          `More like ${trackLabel(seed)}`,
          () => "Based on all signals, not on your plays.",
        );
    },
  };
}

/** Item of a list for an entry of an answer: some answers wrap the track, others do not. */
export function asItem(entry) {
  return entry.track ? entry : { track: entry };
}

function aboutSearch({ tracks, unknown }) {
  if (!tracks.length) return "No results";
  return unknown?.length ? `Not found: ${joinNames(unknown.map((word) => `“${word}”`))}.` : "";
}

function ownList(heading, onLeave) {
  const about = h("p", {});
  const colors = h("div", { class: "list-legend" });
  const changes = h("list-changes", { hidden: true });
  const list = h("track-list", { "aria-label": "Recommended for you" });
  const home = homeRows();
  const hints = h("ul", { class: "hints muted-text" });
  const play = h(
    "button",
    {
      class: "primary",
      type: "button",
      on: { click: () => forYou.items.length && list.play(list.items[0].track) },
    },
    icon("play"),
    "Play",
  );
  list.source = SOURCE;
  list.proposed = true;
  fill(heading, "For you");
  const show = (detail) => {
    const tracks = new Map(forYou.items.map((item) => [item.track.track_id, item.track]));
    fill(about, describe());
    fill(colors, legend(forYou.items));
    fill(
      hints,
      forYou.hints.map((hint) => h("li", {}, hint)),
    );
    list.show(forYou.items, { added: detail?.added ?? [], animate: Boolean(detail) });
    if (!detail?.reason) return;
    changes.hidden = false;
    changes.show({
      ...detail,
      added: detail.added.map((id) => tracks.get(id)),
    });
  };
  const onChange = ({ detail }) => show(detail);
  const onProblem = ({ detail }) => explain(detail, list, about);
  const onSteer = () => forYou.load("Steering changed.");
  forYou.addEventListener("change", onChange);
  forYou.addEventListener("problem", onProblem);
  store.addEventListener("steer", onSteer);
  onLeave(() => {
    forYou.removeEventListener("change", onChange);
    forYou.removeEventListener("problem", onProblem);
    store.removeEventListener("steer", onSteer);
  });
  if (forYou.items.length) show(null);
  else fill(list, skeletonRows());
  forYou.load().then(() => home.load());
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
          play,
          h("a", { class: "button", href: "#/steer" }, icon("steer"), "Steer"),
        ),
      ),
      home.mixes,
      changes,
      colors,
      list,
      hints,
      home.rows,
    ),
  };
}

/** Describe in a sentence what the list is based on. */
function describe() {
  const { me, steer } = state;
  if (!me) return "";
  const from = me.n_known
    ? `Based on ${plural(me.n_known, "track")} you played or liked`
    : "We don't know your taste yet: play and like a few tracks";
  if (isNeutral(steer)) return `${from}.`;
  return [
    `${from}, with your steering. `,
    h(
      "button",
      { class: "link", type: "button", on: { click: () => setSteer(emptySteer()) } },
      "Reset",
    ),
  ];
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
      problem.status === 409 ? h("a", { href: "#/manage" }, "Open the library") : null,
    ),
  );
  fill(about, "");
}

forYou.addEventListener("change", () => player.replaceUpcoming(forYou.tracks, SOURCE));
