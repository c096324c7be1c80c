// <weight-slider>: one number to turn, with a mark where it was learned. "input" while it is dragged,
// "change" when it is let go; `value` holds it.

import { fill, h, newId } from "../dom.js";

class WeightSlider extends HTMLElement {
  /**
   * Build it.
   *
   * `label`, `about`; `low`, `high`, `value`; `ends` names both ends, `marks` are `{at, label}`,
   * `colour` a CSS value, `says` turns the value into words.
   */
  setUp({
    label,
    about = "",
    low = 0,
    high = 1,
    value,
    ends = null,
    marks = [],
    colour = null,
    says = String,
    lead = null,
  }) {
    const id = newId("slider");
    Object.assign(this, { low, high, says });
    this.input = h("input", {
      type: "range",
      id,
      min: low,
      max: high,
      step: (high - low) / 100,
      "aria-describedby": about ? `${id}-about` : null,
    });
    this.input.value = value;
    this.output = h("output", { for: id });
    if (colour) this.style.setProperty("--slider", colour);
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
    this.input.value = value;
    this.#show();
  }

  /** Write something else beside it, as the share that a weight comes to. */
  tell(text) {
    fill(this.output, text);
  }

  #show() {
    const text = this.says(this.value);
    this.input.style.setProperty(
      "--fill",
      `${(100 * (this.value - this.low)) / (this.high - this.low)}%`,
    );
    this.input.setAttribute("aria-valuetext", text);
    fill(this.output, text);
  }
}

customElements.define("weight-slider", WeightSlider);
