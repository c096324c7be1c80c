// <track-picker>: choose tracks by typing: a combobox over the search, with what is chosen as chips.
// It sends "change" when the choice is another. `most` limits how many may be chosen.

import { get } from "../api.js";
import { fill, h, latest, newId } from "../dom.js";
import { artist, named, title } from "../format.js";
import { icon } from "../icons.js";

const OFFERED = 8;

class TrackPicker extends HTMLElement {
  #chosen = [];
  #offered = [];
  #at = -1;

  connectedCallback() {
    if (this.field) return;
    this.most = Number(this.getAttribute("most") ?? 12);
    const list = newId("options");
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
      placeholder: this.getAttribute("placeholder") ?? "Title or artist",
    });
    this.options = h("ul", {
      class: "picker-list",
      role: "listbox",
      id: list,
      "aria-label": "Tracks",
      hidden: true,
    });
    this.chips = h("div", { class: "picked" });
    fill(this, this.field, this.options, this.chips);
    this.field.addEventListener(
      "input",
      latest(() => this.#find()),
    );
    this.field.addEventListener("keydown", (event) => this.#key(event));
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

  async #find() {
    const q = this.field.value.trim();
    if (!q) return this.#close();
    try {
      const found = await get("/search", { q, k: OFFERED });
      // what was chosen or let go meanwhile is not offered again
      if (this.field.value.trim()) this.#offer(found.tracks.map((one) => one.track));
    } catch {
      this.#offer([]);
    }
  }

  #offer(tracks) {
    this.#offered = tracks;
    this.#at = tracks.length ? 0 : -1;
    fill(
      this.options,
      tracks.length
        ? tracks.map((track, place) =>
            h(
              "li",
              {
                role: "option",
                id: `${this.options.id}-${place}`,
                on: { pointerdown: (event) => (event.preventDefault(), this.#choose(place)) },
              },
              title(track),
              h("small", {}, artist(track)),
            ),
          )
        : h("li", { class: "quiet-text" }, "No track is called that"),
    );
    this.options.hidden = false;
    this.field.setAttribute("aria-expanded", "true");
    this.#mark();
  }

  #mark() {
    [...this.options.children].forEach((option, place) =>
      option.setAttribute("aria-selected", String(place === this.#at)),
    );
    const current = this.options.children[this.#at];
    if (current?.id) this.field.setAttribute("aria-activedescendant", current.id);
    current?.scrollIntoView({ block: "nearest" });
  }

  #key(event) {
    const steps = { ArrowDown: 1, ArrowUp: -1 };
    if (event.key in steps && this.#offered.length) {
      this.#at = (this.#at + steps[event.key] + this.#offered.length) % this.#offered.length;
      this.#mark();
    } else if (event.key === "Enter" && !this.options.hidden && this.#at >= 0)
      this.#choose(this.#at);
    else if (event.key === "Escape" && !this.options.hidden) this.#close();
    else if (event.key === "Backspace" && !this.field.value && this.#chosen.length)
      this.#drop(this.#chosen.length - 1);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #choose(place) {
    const track = this.#offered[place];
    const rest = this.#chosen.filter((one) => one.track_id !== track.track_id);
    this.#changed([...rest, track].slice(-this.most));
    this.field.value = "";
    this.#close();
  }

  #drop(place) {
    this.#changed(this.#chosen.filter((_, at) => at !== place));
    this.field.focus();
  }

  #changed(tracks) {
    this.#chosen = tracks;
    this.#showChips();
    this.dispatchEvent(new Event("change", { bubbles: true }));
  }

  #close() {
    fill(this.options);
    this.options.hidden = true;
    this.#offered = [];
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
          named(track),
          h(
            "button",
            {
              type: "button",
              "aria-label": `Remove ${named(track)}`,
              on: { click: () => this.#drop(place) },
            },
            icon("close"),
          ),
        ),
      ),
    );
  }
}

customElements.define("track-picker", TrackPicker);
