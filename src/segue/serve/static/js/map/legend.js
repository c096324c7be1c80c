// Legend of the map's colors; pressing a genre highlights it.

import { fill, h } from "../dom.js";
import { formatCount } from "../format.js";
import { t } from "../i18n.js";

/** Show the legend in `box`; `chosen` is called with the highlighted slot, -1 for none. */
export function showLegend(box, entries, only, chosen) {
  if (!entries.length) {
    const scale = [t("map.lessTaste"), h("i", {}), t("map.moreTaste")];
    return fill(box, h("p", { class: "muted-text affinity-legend" }, scale));
  }
  let now = only;
  const buttons = entries.map(({ name, slot, css, n }) => {
    const swatch = h("span", { class: "swatch", style: { "--color": css } });
    const button = h(
      "button",
      { class: "subtle", type: "button" },
      swatch,
      h("span", { dir: "auto" }, name),
      h("small", {}, formatCount(n)),
    );
    button.addEventListener("click", () => {
      now = now === slot ? -1 : slot;
      press();
      chosen(now);
    });
    return button;
  });
  const press = () => {
    for (const [at, { slot }] of entries.entries())
      buttons[at].setAttribute("aria-pressed", String(slot === now));
  };
  press();
  return fill(box, buttons);
}
