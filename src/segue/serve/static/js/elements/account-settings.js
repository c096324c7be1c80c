// Account settings: sharing in blends, password, API keys of other players.

import { get, patch, post, remove } from "../api.js";
import { fill, h } from "../dom.js";
import { t } from "../i18n.js";
import { icon } from "../icons.js";
import { notify, notifyError } from "../notifications.js";

/** Return the settings of the account that is logged in. */
export function accountSettings() {
  return h("div", { class: "stack" }, sharing(), password(), keys());
}

function sharing() {
  const box = h("input", { type: "checkbox" });
  get("/me/account").then((account) => (box.checked = account.shares_taste), notifyError);
  box.addEventListener("change", () =>
    patch("/me/account", { shares_taste: box.checked }).catch(notifyError),
  );
  return h(
    "div",
    {},
    h("label", { class: "row" }, box, t("account.share")),
    h("p", { class: "muted-text" }, t("account.share.about")),
  );
}

function password() {
  const now = h("input", { type: "password", autocomplete: "current-password", required: true });
  const next = h("input", {
    type: "password",
    autocomplete: "new-password",
    required: true,
    minlength: 8,
  });
  const change = async (event) => {
    event.preventDefault();
    try {
      await patch("/me/account", { password: now.value, new_password: next.value });
      event.target.reset();
      notify(t("account.changed"));
    } catch (error) {
      notifyError(error);
    }
  };
  return h(
    "details",
    {},
    h("summary", {}, t("account.password")),
    h(
      "form",
      { class: "stack", on: { submit: change } },
      h("label", { class: "field" }, t("account.current"), now),
      h("label", { class: "field" }, t("account.new"), next),
      h("button", { type: "submit" }, t("account.change")),
    ),
  );
}

function keys() {
  const list = h("ul", { class: "stack" });
  const shown = h("p", { class: "new-key", role: "status", hidden: true });
  const name = h("input", {
    type: "text",
    required: true,
    maxlength: 100,
    placeholder: t("account.myPlayer"),
    "aria-label": t("account.keyName"),
  });
  const load = async () => {
    const { items } = await get("/me/keys");
    fill(
      list,
      items.map((key) =>
        h(
          "li",
          { class: "between" },
          key.name,
          h(
            "button",
            {
              class: "icon-button",
              type: "button",
              "aria-label": t("account.deleteKey", { name: key.name }),
              on: {
                click: () =>
                  remove("/me/keys/{name}", { params: { name: key.name } }).then(load, notifyError),
              },
            },
            icon("trash"),
          ),
        ),
      ),
    );
  };
  const make = async (event) => {
    event.preventDefault();
    try {
      const made = await post("/me/keys", { name: name.value.trim() });
      fill(shown, `${t("account.copyKey")} `, h("code", {}, made.key));
      shown.hidden = false;
      event.target.reset();
      await load();
    } catch (error) {
      notifyError(error);
    }
  };
  load().catch(notifyError);
  return h(
    "details",
    {},
    h("summary", {}, t("account.keys")),
    h(
      "div",
      { class: "stack" },
      list,
      shown,
      h(
        "form",
        { class: "add-music", on: { submit: make } },
        name,
        h("button", { type: "submit" }, t("account.createKey")),
      ),
    ),
  );
}
