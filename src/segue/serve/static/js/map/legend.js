// The key to the colours of the map; a genre that is pressed stands out.

import { fill, h } from "../dom.js";
import { count } from "../format.js";

/** Show the key in `box`; `chosen` is told the slot that stands out, -1 for none. */
export function showKey(box, key, only, chosen) {
  if (!key.length) {
    const scale = ["fits less", h("i", {}), "fits your taste more"];
    return fill(box, h("p", { class: "quiet-text affinity-key" }, scale));
  }
  let now = only;
  const buttons = key.map(({ name, slot, css, n }) => {
    const swatch = h("span", { class: "swatch", style: { "--colour": css } });
    const button = h(
      "button",
      { class: "quiet", type: "button" },
      swatch,
      name,
      h("small", {}, count(n)),
    );
    button.addEventListener("click", () => {
      now = now === slot ? -1 : slot;
      press();
      chosen(now);
    });
    return button;
  });
  const press = () =>
    key.forEach(({ slot }, at) => buttons[at].setAttribute("aria-pressed", String(slot === now)));
  press();
  return fill(box, buttons);
}
