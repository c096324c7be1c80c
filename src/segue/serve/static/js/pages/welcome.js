// Welcome page of an empty library: add music, or create the starter library.

import { post } from "../api.js";
import { fill, h } from "../dom.js";
import { locationOf } from "../elements/job-list.js";
import { icon } from "../icons.js";
import { notifyError } from "../notifications.js";
import { state } from "../store.js";

export const welcome = {
  title: "Welcome",
  show(main, { heading }) {
    fill(heading, "Bring your music");
    const jobs = h("job-list", {});
    const start = (verb, settings = {}) =>
      post("/jobs", { verb, arguments: settings }).then(() => jobs.load(), notifyError);
    const isAdmin = state.session.admin;
    fill(
      main,
      h(
        "div",
        { class: "welcome-head" },
        heading,
        h(
          "p",
          {},
          "This library holds no tracks yet. segue listens to your music where it lies; nothing leaves this machine.",
        ),
      ),
      isAdmin
        ? h("div", { class: "welcome" }, ownMusic(start), starter(start))
        : h(
            "p",
            { class: "card" },
            "Somebody who may administer the library has to add music to it.",
          ),
      jobs,
    );
  },
};

function ownMusic(start) {
  const folder = h("input", {
    type: "text",
    required: true,
    autocomplete: "off",
    spellcheck: "false",
    placeholder: "/home/you/Music",
  });
  return h(
    "form",
    {
      class: "card stack",
      on: {
        submit: (event) => (
          event.preventDefault(), start("preprocess", locationOf(folder.value.trim()))
        ),
      },
    },
    h("h2", {}, icon("library"), "Your own"),
    h(
      "ol",
      { class: "steps" },
      h("li", {}, "Say where your music is: a folder, or a dataset with metadata.csv."),
      h(
        "li",
        {},
        "segue reads tags and listens to every track. It may be stopped and goes on where it was.",
      ),
      h(
        "li",
        {},
        "Then train, here or by ",
        h("code", {}, "segue train all"),
        ", and the list is yours.",
      ),
    ),
    h("label", { class: "field" }, "Folder on the machine that serves", folder),
    h("button", { class: "primary", type: "submit" }, "Listen to it"),
  );
}

function starter(start) {
  return h(
    "section",
    { class: "card stack" },
    h("h2", {}, icon("seed"), "The starter library"),
    h(
      "p",
      {},
      "Two hundred pieces from public-domain scores, rendered to audio, with listeners who are simulated and called so. All of segue works on it in about five minutes.",
    ),
    h("button", { type: "button", on: { click: () => start("demo") } }, "Make the starter library"),
  );
}
