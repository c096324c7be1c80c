// <weight-slider>: a slider with marks, such as the learned value. It dispatches "input" while it is
// dragged and "change" when it is released; `value` holds the number.

import { fill, h, uniqueId } from "../dom.js";

export class WeightSlider extends HTMLElement {
  /** @type {HTMLInputElement} */
  input;
  /** @type {HTMLOutputElement} */
  output;
  low = 0;
  high = 1;
  /** @type {(value: number) => string} */
  format = String;

  /**
   * Build the slider.
   *
   * `ends` are the names of both ends, `marks` are `{at, label}`, `color` is a CSS color, `lead` an
   * element before the label; `format` turns the value into text.
   *
   * @param {{
   *   label: string, about?: string, low?: number, high?: number, value: number,
   *   ends?: string[] | null, marks?: {at: number, label: string, kind?: string}[],
   *   color?: string | null, format?: (value: number) => string, lead?: Element | null,
   * }} options
   */
  setUp({
    label,
    about = "",
    low = 0,
    high = 1,
    value,
    ends = null,
    marks = [],
    color = null,
    format = String,
    lead = null,
  }) {
    const id = uniqueId("slider");
    Object.assign(this, { low, high, format });
    this.input = h("input", {
      type: "range",
      id,
      min: low,
      max: high,
      step: (high - low) / 100,
      "aria-describedby": about ? `${id}-about` : null,
    });
    this.input.value = String(value);
    this.output = h("output", { for: id });
    if (color) this.style.setProperty("--slider", color);
    this.input.addEventListener("input", () => this.#show());
    fill(
      this,
      h("label", { for: id }, lead, label),
      this.output,
      h(
        "span",
        { class: "slide" },
        this.input,
        marks.map((mark) =>
          h("i", {
            class: mark.kind ? `mark is-${mark.kind}` : "mark",
            title: mark.label,
            style: { "--at": String((mark.at - low) / (high - low)) },
          }),
        ),
      ),
      ends
        ? h(
            "span",
            { class: "ends", "aria-hidden": "true" },
            h("span", {}, ends[0]),
            h("span", {}, ends[1]),
          )
        : null,
      about ? h("small", { id: `${id}-about`, class: "slider-about" }, about) : null,
    );
    this.#show();
    return this;
  }

  get value() {
    return Number(this.input.value);
  }

  set value(value) {
    this.input.value = String(value);
    this.#show();
  }

  /** Show a text in place of the value, such as the share of a weight. */
  showText(text) {
    fill(this.output, text);
  }

  #show() {
    const text = this.format(this.value);
    this.input.style.setProperty(
      "--fill",
      `${(100 * (this.value - this.low)) / (this.high - this.low)}%`,
    );
    this.input.setAttribute("aria-valuetext", text);
    fill(this.output, text);
  }
}

customElements.define("weight-slider", WeightSlider);
