// <why-bar>: the contributions to a score as one bar, with a color for each signal. Positive parts are
// right of the line, negative ones left of it and hatched. All bars of a list share one scale.

import { fill, h } from "../dom.js";
import { colourOf, inOrder, titleOf } from "../signals.js";

const MIN_SHARE = 0.004; // of the scale: smaller parts would not be visible

/** Scale of the bars of a list: `[down, up]`, the largest negative and positive sums. */
export function scaleOf(items) {
  const reach = items.map(({ why = {} }) => sums(why));
  return [
    Math.max(0, ...reach.map(([down]) => down)),
    Math.max(1e-9, ...reach.map(([, up]) => up)),
  ];
}

function sums(why) {
  const values = Object.values(why);
  const total = (sign) => values.reduce((sum, part) => sum + Math.max(0, sign * part), 0);
  return [total(-1), total(1)];
}

/** Contribution as text: +0.48, -0.10 */
export function signed(part) {
  return `${part < 0 ? "−" : "+"}${Math.abs(part).toFixed(2)}`;
}

class WhyBar extends HTMLElement {
  /** Show the contributions by signal, in a scale of `scaleOf`. */
  show(why, [down, up] = scaleOf([{ why }])) {
    const range = down + up;
    const names = inOrder(Object.keys(why)).filter(
      (name) => Math.abs(why[name]) / range > MIN_SHARE,
    );
    const parts = (sign) =>
      names.filter((name) => sign * why[name] > 0).map((name) => part(name, why[name], range));
    const left = h(
      "span",
      { class: "why-side is-down", style: { width: `${(100 * down) / range}%` } },
      parts(-1).reverse(),
    );
    const right = h(
      "span",
      { class: "why-side is-up", style: { width: `${(100 * up) / range}%` } },
      parts(1),
    );
    fill(this, down > MIN_SHARE * range ? left : null, right);
    this.querySelectorAll(".why-part").forEach((one) =>
      fit(one, range, one.parentElement === left ? down : up),
    );
    this.setAttribute("role", "img");
    this.setAttribute(
      "aria-label",
      names.map((name) => `${titleOf(name)} ${signed(why[name])}`).join(", ") || "no parts",
    );
  }
}

function part(name, value, range) {
  const element = h("span", {
    class: "why-part",
    title: `${titleOf(name)} ${signed(value)}`,
    style: { "--colour": colourOf(name) },
  });
  element.share = Math.abs(value) / range;
  return element;
}

function fit(one, range, side) {
  one.style.setProperty("width", `${(100 * one.share * range) / side}%`);
}

customElements.define("why-bar", WhyBar);

/** Legend of the signals that occur in `items`. */
export function legend(items) {
  const names = new Set(
    items.flatMap(({ why = {} }) => Object.keys(why).filter((name) => Math.abs(why[name]) > 1e-6)),
  );
  return h(
    "ul",
    { class: "legend", "aria-label": "Colours of signals" },
    inOrder(names).map((name) => h("li", {}, swatch(name), titleOf(name))),
  );
}

/** Square in the color of a signal. */
export function swatch(name) {
  return h("span", { class: "swatch", style: { "--colour": colourOf(name) } });
}
