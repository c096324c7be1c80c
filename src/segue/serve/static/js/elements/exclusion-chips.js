// <exclusion-chips>: edit exclusions: artists, genres, albums, tags, folders, and limits of duration,
// year, energy and mood. It dispatches "exclude" when they change; `value` is the API's Exclusions object.

import { fill, h, onSubmit, uniqueId } from "../dom.js";
import { t } from "../i18n.js";
import { icon } from "../icons.js";

const KINDS = {
  artists: t("rules.artist"),
  genres: t("rules.genre"),
  albums: t("rules.album"),
  tags: t("rules.tag"),
  folders: t("rules.folder"),
};
const LIMITS = [
  ["from_year", t("exclude.fromYear")],
  ["to_year", t("exclude.toYear")],
  ["min_duration", t("exclude.minDuration")],
  ["max_duration", t("exclude.maxDuration")],
  ["min_energy", t("exclude.minEnergy")],
  ["max_energy", t("exclude.maxEnergy")],
  ["min_valence", t("exclude.minValence")],
  ["max_valence", t("exclude.maxValence")],
];

// how much a unit of a field is in the API's units
const unitOf = (limit) =>
  limit.endsWith("duration") ? 60 : /energy|valence/.test(limit) ? 0.01 : 1;

export class ExclusionChips extends HTMLElement {
  /** @type {Record<string, any>} */
  #value = {};
  /** @type {[string, HTMLInputElement, HTMLLabelElement][]} */
  limits;

  get value() {
    return this.#value;
  }

  set value(value) {
    this.#value = structuredClone(value);
    if (!this.chips) this.#build();
    this.#show();
  }

  /** Set the genres that are suggested. */
  offer(genres) {
    fill(
      this.offered,
      genres.map((genre) => h("option", { value: genre })),
    );
  }

  #build() {
    const list = uniqueId("genres");
    this.chips = h("div", { class: "chips", role: "group", "aria-label": t("exclude.excluded") });
    this.offered = h("datalist", { id: list });
    const kind = h(
      "select",
      { "aria-label": t("exclude.by") },
      Object.entries(KINDS).map(([name, label]) => h("option", { value: name }, label)),
    );
    const name = h("input", {
      type: "text",
      "aria-label": t("exclude.name"),
      placeholder: t("rule.name"),
      autocomplete: "off",
    });
    kind.addEventListener("change", () =>
      kind.value === "genres" ? name.setAttribute("list", list) : name.removeAttribute("list"),
    );
    this.limits = LIMITS.map(([limit, label]) => {
      const field = h("input", { type: "number", min: 0, step: "any", inputmode: "decimal" });
      field.addEventListener("change", () => this.#limit(limit, field));
      return [limit, field, h("label", { class: "field" }, label, field)];
    });
    fill(
      this,
      this.chips,
      h(
        "form",
        {
          class: "exclude-form",
          on: { submit: onSubmit(() => this.#add(kind.value, name)) },
        },
        kind,
        name,
        h("button", { type: "submit" }, t("exclude.add")),
      ),
      this.offered,
      h(
        "details",
        {},
        h("summary", {}, t("exclude.limits")),
        h(
          "div",
          { class: "limits" },
          this.limits.map(([, , label]) => label),
        ),
      ),
    );
  }

  #add(kind, field) {
    const name = field.value.trim();
    if (!name) return field.focus();
    field.value = "";
    this.#change({ ...this.#value, [kind]: [...new Set([...(this.#value[kind] ?? []), name])] });
  }

  #limit(limit, field) {
    const { [limit]: _, ...rest } = this.#value;
    const number = field.value === "" ? null : Number(field.value) * unitOf(limit);
    this.#change(number === null || number < 0 ? rest : { ...rest, [limit]: number });
  }

  #remove(kind, name) {
    const { [kind]: names, ...rest } = this.#value;
    const left = names.filter((one) => one !== name);
    this.#change(left.length ? { ...rest, [kind]: left } : rest);
  }

  #change(value) {
    this.#value = value;
    this.#show();
    this.dispatchEvent(new Event("exclude"));
  }

  #show() {
    const chips = Object.keys(KINDS).flatMap((kind) =>
      (this.#value[kind] ?? []).map((name) =>
        h(
          "span",
          { class: "chip" },
          h("small", {}, KINDS[kind]),
          h("span", { dir: "auto" }, name),
          h(
            "button",
            {
              type: "button",
              "aria-label": t("exclude.allow", { kind: KINDS[kind], name }),
              on: { click: () => this.#remove(kind, name) },
            },
            icon("close"),
          ),
        ),
      ),
    );
    fill(
      this.chips,
      chips.length ? chips : h("span", { class: "muted-text" }, t("exclude.nothing")),
    );
    for (const [limit, field] of this.limits) {
      const value = this.#value[limit];
      field.value =
        value === undefined ? "" : String(Math.round((value / unitOf(limit)) * 100) / 100);
    }
  }
}

customElements.define("exclusion-chips", ExclusionChips);
