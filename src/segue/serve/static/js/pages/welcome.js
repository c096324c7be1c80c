// Welcome page of an empty library: choose the music folder, or create the starter library.

import { post } from "../api.js";
import { fill, h, onSubmit } from "../dom.js";
import { chooseFolder } from "../elements/folder-browser.js";
import "../elements/history-import.js";
import { locationOf } from "../elements/job-list.js";
import { t } from "../i18n.js";
import { icon } from "../icons.js";
import { notifyError } from "../notifications.js";
import { state } from "../store.js";

/** Jobs that add music. */
const ADDING = new Set(["preprocess", "demo"]);

export const welcome = {
  title: t("welcome.title"),
  show(main, { heading }) {
    const isAdmin = state.session.admin;
    const jobs = h("job-list", { class: "card", hidden: true });
    const start = (verb, settings = {}) =>
      post("/jobs", { verb, arguments: settings }).then(() => jobs.load(), notifyError);
    const about = h("p");
    const cards = h("div", { class: "welcome" }, ownMusic(start), starter(start));
    const show = (working) => {
      fill(heading, working ? t("welcome.working") : t("welcome.heading"));
      fill(about, working ? t("welcome.workingAbout") : t("welcome.about"));
      cards.hidden = working;
    };
    jobs.addEventListener("jobs", (event) => {
      const { detail } = /** @type {CustomEvent} */ (event);
      show(detail.some(({ verb }) => ADDING.has(verb)));
      jobs.hidden = !jobs.childElementCount;
    });
    show(false);
    fill(
      main,
      h("div", { class: "welcome-head" }, heading, about),
      isAdmin ? [jobs, cards] : h("p", { class: "card" }, t("welcome.askAdmin")),
      h("section", { class: "card import-card" }, h("history-import")),
    );
  },
};

function ownMusic(start) {
  const choose = () =>
    chooseFolder().then((path) => path && start("preprocess", { path }), notifyError);
  const folder = h("input", {
    type: "text",
    required: true,
    autocomplete: "off",
    spellcheck: "false",
    placeholder: "/home/anna/Music",
  });
  return h(
    "section",
    { class: "card stack" },
    h("h2", {}, icon("library"), t("welcome.own")),
    h("p", {}, t("welcome.ownAbout")),
    h(
      "button",
      { class: "primary", type: "button", on: { click: choose } },
      icon("folder"),
      t("welcome.choose"),
    ),
    h(
      "details",
      {},
      h("summary", {}, t("welcome.enterPath")),
      h(
        "form",
        {
          class: "stack",
          on: { submit: onSubmit(() => start("preprocess", locationOf(folder.value.trim()))) },
        },
        h("label", { class: "field" }, t("manage.folder"), folder),
        h("button", { type: "submit" }, t("manage.scan")),
      ),
    ),
  );
}

function starter(start) {
  return h(
    "section",
    { class: "card stack" },
    h("h2", {}, icon("seed"), t("welcome.starter")),
    h("p", {}, t("welcome.starterAbout")),
    h("button", { type: "button", on: { click: () => start("demo") } }, t("welcome.createStarter")),
  );
}
