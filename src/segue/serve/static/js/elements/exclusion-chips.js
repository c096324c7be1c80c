// <exclusion-chips>: edit exclusions: artists, genres, albums, tags, folders, and limits of duration,
// year, energy and mood. It dispatches "exclude" when they change; `value` is the API's Exclusions object.

import { fill, h, onSubmit, uniqueId } from "../dom.js";
import { icon } from "../icons.js";

const KINDS = {
  artists: "Artist",
  genres: "Genre",
  albums: "Album",
  tags: "Tag",
  folders: "Folder",
};
const LIMITS = [
  ["from_year", "From year"],
  ["to_year", "To year"],
  ["min_duration", "Minimum length (minutes)"],
  ["max_duration", "Maximum length (minutes)"],
  ["min_energy", "Energy from (0 calm to 100)"],
  ["max_energy", "Energy to"],
  ["min_valence", "Mood from (0 sad to 100 happy)"],
  ["max_valence", "Mood to"],
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
    this.chips = h("div", { class: "chips", role: "group", "aria-label": "Excluded" });
    this.offered = h("datalist", { id: list });
    const kind = h(
      "select",
      { "aria-label": "Exclude by" },
      Object.entries(KINDS).map(([name, label]) => h("option", { value: name }, label)),
    );
    const name = h("input", {
      type: "text",
      "aria-label": "Name to exclude",
      placeholder: "Name",
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
        h("button", { type: "submit" }, "Exclude"),
      ),
      this.offered,
      h(
        "details",
        {},
        h("summary", {}, "Year, length and mood"),
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
          h("small", {}, KINDS[kind].toLowerCase()),
          name,
          h(
            "button",
            {
              type: "button",
              "aria-label": `Allow ${KINDS[kind].toLowerCase()} ${name} again`,
              on: { click: () => this.#remove(kind, name) },
            },
            icon("close"),
          ),
        ),
      ),
    );
    fill(
      this.chips,
      chips.length ? chips : h("span", { class: "muted-text" }, "Nothing is excluded."),
    );
    for (const [limit, field] of this.limits) {
      const value = this.#value[limit];
      field.value =
        value === undefined ? "" : String(Math.round((value / unitOf(limit)) * 100) / 100);
    }
  }
}

customElements.define("exclusion-chips", ExclusionChips);
