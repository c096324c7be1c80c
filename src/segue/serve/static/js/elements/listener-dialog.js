// Who is listening: pick a name, or log in where there are accounts.

import { get } from "../api.js";
import { fill, h } from "../dom.js";
import { icon } from "../icons.js";
import { noteProblem } from "../notifications.js";
import { signIn, signOut, state } from "../store.js";
import { accountParts } from "./account-settings.js";

/** Ask who listens; resolves once somebody does, or the dialog is closed. */
export function askWho({ must = false } = {}) {
  const dialog = h("dialog", { "aria-labelledby": "who-title", class: "who-dialog" });
  const done = () => (dialog.close(), dialog.remove());
  fill(
    dialog,
    h(
      "div",
      { class: "between" },
      h(
        "h2",
        { id: "who-title" },
        state.session.mode === "open" ? "Who is listening?" : (state.session.listener ?? "Log in"),
      ),
      must
        ? null
        : h(
            "button",
            { class: "bare", type: "button", "aria-label": "Close", on: { click: done } },
            icon("close"),
          ),
    ),
    state.session.mode === "open"
      ? names(done)
      : state.session.listener === null
        ? password(done)
        : null,
    state.session.mode === "accounts" && state.session.listener !== null
      ? h(
          "div",
          { class: "stack" },
          accountParts(),
          h(
            "button",
            {
              class: "quiet",
              type: "button",
              on: { click: () => signOut().then(done, noteProblem) },
            },
            icon("out"),
            "Log out",
          ),
        )
      : null,
  );
  if (must) dialog.addEventListener("cancel", (event) => event.preventDefault());
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => dialog.addEventListener("close", resolve));
}

function names(done) {
  const error = problemLine();
  const pick = (name) => signIn(name).then(done, (problem) => fill(error, problem.message));
  const list = h("ul", { class: "who-list", "aria-label": "Listeners" });
  let all = [];
  const field = h("input", {
    type: "text",
    id: "who-name",
    autocomplete: "off",
    maxlength: 100,
    placeholder: "Find, or a new name",
  });
  const show = () => {
    const word = field.value.trim().toLowerCase();
    fill(
      list,
      all
        .filter((name) => name.toLowerCase().includes(word))
        .slice(0, 200)
        .map((name) =>
          h(
            "li",
            {},
            h(
              "button",
              {
                class: "who",
                type: "button",
                "aria-current": name === state.session.listener ? "true" : null,
                on: { click: () => pick(name) },
              },
              initial(name),
              h("span", {}, name),
            ),
          ),
        ),
    );
  };
  field.addEventListener("input", show);
  get("/listeners", { limit: 1000 }).then(
    (answer) => ((all = answer.items.map(({ name }) => name)), show()),
    noteProblem,
  );
  return h(
    "form",
    {
      class: "stack",
      on: {
        submit: (event) => (event.preventDefault(), field.value.trim() && pick(field.value.trim())),
      },
    },
    h("label", { class: "field", for: "who-name" }, "Name"),
    field,
    list,
    error,
    h("button", { class: "main", type: "submit" }, "Listen"),
  );
}

function password(done) {
  const error = problemLine();
  const name = h("input", {
    type: "text",
    name: "username",
    autocomplete: "username",
    required: true,
  });
  const secret = h("input", {
    type: "password",
    name: "password",
    autocomplete: "current-password",
    required: true,
  });
  const enter = (event) => {
    event.preventDefault();
    signIn(name.value.trim(), secret.value).then(done, (problem) => fill(error, problem.message));
  };
  return h(
    "form",
    { class: "stack", on: { submit: enter } },
    h("label", { class: "field" }, "Name", name),
    h("label", { class: "field" }, "Password", secret),
    error,
    h("button", { class: "main", type: "submit" }, "Log in"),
  );
}

function problemLine() {
  return h("p", { role: "alert", class: "problem-line" });
}

/** The first letter of a name, as its picture. */
export function initial(name) {
  return h(
    "span",
    { class: "initial", "aria-hidden": "true" },
    ([...name.replace(/^simulated-/, "")][0] ?? "?").toUpperCase(),
  );
}
