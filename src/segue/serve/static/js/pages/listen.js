// Listen: search, the list for the listener, and what their likes and skips do to it.

import { get, ofTrack } from "../api.js";
import { fill, h, latest } from "../dom.js";
import { counted, named, some } from "../format.js";
import { icon } from "../icons.js";
import { forYou } from "../recommendations.js";
import { player } from "../player.js";
import { rewrite } from "../router.js";
import { noteProblem, say } from "../notifications.js";
import { shownList } from "../shortcuts.js";
import { isNeutral, setSteer, emptySteer, state, store } from "../store.js";
import { legend } from "../elements/why-bar.js";
import "../elements/list-changes.js";
import "../elements/track-list.js";

const FOUND = 40;
const SOURCE = "your list"; // as what comes next calls it

export const listen = {
  title: "Listen",
  show(main, { heading, query, leaving }) {
    const own = ownList(heading, leaving);
    const found = foundList(own.section);
    fill(main, searchField(found, query.get("q") ?? ""), found.section, own.section);
    if (query.get("q")) found.search(query.get("q"));
    else if (query.get("like")) found.alike(query.get("like"));
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
    placeholder: "Search titles, artists, words for sound",
  });
  const clear = h(
    "button",
    {
      class: "bare",
      type: "button",
      "aria-label": "Clear the search",
      hidden: !text,
      on: { click: () => set("") },
    },
    icon("close"),
  );
  const search = latest((words) => found.search(words));
  const typed = () => {
    const words = field.value.trim();
    clear.hidden = !field.value;
    if (!words) found.stop();
    search(words);
  };
  const set = (words) => ((field.value = words), typed(), field.focus());
  field.addEventListener("input", typed);
  field.addEventListener("keydown", (event) => {
    if (event.key === "Escape") set("");
    if (event.key === "ArrowDown") shownList()?.step(1);
  });
  return h(
    "form",
    { class: "search", role: "search", on: { submit: (event) => event.preventDefault() } },
    h("label", { class: "unseen", for: "search" }, "Search"),
    icon("search"),
    field,
    clear,
    h("kbd", { "aria-hidden": "true" }, "/"),
  );
}

/** What a search found; the listener's own list steps aside for it. */
function foundList(own) {
  const head = h("h2", { id: "found-title" });
  const about = h("p", { class: "quiet-text" });
  const list = h("track-list", { "aria-labelledby": "found-title" });
  const section = h(
    "section",
    { id: "found", hidden: true, "aria-labelledby": "found-title" },
    h("div", { class: "page-head" }, h("div", {}, head, about)),
    list,
  );
  let request = null;
  const take = async (path, query, heading, told) => {
    request?.abort();
    request = new AbortController();
    try {
      const answer = await get(path, query, request.signal);
      fill(head, heading);
      fill(about, told(answer));
      list.source = heading.replace(/^Found for /, "");
      list.show(answer.tracks.map(asItem), { animate: false });
      section.hidden = false;
      own.hidden = true;
      say(`${heading}: ${counted(answer.tracks.length, "track")}`);
    } catch (error) {
      noteProblem(error);
    }
  };
  return {
    section,
    search(words) {
      rewrite(words ? `#/listen?q=${encodeURIComponent(words)}` : "#/listen");
      if (words)
        return take("/search", { q: words, k: FOUND }, `Found for “${words}”`, aboutSearch);
      section.hidden = true;
      own.hidden = false;
      return null;
    },
    /** Wait no longer for what is asked. */
    stop() {
      request?.abort();
    },
    async alike(id) {
      const seed = await get(ofTrack(id)).catch(noteProblem);
      if (seed)
        take(
          ofTrack(id, "/similar"),
          { k: FOUND },
          `More like ${named(seed)}`,
          () => "By all signals together, without regard to who listens.",
        );
    },
  };
}

/** An entry of an answer as an item of a list: some have the track inside, some are one. */
export function asItem(entry) {
  return entry.track ? entry : { track: entry };
}

function aboutSearch({ tracks, unknown }) {
  if (!tracks.length) return "Nothing here is called that or sounds like it.";
  return unknown?.length ? `Nothing is known of ${some(unknown.map((word) => `“${word}”`))}.` : "";
}

function ownList(heading, leaving) {
  const about = h("p", {});
  const colours = h("div", { class: "list-legend" });
  const changes = h("list-changes", { hidden: true });
  const list = h("track-list", { "aria-label": "Recommended for you" });
  const hints = h("ul", { class: "hints quiet-text" });
  const play = h(
    "button",
    {
      class: "main",
      type: "button",
      on: { click: () => forYou.items.length && list.play(list.items[0].track) },
    },
    icon("play"),
    "Play",
  );
  list.source = SOURCE;
  fill(heading, "For you");
  const show = (detail) => {
    const tracks = new Map(forYou.items.map((item) => [item.track.track_id, item.track]));
    fill(about, describe());
    fill(colours, legend(forYou.items));
    fill(
      hints,
      forYou.hints.map((hint) => h("li", {}, hint)),
    );
    list.show(forYou.items, { entered: detail?.entered ?? [], animate: Boolean(detail) });
    list.classList.remove("is-waiting");
    if (!detail?.because) return;
    changes.hidden = false;
    changes.show({
      ...detail,
      entered: detail.entered.map((id) => tracks.get(id)),
      undo: detail.undo,
    });
  };
  const onChange = ({ detail }) => show(detail);
  const onProblem = ({ detail }) => explain(detail, list, about);
  const onSteer = () => forYou.load("You steered.");
  forYou.addEventListener("change", onChange);
  forYou.addEventListener("problem", onProblem);
  store.addEventListener("steer", onSteer);
  leaving(() => {
    forYou.removeEventListener("change", onChange);
    forYou.removeEventListener("problem", onProblem);
    store.removeEventListener("steer", onSteer);
  });
  if (forYou.items.length) show(null);
  else fill(list, waitingRows());
  forYou.load();
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
      changes,
      colours,
      list,
      hints,
    ),
  };
}

/** On what the list rests, in a sentence. */
function describe() {
  const { me, steer } = state;
  if (!me) return "";
  const from = me.n_known
    ? `From ${counted(me.n_known, "track")} you know`
    : "Nothing is known of you yet: play and like a few tracks";
  const by = me.n_known
    ? `, with ${me.weights.personal ? "weights of your own" : "everyone's weights"}`
    : "";
  if (isNeutral(steer)) return `${from}${by}.`;
  return [
    `${from}, as you steer it. `,
    h(
      "button",
      { class: "link", type: "button", on: { click: () => setSteer(emptySteer()) } },
      "Back to learned",
    ),
  ];
}

function waitingRows() {
  return Array.from({ length: 8 }, () => h("div", { class: "row-waiting", "aria-hidden": "true" }));
}

function explain(problem, list, about) {
  fill(
    list,
    h(
      "p",
      { class: "empty" },
      problem.message,
      " ",
      problem.status === 409 ? h("a", { href: "#/library" }, "See the library") : null,
    ),
  );
  fill(about, "");
}

forYou.addEventListener("change", () => player.follow(forYou.tracks, SOURCE));
