// <history-import>: import a listening history by drag and drop, or by choosing files.
//
// It dispatches "imported" after a file was imported.

import { upload } from "../api.js";
import { fill, h, uniqueId } from "../dom.js";
import { formatCount } from "../format.js";
import { t } from "../i18n.js";
import { icon } from "../icons.js";
import { announce } from "../notifications.js";
import { forYou } from "../recommendations.js";
import { loadMe } from "../store.js";

export class HistoryImport extends HTMLElement {
  #results = h("ul", { class: "import-results" });
  #busy = false;

  connectedCallback() {
    if (this.childElementCount) return;
    const id = uniqueId("history");
    const field = h("input", {
      type: "file",
      id,
      multiple: true,
      class: "visually-hidden",
      on: {
        change: async () => {
          await this.#importAll([...(field.files ?? [])]);
          field.value = "";
        },
      },
    });
    const zone = h(
      "div",
      { class: "drop-zone" },
      icon("open"),
      h("div", {}, h("h3", {}, t("import.title")), h("p", {}, t("import.about"))),
      field,
      h("label", { class: "button", for: id }, t("import.choose")),
    );
    const over = (event) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      zone.classList.add("is-over");
    };
    zone.addEventListener("dragenter", over);
    zone.addEventListener("dragover", over);
    zone.addEventListener("dragleave", (event) => {
      if (!zone.contains(/** @type {Node} */ (event.relatedTarget)))
        zone.classList.remove("is-over");
    });
    zone.addEventListener("drop", (event) => {
      event.preventDefault();
      zone.classList.remove("is-over");
      this.#importAll([...(event.dataTransfer?.files ?? [])]);
    });
    fill(this, zone, this.#results);
  }

  /** @param {File[]} files */
  async #importAll(files) {
    if (this.#busy || !files.length) return;
    this.#busy = true;
    for (const file of files) await this.#import(file);
    this.#busy = false;
    this.dispatchEvent(new CustomEvent("imported", { bubbles: true }));
    await loadMe().catch(() => {});
    forYou.load({ now: true });
  }

  /** @param {File} file */
  async #import(file) {
    const line = h("li", { dir: "auto" }, t("import.busy", { name: file.name }));
    line.setAttribute("aria-busy", "true");
    this.#results.append(line);
    try {
      const found = await upload("/me/imports", file, { query: { name: file.name } });
      const text = resultText(found);
      fill(line, h("b", {}, file.name), h("span", {}, text));
      announce(text);
    } catch (error) {
      line.classList.add("is-failed");
      fill(line, h("b", {}, file.name), h("span", { role: "alert" }, error.message));
    }
    line.removeAttribute("aria-busy");
  }
}

function resultText({ read, new: fresh, matched, unmatched, problems }) {
  return [
    t("import.matched", { n: read, matched: formatCount(matched) }),
    unmatched ? t("import.unmatched", { n: unmatched }) : "",
    read && !fresh ? t("import.known") : "",
    problems ? t("import.problems", { n: problems }) : "",
  ]
    .filter(Boolean)
    .join(" ");
}

customElements.define("history-import", HistoryImport);
