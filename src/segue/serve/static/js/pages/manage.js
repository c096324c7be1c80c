// Manage page: counts, problems, duplicates, jobs and their schedules, media servers.

import { get, post } from "../api.js";
import { fill, h, onSubmit } from "../dom.js";
import "../elements/account-admin.js";
import { chooseFolder } from "../elements/folder-browser.js";
import "../elements/history-import.js";
import { locationOf } from "../elements/job-list.js";
import "../elements/schedule-list.js";
import "../elements/server-connections.js";
import { formatCount, formatPercent, trackLabel } from "../format.js";
import { t } from "../i18n.js";
import { icon } from "../icons.js";
import { notifyError } from "../notifications.js";
import { serverEvents } from "../server-events.js";
import { state } from "../store.js";

export const manage = {
  title: t("manage.title"),
  async show(main, { heading, onLeave }) {
    const tiles = h("div", { class: "stat-tiles" });
    const jobs = /** @type {import("../elements/job-list.js").JobList} */ (h("job-list", {}));
    const isAdmin = state.session.admin;
    const schedules = /** @type {import("../elements/schedule-list.js").ScheduleList} */ (
      h("schedule-list", {})
    );
    schedules.addEventListener("run", () => jobs.load());
    const connections = h("server-connections", { on: { run: () => jobs.load() } });
    const problems = pagedTable(
      t("manage.problems"),
      (query) => get("/library/problems", { query }),
      problemRow,
      t("manage.noProblems"),
    );
    const duplicates = pagedTable(
      t("manage.duplicates"),
      (query) => get("/library/duplicates", { query }),
      duplicateRow,
      t("manage.noDuplicates"),
    );
    const load = async () => {
      try {
        showTiles(tiles, await get("/library"));
      } catch (error) {
        notifyError(error);
      }
    };
    const reload = () => Promise.all([load(), problems.load(), duplicates.load()]);
    const lists = h(
      "div",
      { class: "columns", hidden: true },
      problems.section,
      duplicates.section,
    );
    const all = h(
      "div",
      { hidden: true }, // parts that grow would move those below them
      tiles,
      isAdmin ? h("section", { class: "card jobs-card" }, jobControls(jobs), jobs) : null,
      isAdmin ? h("section", { class: "card schedule-card" }, schedules) : null,
      isAdmin ? h("section", { class: "card schedule-card" }, connections) : null,
      isAdmin && state.session.mode === "accounts"
        ? h("section", { class: "card import-card" }, h("account-admin"))
        : null,
      h("section", { class: "card import-card" }, h("history-import")),
      lists,
    );
    fill(
      main,
      h("div", { class: "page-head" }, h("div", {}, heading, h("p", {}, t("manage.about")))),
      all,
    );
    jobs.addEventListener("job-end", reload);
    serverEvents.addEventListener("library", load);
    onLeave(() => serverEvents.removeEventListener("library", load));
    const listed = Promise.all([problems.load(), duplicates.load()]);
    await Promise.all([load(), jobs.loaded, schedules.loaded]);
    all.hidden = false;
    await listed;
    lists.hidden = false;
  },
};

function showTiles(tiles, found) {
  const { tracks, analyzed, plays, listeners, missing, unmatched, problems } = found;
  fill(
    tiles,
    countTile(tracks, "manage.tileTracks"),
    tile(
      tracks ? formatPercent(analyzed / tracks) : "–",
      t("manage.analyzed"),
      h("progress", {
        max: Math.max(1, tracks),
        value: analyzed,
        "aria-label": t("manage.analyzedTracks"),
      }),
    ),
    countTile(plays, "manage.tilePlays"),
    countTile(listeners, "manage.tileListeners"),
    missing ? countTile(missing, "manage.tileMissing") : null,
    unmatched ? countTile(unmatched, "manage.tileUnmatched") : null,
    countTile(problems, "manage.tileProblems"),
  );
}

/**
 * Number of things, and their name in the form that belongs to it.
 *
 * @param {number} number
 * @param {import("../i18n.js").TextKey} key
 */
function countTile(number, key) {
  return tile(formatCount(number), t(key, { n: number }));
}

function tile(number, label, more) {
  return h("div", { class: "stat-tile" }, h("b", {}, number), h("span", {}, label), more);
}

/** Controls that start jobs: analysis, training, evaluation. */
function jobControls(jobs) {
  const start = (verb, settings = {}) =>
    post("/jobs", { verb, arguments: settings }).then(() => jobs.load(), notifyError);
  const choose = () =>
    chooseFolder().then((path) => path && start("preprocess", { path }), notifyError);
  const folder = h("input", {
    type: "text",
    autocomplete: "off",
    spellcheck: "false",
    placeholder: t("manage.folder"),
    "aria-label": t("manage.folder"),
  });
  return h(
    "div",
    { class: "stack" },
    h("h2", {}, t("manage.addMusic")),
    h(
      "div",
      { class: "row" },
      h(
        "button",
        { class: "primary", type: "button", on: { click: choose } },
        icon("folder"),
        t("welcome.choose"),
      ),
      h("button", { type: "button", on: { click: () => start("train") } }, t("manage.train")),
      h("button", { type: "button", on: { click: () => start("evaluate") } }, t("manage.evaluate")),
    ),
    h(
      "details",
      {},
      h("summary", {}, t("manage.protocol")),
      protocolForm((settings) => start("evaluate", settings)),
    ),
    h(
      "details",
      {},
      h("summary", {}, t("welcome.enterPath")),
      h(
        "form",
        {
          class: "add-music",
          on: {
            submit: onSubmit(
              () => folder.value.trim() && start("preprocess", locationOf(folder.value.trim())),
            ),
          },
        },
        folder,
        h("button", { type: "submit" }, t("manage.scan")),
      ),
    ),
  );
}

/** Published protocols that recommendations can be evaluated by, with the arguments of the job. */
const PROTOCOLS = {
  day: { protocol: "global-temporal" },
  organic: { protocol: "global-temporal", organic_only: true },
  playlists: { protocol: "playlist-continuation" },
};

/** Choice of a published protocol, and a button that evaluates by it. */
function protocolForm(evaluate) {
  const names = {
    day: t("manage.protocolDay"),
    organic: t("manage.protocolOrganic"),
    playlists: t("manage.protocolPlaylists"),
  };
  const choice = h(
    "select",
    { "aria-label": t("manage.protocol") },
    Object.entries(names).map(([value, name]) => h("option", { value }, name)),
  );
  return h(
    "form",
    { class: "add-music", on: { submit: onSubmit(() => evaluate(PROTOCOLS[choice.value])) } },
    choice,
    h("button", { type: "submit" }, t("manage.evaluate")),
  );
}

/** Table that is loaded page by page. */
function pagedTable(name, read, row, none) {
  const body = h("tbody");
  const more = h("button", { class: "subtle", type: "button", hidden: true }, t("common.showMore"));
  const empty = h("p", { class: "muted-text", hidden: true }, none);
  let next = null;
  const load = async (fresh = true) => {
    try {
      const answer = await read({ limit: 50, cursor: fresh ? undefined : next });
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
      row ? h("small", { class: "muted-text" }, ` ${t("manage.row", { row })}`) : null,
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
    h("td", { class: "number" }, t("n.files", { n: tracks.length })),
  );
}
