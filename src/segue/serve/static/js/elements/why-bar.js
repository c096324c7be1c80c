// <why-bar>: the contributions to a score as one bar, with a color for each signal. Positive parts are
// right of the line, negative ones left of it and hatched. All bars of a list share one scale. The part
// of the strongest reason is marked, which is not always the longest part: see why-details.js.

import { fill, h } from "../dom.js";
import { t } from "../i18n.js";
import { colorOf, inOrder, titleOf } from "../signals.js";

const MIN_SHARE = 0.004; // of the scale: smaller parts would not be visible

/** Scale of the bars of a list: `[down, up]`, the largest negative and positive sums. */
export function scaleOf(items) {
  const reach = items.map(({ why }) => sums(why ?? {}));
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

/** Whether a bar says something: at least one contribution is positive. */
export function hasBar(why) {
  return Object.values(why ?? {}).some((part) => part > 0.005);
}

/** Contribution as text: +0.48, -0.10 */
export function signed(part) {
  return `${part < 0 ? "−" : "+"}${Math.abs(part).toFixed(2)}`;
}

export class WhyBar extends HTMLElement {
  /** Show the contributions by signal, in a scale of `scaleOf`; the part called `top` is marked. */
  show(why, [down, up] = scaleOf([{ why }]), top = null) {
    const range = down + up;
    const names = inOrder(Object.keys(why)).filter(
      (name) => Math.abs(why[name]) / range > MIN_SHARE,
    );
    const parts = (sign, side) =>
      names
        .filter((name) => sign * why[name] > 0)
        .map((name) => part(name, why[name], side, name === top));
    const left = h(
      "span",
      { class: "why-side is-down", style: { width: `${(100 * down) / range}%` } },
      parts(-1, down).reverse(),
    );
    const right = h(
      "span",
      { class: "why-side is-up", style: { width: `${(100 * up) / range}%` } },
      parts(1, up),
    );
    fill(this, down > MIN_SHARE * range ? left : null, right);
    this.setAttribute("role", "img");
    this.setAttribute(
      "aria-label",
      names
        .map((name) => `${titleOf(name)} ${signed(why[name])}${marked(name === top)}`)
        .join(", ") || t("why.noParts"),
    );
  }
}

function part(name, value, side, isTop) {
  return h("span", {
    class: isTop ? "why-part is-top" : "why-part",
    title: `${titleOf(name)} ${signed(value)}${marked(isTop)}`,
    style: { "--color": colorOf(name), width: `${(100 * Math.abs(value)) / side}%` },
  });
}

function marked(isTop) {
  return isTop ? ` (${t("why.strongest")})` : "";
}

customElements.define("why-bar", WhyBar);

/** Legend of the signals that occur in `items`. */
export function legend(items) {
  const names = new Set(
    items.flatMap(({ why = {} }) => Object.keys(why).filter((name) => Math.abs(why[name]) > 1e-6)),
  );
  return h(
    "ul",
    { class: "legend", "aria-label": t("why.signals") },
    inOrder(names).map((name) => h("li", {}, swatch(name), titleOf(name))),
  );
}

/** Square in the color of a signal. */
export function swatch(name) {
  return h("span", { class: "swatch", style: { "--color": colorOf(name) } });
}
