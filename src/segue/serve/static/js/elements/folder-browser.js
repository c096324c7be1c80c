// Dialog in which an administrator chooses a music folder of the server.

import { get } from "../api.js";
import { fill, h } from "../dom.js";
import { t } from "../i18n.js";
import { icon } from "../icons.js";

/**
 * Show the dialog; resolves with the path of the chosen folder, or null.
 *
 * @param {string} [label] text of the button that chooses, where the folder is not scanned
 * @returns {Promise<string | null>}
 */
export function chooseFolder(label) {
  return new Promise((resolve) => {
    /** @type {string | null} */
    let chosen = null;
    const place = h("p", { class: "folder-place", dir: "ltr" });
    const error = h("p", { role: "alert", class: "form-error" });
    const list = h("ul", { class: "folders", "aria-label": t("folders.title") });
    const use = h(
      "button",
      {
        class: "primary",
        type: "button",
        disabled: true,
        on: { click: () => dialog.close("use") },
      },
      label ?? t("folders.use"),
    );
    const cancel = h(
      "button",
      { type: "button", on: { click: () => dialog.close() } },
      t("folders.cancel"),
    );
    const dialog = h(
      "dialog",
      { class: "folder-dialog", "aria-labelledby": "folder-title" },
      h("h2", { id: "folder-title" }, t("folders.title")),
      place,
      error,
      list,
      h("div", { class: "row folder-actions" }, cancel, use),
    );
    let turn = 0;
    const open = async (path) => {
      const own = ++turn;
      try {
        const found = await get("/folders", { query: { path } });
        if (own === turn) show(found);
      } catch (problem) {
        fill(error, problem.message);
      }
    };
    const show = ({ here, parent, folders, truncated }) => {
      chosen = here?.path ?? null;
      use.disabled = !here;
      fill(error);
      fill(place, here ? here.path : t("folders.roots"));
      place.title = here?.path ?? "";
      if (!label)
        fill(use, here ? t("folders.useWith", { count: countText(here) }) : t("folders.use"));
      fill(
        list,
        here ? row(icon("previous"), t("folders.up"), "", () => open(parent ?? undefined)) : null,
        folders.map((one) => row(icon("folder"), one.name, countText(one), () => open(one.path))),
        folders.length ? null : h("li", { class: "muted-text" }, t("folders.none")),
        truncated ? h("li", { class: "muted-text" }, t("folders.truncated")) : null,
      );
      list.scrollTop = 0;
      list.querySelector("button")?.focus({ preventScroll: true });
    };
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "use" ? chosen : null);
    });
    document.body.append(dialog);
    dialog.showModal();
    open(undefined);
  });
}

function row(picture, name, count, action) {
  return h(
    "li",
    {},
    h(
      "button",
      { class: "folder", type: "button", title: name, on: { click: action } },
      picture,
      h("span", { class: "folder-name", dir: "auto" }, name),
      h("small", { class: "muted-text" }, count),
    ),
  );
}

function countText({ n_audio: n, more }) {
  return more ? t("folders.countMore", { n }) : t("n.audioFiles", { n });
}
