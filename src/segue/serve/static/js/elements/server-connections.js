// <server-connections>: media servers that the library is connected to, for administrators.
//
// It dispatches "run" when a job was started here.

import { get, post, remove } from "../api.js";
import { fill, h, onSubmit } from "../dom.js";
import { formatCount, timeAgo } from "../format.js";
import { t } from "../i18n.js";
import { icon } from "../icons.js";
import { notify, notifyError } from "../notifications.js";
import { serverEvents } from "../server-events.js";

/**
 * Kinds of servers: the address that is proposed, and the fields of an account. Fields with a star
 * are required.
 *
 * @type {Record<string, {name: string, address: string, fields: string[]}>}
 */
export const KINDS = {
  navidrome: {
    name: "Navidrome",
    address: "http://music.home:4533",
    fields: ["user*", "password*"],
  },
  jellyfin: { name: "Jellyfin", address: "http://music.home:8096", fields: ["user*", "password*"] },
  plex: { name: "Plex", address: "http://music.home:32400", fields: ["token*", "user"] },
  lyrion: {
    name: "Lyrion Music Server",
    address: "http://music.home:9000",
    fields: ["user", "password"],
  },
  mpd: { name: "MPD", address: "mpd://music.home:6600", fields: ["user", "password"] },
  subsonic: { name: "Subsonic", address: "http://music.home:4040", fields: ["user*", "password*"] },
};

/** @type {Record<string, import("../i18n.js").TextKey>} */
const LABELS = {
  user: "service.user",
  password: "service.password",
  token: "service.token",
};

export class ServerConnections extends HTMLElement {
  #list = h("ul", { class: "jobs" });
  #sync = h(
    "button",
    { type: "button", hidden: true, on: { click: () => this.#run() } },
    t("connections.sync"),
  );
  #onJob = ({ detail }) => {
    if (!["waiting", "running"].includes(detail.state)) this.#load();
  };

  connectedCallback() {
    serverEvents.addEventListener("job", this.#onJob);
    fill(
      this,
      h("div", { class: "between" }, h("h2", {}, t("connections.title")), this.#sync),
      h("p", { class: "muted-text" }, t("connections.about")),
      this.#list,
      this.#form(),
    );
    this.#load();
  }

  disconnectedCallback() {
    serverEvents.removeEventListener("job", this.#onJob);
  }

  async #load() {
    try {
      const { items } = await get("/connections");
      this.#sync.hidden = !items.length;
      fill(
        this.#list,
        items.map((one) => this.#row(one)),
      );
    } catch (error) {
      if (error.status !== 403 && error.status !== 401) notifyError(error);
    }
  }

  #row({ name, kind, url, tracks, matched, writes_playlists, accounts }) {
    const drop = async () => {
      if (!confirm(t("connections.confirmRemove", { name }))) return;
      await remove("/connections/{name}", { params: { name } }).catch(notifyError);
      await this.#load();
    };
    const facts = [
      t("connections.matched", { matched: formatCount(matched), n: tracks }),
      writes_playlists ? null : t("connections.readOnly"),
    ];
    return h(
      "li",
      { class: `job${accounts.some((one) => one.error) ? " is-failed" : ""}` },
      h(
        "div",
        { class: "between" },
        h("b", { dir: "auto" }, `${KINDS[kind]?.name ?? kind}${name === kind ? "" : ` (${name})`}`),
        h(
          "button",
          {
            class: "icon-button",
            type: "button",
            "aria-label": t("connections.remove", { name }),
            on: { click: drop },
          },
          icon("trash"),
        ),
      ),
      h("p", { class: "muted-text server-address" }, url),
      h("p", { class: "muted-text" }, facts.filter(Boolean).join(" · ")),
      accounts.map(accountText),
    );
  }

  #form() {
    const kind = h(
      "select",
      {},
      Object.entries(KINDS).map(([value, { name }]) => h("option", { value }, name)),
    );
    const url = h("input", { type: "url", required: true, maxlength: 1000, autocomplete: "off" });
    const inputs = Object.fromEntries(
      Object.keys(LABELS).map((name) => [
        name,
        h("input", {
          type: name === "user" ? "text" : "password",
          maxlength: 1000,
          autocomplete: "off",
        }),
      ]),
    );
    const fields = Object.fromEntries(
      Object.entries(inputs).map(([name, input]) => [name, field(LABELS[name], input)]),
    );
    const listener = h("input", {
      type: "text",
      maxlength: 200,
      autocomplete: "off",
      placeholder: t("connections.sameName"),
    });
    const writes = h("input", { type: "checkbox", checked: true });
    const show = () => {
      const { address, fields: wanted } = KINDS[kind.value];
      url.placeholder = address;
      for (const [name, input] of Object.entries(inputs)) {
        const isShown = wanted.includes(name) || wanted.includes(`${name}*`);
        fields[name].hidden = !isShown;
        // a hidden field that is required would keep the form from being sent
        input.disabled = !isShown;
        input.required = wanted.includes(`${name}*`);
      }
    };
    kind.addEventListener("change", show);
    show();
    const button = h("button", { type: "submit" }, t("service.connect"));
    const details = h("details", {}, h("summary", {}, t("connections.add")));
    const add = async () => {
      const given = Object.entries({ ...inputs, listener })
        .filter(([, input]) => !input.disabled && input.value.trim())
        .map(([name, input]) => [name, input.value.trim()]);
      button.disabled = true;
      try {
        const body = {
          kind: /** @type {any} */ (kind.value),
          url: url.value.trim(),
          writes_playlists: writes.checked,
          ...Object.fromEntries(given),
        };
        const { name } = await post("/connections", body);
        notify(t("service.connected", { service: name }));
        for (const input of [url, listener, ...Object.values(inputs)]) input.value = "";
        details.open = false;
        await this.#load();
      } catch (error) {
        notifyError(error);
      } finally {
        button.disabled = false;
      }
    };
    details.append(
      h(
        "form",
        { class: "schedule-form", on: { submit: onSubmit(add) } },
        field("connections.kind", kind),
        field("service.url", url),
        Object.values(fields),
        field("connections.listener", listener),
        h("label", { class: "row" }, writes, h("span", {}, t("connections.writes"))),
        button,
      ),
    );
    return details;
  }

  #run() {
    return post("/jobs", { verb: "sync" }).then(
      () => this.dispatchEvent(new CustomEvent("run", { bubbles: true })),
      notifyError,
    );
  }
}

function accountText({ user, listener, synced, error }) {
  const names = user === listener ? user : `${user} → ${listener}`;
  const last = synced ? t("connections.synced", { time: timeAgo(synced) }) : t("schedule.never");
  return [
    h("p", {}, h("span", { dir: "auto" }, names), " · ", last),
    error ? h("p", { class: "server-error" }, t("connections.failed", { error })) : null,
  ];
}

/** @param {import("../i18n.js").TextKey} key */
function field(key, input) {
  return h("label", { class: "field" }, t(key), input);
}

customElements.define("server-connections", ServerConnections);
