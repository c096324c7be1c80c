// Dialog to choose a listener, or to log in if the library has accounts.

import { get } from "../api.js";
import { fill, h, onSubmit } from "../dom.js";
import { LANGUAGES, language, setLanguage, t } from "../i18n.js";
import { icon } from "../icons.js";
import { notifyError } from "../notifications.js";
import { join, signIn, signOut, state } from "../store.js";
import { accountSettings } from "./account-settings.js";
import { initial } from "./initial.js";
import { serviceSettings } from "./service-settings.js";

let turns = 0;

/**
 * Show the dialog; resolves once a listener is chosen or the dialog is closed. With the token of an
 * `invitation`, it makes an account.
 *
 * @param {{must?: boolean, invitation?: string | null}} [options]
 */
export async function chooseListener({ must = false, invitation = null } = {}) {
  if (invitation) return joinByInvitation(invitation);
  const isOpen = state.session.mode === "open";
  const turn = ++turns;
  const all = isOpen ? await listenerNames() : []; // before the dialog, which would grow
  if (!must && turn !== turns) return null; // of two clicks, the second opens it
  const dialog = h("dialog", { "aria-labelledby": "listener-title", class: "listener-dialog" });
  const done = () => {
    dialog.close();
    dialog.remove();
  };
  fill(
    dialog,
    h(
      "div",
      { class: "between" },
      h(
        "h2",
        { id: "listener-title" },
        isOpen ? t("listener.who") : (state.session.listener ?? t("listener.logIn")),
      ),
      must
        ? null
        : h(
            "button",
            {
              class: "icon-button",
              type: "button",
              "aria-label": t("common.close"),
              on: { click: done },
            },
            icon("close"),
          ),
    ),
    isOpen ? names(all, done) : state.session.listener === null ? password(done) : null,
    state.session.mode === "accounts" && state.session.listener !== null
      ? h(
          "div",
          { class: "stack" },
          accountSettings(),
          h(
            "button",
            {
              class: "subtle",
              type: "button",
              on: { click: () => signOut().then(done, notifyError) },
            },
            icon("out"),
            t("listener.logOut"),
          ),
        )
      : null,
  );
  if (state.session.listener !== null) dialog.append(serviceSettings());
  dialog.append(languageField());
  if (must) dialog.addEventListener("cancel", (event) => event.preventDefault());
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => dialog.addEventListener("close", resolve));
}

/** @returns {Promise<string[]>} */
async function listenerNames() {
  try {
    return (await get("/listeners", { query: { limit: 1000 } })).items.map(({ name }) => name);
  } catch (error) {
    notifyError(error);
    return [];
  }
}

function names(all, done) {
  const error = errorLine();
  const pick = (name) => signIn(name).then(done, (problem) => fill(error, problem.message));
  const list = h("ul", { class: "listener-list", "aria-label": t("listener.all") });
  const field = h("input", {
    type: "text",
    id: "listener-name",
    autocomplete: "off",
    maxlength: 100,
    placeholder: t("listener.choose"),
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
                class: "listener-button",
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
  show();
  return h(
    "form",
    {
      class: "stack",
      on: {
        submit: onSubmit(() => field.value.trim() && pick(field.value.trim())),
      },
    },
    h("label", { class: "field", for: "listener-name" }, t("listener.name")),
    field,
    list,
    error,
    h("button", { class: "primary", type: "submit" }, t("listener.continue")),
  );
}

function password(done) {
  const error = errorLine();
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
  const enter = onSubmit(() =>
    signIn(name.value.trim(), secret.value).then(done, (problem) => fill(error, problem.message)),
  );
  return h(
    "form",
    { class: "stack", on: { submit: enter } },
    h("label", { class: "field" }, t("listener.name"), name),
    h("label", { class: "field" }, t("listener.password"), secret),
    error,
    h("button", { class: "primary", type: "submit" }, t("listener.logIn")),
    state.session.single_sign_on
      ? h("a", { class: "sign-on", href: "oidc/login" }, t("listener.signOn"))
      : null,
  );
}

/** Show the dialog in which an invited person makes an account; resolves once there is one. */
function joinByInvitation(token) {
  const dialog = h("dialog", { "aria-labelledby": "join-title", class: "listener-dialog" });
  const error = errorLine();
  const name = h("input", {
    type: "text",
    name: "username",
    autocomplete: "username",
    required: true,
    maxlength: 200,
  });
  const secret = h("input", {
    type: "password",
    name: "password",
    autocomplete: "new-password",
    required: true,
    minlength: 8,
  });
  const enter = onSubmit(() =>
    join(token, name.value.trim(), secret.value).then(
      () => {
        dialog.close();
        dialog.remove();
      },
      (problem) => fill(error, problem.message),
    ),
  );
  fill(
    dialog,
    h("h2", { id: "join-title" }, t("listener.join")),
    h(
      "form",
      { class: "stack", on: { submit: enter } },
      h("label", { class: "field" }, t("listener.name"), name),
      h("label", { class: "field" }, t("listener.password"), secret),
      error,
      h("button", { class: "primary", type: "submit" }, t("listener.join")),
    ),
    languageField(),
  );
  dialog.addEventListener("cancel", (event) => event.preventDefault());
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => dialog.addEventListener("close", resolve));
}

/** Selection of the page's language; another one loads the page again. */
function languageField() {
  const field = h(
    "select",
    { on: { change: () => setLanguage(field.value) } },
    Object.entries(LANGUAGES).map(([code, name]) =>
      h("option", { value: code, lang: code, selected: code === language }, name),
    ),
  );
  return h("label", { class: "field language-field" }, t("listener.language"), field);
}

function errorLine() {
  return h("p", { role: "alert", class: "form-error" });
}
