// <track-picker>: a combobox that searches tracks; chosen tracks are shown as chips. It dispatches
// "change" when the choice changes. The attribute `most` limits how many tracks may be chosen.

import { get } from "../api.js";
import { coalesce, fill, h, onSubmit, uniqueId } from "../dom.js";
import { trackArtist, trackLabel, trackTitle } from "../format.js";
import { t } from "../i18n.js";
import { icon } from "../icons.js";

const MAX_OPTIONS = 8;

export class TrackPicker extends HTMLElement {
  /** @type {HTMLInputElement} */
  field;
  /** @type {HTMLUListElement} */
  options;
  most = 12;
  /** @type {Api.Track[]} */
  #chosen = [];
  /** @type {Api.Track[]} */
  #results = [];
  #active = -1;

  connectedCallback() {
    if (this.field) return;
    this.most = Number(this.getAttribute("most") ?? this.most);
    const list = uniqueId("options");
    this.classList.add("picker");
    this.field = h("input", {
      type: "text",
      role: "combobox",
      autocomplete: "off",
      spellcheck: "false",
      "aria-expanded": "false",
      "aria-controls": list,
      "aria-autocomplete": "list",
      "aria-label": this.getAttribute("label"),
      placeholder: this.getAttribute("placeholder") ?? t("picker.hint"),
    });
    this.options = h("ul", {
      class: "picker-list",
      role: "listbox",
      id: list,
      "aria-label": t("picker.tracks"),
      hidden: true,
    });
    this.chips = h("div", { class: "picked" });
    fill(this, this.field, this.options, this.chips);
    this.field.addEventListener(
      "input",
      coalesce(() => this.#search()),
    );
    this.field.addEventListener("keydown", (event) => this.#onKey(event));
    this.field.addEventListener("blur", () => setTimeout(() => this.#close(), 150));
    this.#showChips();
  }

  get tracks() {
    return this.#chosen;
  }

  get ids() {
    return this.#chosen.map((track) => track.track_id);
  }

  set tracks(tracks) {
    this.#chosen = [...tracks];
    if (this.chips) this.#showChips();
  }

  async #search() {
    const q = this.field.value.trim();
    if (!q) return this.#close();
    try {
      const found = await get("/search", { query: { q, k: MAX_OPTIONS } });
      // ignore the answer if the field was cleared in the meantime
      if (this.field.value.trim()) this.#showResults(found.tracks.map((one) => one.track));
    } catch {
      this.#showResults([]);
    }
  }

  #showResults(tracks) {
    this.#results = tracks;
    this.#active = tracks.length ? 0 : -1;
    fill(
      this.options,
      tracks.length
        ? tracks.map((track, place) =>
            h(
              "li",
              {
                role: "option",
                id: `${this.options.id}-${place}`,
                on: { pointerdown: onSubmit(() => this.#choose(place)) },
              },
              trackTitle(track),
              h("small", {}, trackArtist(track)),
            ),
          )
        : h("li", { class: "muted-text" }, t("listen.noResults")),
    );
    this.options.hidden = false;
    this.field.setAttribute("aria-expanded", "true");
    this.#markActive();
  }

  #markActive() {
    for (const [place, option] of [...this.options.children].entries())
      option.setAttribute("aria-selected", String(place === this.#active));
    const current = this.options.children[this.#active];
    if (current?.id) this.field.setAttribute("aria-activedescendant", current.id);
    current?.scrollIntoView({ block: "nearest" });
  }

  #onKey(event) {
    const steps = { ArrowDown: 1, ArrowUp: -1 };
    if (event.key in steps && this.#results.length) {
      this.#active =
        (this.#active + steps[event.key] + this.#results.length) % this.#results.length;
      this.#markActive();
    } else if (event.key === "Enter" && !this.options.hidden && this.#active >= 0)
      this.#choose(this.#active);
    else if (event.key === "Escape" && !this.options.hidden) this.#close();
    else if (event.key === "Backspace" && !this.field.value && this.#chosen.length)
      this.#remove(this.#chosen.length - 1);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #choose(place) {
    const track = this.#results[place];
    const rest = this.#chosen.filter((one) => one.track_id !== track.track_id);
    this.#setChosen([...rest, track].slice(-this.most));
    this.field.value = "";
    this.#close();
  }

  #remove(place) {
    this.#setChosen(this.#chosen.filter((_, at) => at !== place));
    this.field.focus();
  }

  #setChosen(tracks) {
    this.#chosen = tracks;
    this.#showChips();
    this.dispatchEvent(new Event("change", { bubbles: true }));
  }

  #close() {
    fill(this.options);
    this.options.hidden = true;
    this.#results = [];
    this.field.setAttribute("aria-expanded", "false");
    this.field.removeAttribute("aria-activedescendant");
  }

  #showChips() {
    fill(
      this.chips,
      this.#chosen.map((track, place) =>
        h(
          "span",
          { class: "chip is-own" },
          trackLabel(track),
          h(
            "button",
            {
              type: "button",
              "aria-label": t("picker.remove", { name: trackLabel(track) }),
              on: { click: () => this.#remove(place) },
            },
            icon("close"),
          ),
        ),
      ),
    );
  }
}

customElements.define("track-picker", TrackPicker);
