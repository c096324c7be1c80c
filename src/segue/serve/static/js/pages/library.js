// Library: what is there, what could not be used, what lies twice, and the work on it.

import { get, post } from "../api.js";
import { fill, h } from "../dom.js";
import { count, counted, named, percent } from "../format.js";
import { noteProblem } from "../notifications.js";
import { news } from "../server-events.js";
import { state } from "../store.js";
import { placeOf } from "../elements/job-list.js";

export const library = {
  title: "Library",
  async show(main, { heading, leaving }) {
    const tiles = h("div", { class: "tiles" });
    const jobs = h("job-list", {});
    const may = state.session.admin;
    const problems = pages(
      "Problems",
      "/library/problems",
      problemRow,
      "Everything could be used.",
    );
    const twice = pages(
      "Lying twice",
      "/library/duplicates",
      duplicateRow,
      "No recording lies in several files.",
    );
    const load = async () => {
      try {
        showTiles(tiles, await get("/library"));
      } catch (error) {
        noteProblem(error);
      }
    };
    const anew = () => Promise.all([load(), problems.load(), twice.load()]);
    fill(
      main,
      h(
        "div",
        { class: "page-head" },
        h("div", {}, heading, h("p", {}, "What there is to hear, and what is known of it.")),
      ),
      tiles,
      may ? h("section", { class: "card work" }, work(jobs), jobs) : null,
      h("div", { class: "columns" }, problems.section, twice.section),
    );
    jobs.addEventListener("job-end", anew);
    news.addEventListener("library", load);
    leaving(() => news.removeEventListener("library", load));
    await anew();
  },
};

function showTiles(tiles, found) {
  const { tracks, analysed, listens, listeners, missing, waiting, problems } = found;
  const tile = (number, label, more) =>
    h("div", { class: "tile-figure" }, h("b", {}, number), h("span", {}, label), more);
  fill(
    tiles,
    tile(count(tracks), "tracks"),
    tile(
      tracks ? percent(analysed / tracks) : "–",
      "listened to",
      h("progress", {
        max: Math.max(1, tracks),
        value: analysed,
        "aria-label": "Tracks that are listened to",
      }),
    ),
    tile(count(listens), "listens"),
    tile(count(listeners), "listeners"),
    missing ? tile(count(missing), "missing") : null,
    waiting ? tile(count(waiting), "listens waiting") : null,
    tile(count(problems), "problems"),
  );
}

/** Start work: analysis, training, measuring. */
function work(jobs) {
  const start = (verb, settings = {}) =>
    post("/jobs", { verb, arguments: settings }).then(() => jobs.load(), noteProblem);
  const folder = h("input", {
    type: "text",
    autocomplete: "off",
    spellcheck: "false",
    placeholder: "Folder on the machine that serves",
    "aria-label": "Folder to add",
  });
  return h(
    "div",
    { class: "stack" },
    h("h2", {}, "Add music, train, measure"),
    h(
      "form",
      {
        class: "add-music",
        on: {
          submit: (event) => (
            event.preventDefault(),
            folder.value.trim() && start("preprocess", placeOf(folder.value.trim()))
          ),
        },
      },
      folder,
      h("button", { type: "submit" }, "Listen to it"),
    ),
    h(
      "div",
      { class: "row" },
      h("button", { type: "button", on: { click: () => start("train") } }, "Train all"),
      h("button", { type: "button", on: { click: () => start("evaluate") } }, "Measure"),
    ),
  );
}

/** A list that is read page by page. */
function pages(name, path, row, none) {
  const body = h("tbody");
  const more = h("button", { class: "quiet", type: "button", hidden: true }, "Show more");
  const empty = h("p", { class: "quiet-text", hidden: true }, none);
  let next = null;
  const load = async (fresh = true) => {
    try {
      const answer = await get(path, { limit: 50, cursor: fresh ? undefined : next });
      if (fresh) fill(body);
      body.append(...answer.items.map(row));
      next = answer.next;
      more.hidden = !next;
      empty.hidden = body.childElementCount > 0;
    } catch (error) {
      if (error.status === 403) section.hidden = true;
      else noteProblem(error);
    }
  };
  more.addEventListener("click", () => load(false));
  const section = h(
    "section",
    { class: "card" },
    h("h2", {}, name),
    h("div", { class: "scroll" }, h("table", {}, body)),
    empty,
    more,
  );
  return { section, load };
}

function problemRow({ subject, source, row, reason }) {
  return h(
    "tr",
    {},
    h(
      "th",
      { scope: "row" },
      subject ?? source,
      row ? h("small", { class: "quiet-text" }, ` row ${row}`) : null,
    ),
    h("td", {}, reason),
  );
}

function duplicateRow({ tracks }) {
  return h(
    "tr",
    {},
    h(
      "td",
      {},
      h(
        "ul",
        {},
        tracks.map((track) => h("li", {}, named(track))),
      ),
    ),
    h("td", { class: "number" }, counted(tracks.length, "file")),
  );
}
