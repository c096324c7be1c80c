// Library page: counts, problems, duplicates, and jobs.

import { get, post } from "../api.js";
import { fill, h } from "../dom.js";
import { locationOf } from "../elements/job-list.js";
import { formatCount, formatPercent, plural, trackLabel } from "../format.js";
import { notifyError } from "../notifications.js";
import { serverEvents } from "../server-events.js";
import { state } from "../store.js";

export const library = {
  title: "Library",
  async show(main, { heading, onLeave }) {
    const tiles = h("div", { class: "stat-tiles" });
    const jobs = h("job-list", {});
    const isAdmin = state.session.admin;
    const problems = pagedTable(
      "Problems",
      "/library/problems",
      problemRow,
      "Everything could be used.",
    );
    const duplicates = pagedTable(
      "Lying twice",
      "/library/duplicates",
      duplicateRow,
      "No recording lies in several files.",
    );
    const load = async () => {
      try {
        showTiles(tiles, await get("/library"));
      } catch (error) {
        notifyError(error);
      }
    };
    const reload = () => Promise.all([load(), problems.load(), duplicates.load()]);
    fill(
      main,
      h(
        "div",
        { class: "page-head" },
        h("div", {}, heading, h("p", {}, "What there is to hear, and what is known of it.")),
      ),
      tiles,
      isAdmin ? h("section", { class: "card jobs-card" }, jobControls(jobs), jobs) : null,
      h("div", { class: "columns" }, problems.section, duplicates.section),
    );
    jobs.addEventListener("job-end", reload);
    serverEvents.addEventListener("library", load);
    onLeave(() => serverEvents.removeEventListener("library", load));
    await reload();
  },
};

function showTiles(tiles, found) {
  const { tracks, analysed, listens, listeners, missing, waiting, problems } = found;
  const tile = (number, label, more) =>
    h("div", { class: "stat-tile" }, h("b", {}, number), h("span", {}, label), more);
  fill(
    tiles,
    tile(formatCount(tracks), "tracks"),
    tile(
      tracks ? formatPercent(analysed / tracks) : "–",
      "listened to",
      h("progress", {
        max: Math.max(1, tracks),
        value: analysed,
        "aria-label": "Tracks that are listened to",
      }),
    ),
    tile(formatCount(listens), "listens"),
    tile(formatCount(listeners), "listeners"),
    missing ? tile(formatCount(missing), "missing") : null,
    waiting ? tile(formatCount(waiting), "listens waiting") : null,
    tile(formatCount(problems), "problems"),
  );
}

/** Controls that start jobs: analysis, training, evaluation. */
function jobControls(jobs) {
  const start = (verb, settings = {}) =>
    post("/jobs", { verb, arguments: settings }).then(() => jobs.load(), notifyError);
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
            folder.value.trim() && start("preprocess", locationOf(folder.value.trim()))
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

/** Table that is loaded page by page. */
function pagedTable(name, path, row, none) {
  const body = h("tbody");
  const more = h("button", { class: "subtle", type: "button", hidden: true }, "Show more");
  const empty = h("p", { class: "muted-text", hidden: true }, none);
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
      else notifyError(error);
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
      row ? h("small", { class: "muted-text" }, ` row ${row}`) : null,
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
        tracks.map((track) => h("li", {}, trackLabel(track))),
      ),
    ),
    h("td", { class: "number" }, plural(tracks.length, "file")),
  );
}
