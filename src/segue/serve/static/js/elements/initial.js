// Avatar of a listener.

import { h } from "../dom.js";

/** The first letter of the name. */
export function initial(name) {
  return h(
    "span",
    { class: "initial", "aria-hidden": "true" },
    ([...name.replace(/^simulated-/, "")][0] ?? "?").toUpperCase(),
  );
}
