// Welcome page of an empty library: add music, or create the starter library.

import { post } from "../api.js";
import { fill, h, onSubmit } from "../dom.js";
import { locationOf } from "../elements/job-list.js";
import { icon } from "../icons.js";
import { notifyError } from "../notifications.js";
import { state } from "../store.js";

export const welcome = {
  title: "Welcome",
  show(main, { heading }) {
    fill(heading, "Add your music");
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
          "This library is empty. segue analyzes your music where it is stored; nothing leaves this computer.",
        ),
      ),
      isAdmin
        ? h("div", { class: "welcome" }, ownMusic(start), starter(start))
        : h("p", { class: "card" }, "Ask an administrator to add music to this library."),
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
        submit: onSubmit(() => start("preprocess", locationOf(folder.value.trim()))),
      },
    },
    h("h2", {}, icon("library"), "Your music"),
    h(
      "ol",
      { class: "steps" },
      h("li", {}, "Enter your music folder, or a dataset folder with metadata.csv."),
      h(
        "li",
        {},
        "segue reads the tags and analyzes every track. You can stop it; it continues where it stopped.",
      ),
      h(
        "li",
        {},
        "Then train the models, here or with ",
        h("code", {}, "segue train all"),
        ", to get recommendations.",
      ),
    ),
    h("label", { class: "field" }, "Music folder on the server", folder),
    h("button", { class: "primary", type: "submit" }, "Scan and analyze"),
  );
}

function starter(start) {
  return h(
    "section",
    { class: "card stack" },
    h("h2", {}, icon("seed"), "Starter library"),
    h(
      "p",
      {},
      "Try segue with 200 pieces from public-domain scores, rendered to audio, and simulated listeners. It takes about five minutes.",
    ),
    h(
      "button",
      { type: "button", on: { click: () => start("demo") } },
      "Create the starter library",
    ),
  );
}
