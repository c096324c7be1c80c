// Accounts, for administrators: list, new password, folders, delete, and links that invite people.

import { get, patch, post, remove } from "../api.js";
import { fill, h, onSubmit } from "../dom.js";
import { t } from "../i18n.js";
import { icon } from "../icons.js";
import { notify, notifyError } from "../notifications.js";
import { state } from "../store.js";
import { chooseFolder } from "./folder-browser.js";

export class AccountAdmin extends HTMLElement {
  #accounts = h("ul", { class: "stack" });
  #invitations = h("ul", { class: "stack" });
  /** Names of the accounts whose folders are shown, also after a change. */
  #open = new Set();
  #link = h("p", { class: "new-key", role: "status", hidden: true });

  connectedCallback() {
    const name = h("input", {
      type: "text",
      maxlength: 200,
      placeholder: t("accounts.anyName"),
      "aria-label": t("accounts.inviteName"),
    });
    const invite = async () => {
      const body = name.value.trim() ? { name: name.value.trim() } : {};
      const { token } = await post("/invitations", body);
      const address = new URL(`#/join?token=${token}`, document.baseURI).href;
      fill(this.#link, `${t("accounts.copyLink")} `, h("code", {}, address));
      this.#link.hidden = false;
      name.value = "";
      await this.#load();
    };
    fill(
      this,
      h("h2", {}, t("accounts.title")),
      this.#accounts,
      h(
        "form",
        { class: "add-music", on: { submit: onSubmit(() => invite().catch(notifyError)) } },
        name,
        h("button", { type: "submit" }, t("accounts.invite")),
      ),
      this.#link,
      this.#invitations,
    );
    this.#load().catch(notifyError);
  }

  async #load() {
    const [accounts, invitations] = await Promise.all([get("/accounts"), get("/invitations")]);
    fill(
      this.#accounts,
      accounts.items.map((account) => this.#accountRow(account)),
    );
    fill(
      this.#invitations,
      invitations.items.map((invitation) => this.#invitationRow(invitation)),
    );
  }

  #act(request) {
    return request.then(() => this.#load(), notifyError);
  }

  #accountRow(account) {
    const { name, admin } = account;
    const params = { name };
    const own = name === state.session.listener;
    const drop = () =>
      confirm(t("accounts.confirmDelete", { name })) &&
      this.#act(remove("/accounts/{name}", { params }));
    return h(
      "li",
      { class: "stack" },
      h(
        "div",
        { class: "between" },
        h("b", { dir: "auto" }, name),
        admin ? h("span", { class: "muted-text" }, t("accounts.admin")) : null,
        own
          ? null
          : h(
              "button",
              {
                class: "icon-button",
                type: "button",
                "aria-label": t("accounts.delete", { name }),
                on: { click: drop },
              },
              icon("trash"),
            ),
      ),
      own ? null : this.#folders(account),
      own ? null : this.#passwordForm(name),
    );
  }

  #folders({ name, only_folders: only, hidden_folders: hidden, n_hidden: n }) {
    const set = (changes) => this.#act(patch("/accounts/{name}", changes, { params: { name } }));
    const list = (title, folders, field) =>
      h("section", { class: "stack" }, [
        h("h3", {}, title),
        h(
          "ul",
          { class: "stack" },
          folders.map((folder) =>
            h(
              "li",
              { class: "between path-row" },
              h("span", { class: "path-text", dir: "ltr" }, folder),
              h(
                "button",
                {
                  class: "icon-button",
                  type: "button",
                  "aria-label": t("accounts.removeFolder", { folder }),
                  on: { click: () => set({ [field]: folders.filter((one) => one !== folder) }) },
                },
                icon("close"),
              ),
            ),
          ),
        ),
        h(
          "button",
          {
            type: "button",
            on: {
              click: async () => {
                const folder = await chooseFolder(t("accounts.addFolder"));
                if (folder && !folders.includes(folder)) set({ [field]: [...folders, folder] });
              },
            },
          },
          icon("folder"),
          t("accounts.addFolder"),
        ),
      ]);
    const note = (open) => (open ? this.#open.add(name) : this.#open.delete(name));
    const limited = only.length + hidden.length > 0;
    const effect = n === null ? t("accounts.someFolders") : t("accounts.hiddenTracks", { n });
    const summary = limited ? effect : t("accounts.seesAll");
    return h(
      "details",
      { open: this.#open.has(name), on: { toggle: ({ target }) => note(target.open) } },
      h("summary", {}, `${t("accounts.folders")}: ${summary}`),
      h("p", { class: "muted-text" }, t("accounts.foldersAbout")),
      list(t("accounts.onlyFolders"), only, "only_folders"),
      list(t("accounts.hiddenFolders"), hidden, "hidden_folders"),
    );
  }

  #passwordForm(name) {
    const field = h("input", {
      type: "password",
      autocomplete: "new-password",
      required: true,
      minlength: 8,
      "aria-label": t("accounts.newPassword", { name }),
    });
    const set = async () => {
      await patch("/accounts/{name}", { new_password: field.value }, { params: { name } });
      field.value = "";
      notify(t("accounts.passwordSet", { name }));
    };
    return h(
      "details",
      {},
      h("summary", {}, t("accounts.reset")),
      h(
        "form",
        { class: "add-music", on: { submit: onSubmit(() => set().catch(notifyError)) } },
        field,
        h("button", { type: "submit" }, t("account.change")),
      ),
    );
  }

  #invitationRow({ number, name, expires }) {
    const until = new Date(expires * 1000).toLocaleDateString(document.documentElement.lang);
    const label = t("accounts.invited", { name: name ?? t("accounts.anyName"), until });
    return h(
      "li",
      { class: "between muted-text" },
      label,
      h(
        "button",
        {
          class: "icon-button",
          type: "button",
          "aria-label": `${t("accounts.revoke")}: ${label}`,
          on: {
            click: () => {
              this.#link.hidden = true; // it may be the link of this invitation
              this.#act(remove("/invitations/{number}", { params: { number } }));
            },
          },
        },
        icon("close"),
      ),
    );
  }
}

customElements.define("account-admin", AccountAdmin);
