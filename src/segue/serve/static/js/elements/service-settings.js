// Settings of the services that plays are sent to: ListenBrainz, Last.fm, Maloja.

import { get, patch, post, remove } from "../api.js";
import { fill, h } from "../dom.js";
import { t } from "../i18n.js";
import { icon } from "../icons.js";
import { notify, notifyError } from "../notifications.js";
import { state } from "../store.js";

/** @type {{ id: "listenbrainz" | "lastfm" | "maloja", name: string, fields: string[] }[]} */
const SERVICES = [
  { id: "listenbrainz", name: "ListenBrainz", fields: ["token"] },
  { id: "lastfm", name: "Last.fm", fields: ["username", "password", "api_key", "api_secret"] },
  { id: "maloja", name: "Maloja", fields: ["url", "token"] },
];

/** @type {Record<string, import("../i18n.js").TextKey>} */
const LABELS = {
  token: "service.token",
  username: "service.user",
  password: "service.password",
  api_key: "service.key",
  api_secret: "service.secret",
  url: "service.url",
};
const SECRET = new Set(["token", "password", "api_secret"]);

/** Return the settings of the services of the listener. */
export function serviceSettings() {
  const list = h("div", { class: "stack" });
  const load = async () => {
    const { items } = await get("/me/services");
    const known = new Map(items.map((item) => [item.service, item]));
    fill(
      list,
      SERVICES.filter(isOffered).map((service) => {
        const item = known.get(service.id);
        return item ? connected(service, item, load) : form(service, load);
      }),
    );
  };
  const box = h(
    "details",
    {},
    h("summary", {}, t("service.title")),
    h("p", { class: "muted-text" }, t("service.about")),
    list,
  );
  box.addEventListener("toggle", () => {
    if (box.open) load().catch(notifyError);
  });
  return box;
}

/** Only an administrator may give the address of a server. */
function isOffered({ fields }) {
  return state.session.admin || !fields.includes("url");
}

function form({ id, name, fields }, load) {
  const inputs = fields.map((field) => [
    field,
    h("input", {
      type: SECRET.has(field) ? "password" : field === "url" ? "url" : "text",
      autocomplete: "off",
      required: true,
      maxlength: 1000,
    }),
  ]);
  const connect = async (event) => {
    event.preventDefault();
    try {
      const given = Object.fromEntries(inputs.map(([field, input]) => [field, input.value.trim()]));
      await post("/me/services", { service: id, ...given });
      notify(t("service.connected", { service: name }));
      await load();
    } catch (error) {
      notifyError(error);
    }
  };
  return h(
    "details",
    {},
    h("summary", {}, name),
    h(
      "form",
      { class: "stack", on: { submit: connect } },
      ...inputs.map(([field, input]) => h("label", { class: "field" }, t(LABELS[field]), input)),
      h("button", { type: "submit" }, t("service.connect")),
    ),
  );
}

function connected({ id, name }, item, load) {
  const params = { service: id };
  const disconnect = () => remove("/me/services/{service}", { params }).then(load, notifyError);
  const checkbox = (key, label) => {
    const box = h("input", { type: "checkbox", checked: item[key] });
    box.addEventListener("change", () =>
      patch("/me/services/{service}", { [key]: box.checked }, { params }).catch(notifyError),
    );
    return h("label", { class: "row" }, box, label);
  };
  return h(
    "section",
    { class: "stack", "aria-label": name },
    h(
      "div",
      { class: "between" },
      h("strong", {}, [name, item.account].filter(Boolean).join(": ")),
      h(
        "button",
        {
          class: "icon-button",
          type: "button",
          "aria-label": t("service.disconnect", { service: name }),
          on: { click: disconnect },
        },
        icon("trash"),
      ),
    ),
    checkbox("forwards", t("service.forwards")),
    id === "listenbrainz" ? checkbox("fetches", t("service.fetches")) : null,
    h(
      "p",
      { class: "muted-text" },
      t("service.counts", { sent: item.sent, waiting: item.waiting, refused: item.refused }),
    ),
    item.error
      ? h(
          "p",
          { role: "status" },
          t(item.stopped ? "service.stopped" : "service.retry", { error: item.error }),
        )
      : null,
  );
}
