// Titles, descriptions and colors of signals, from the API; titles of dials, which are parts of scores too.

import { get } from "./api.js";
import { textOf } from "./i18n.js";

let signals = new Map();

/** Read all signals; until then they are shown by name, in gray. */
export async function loadSignals() {
  const { items } = await get("/signals");
  signals = new Map(items.map((signal) => [signal.name, signal]));
}

/** The title of a signal or dial. */
export function titleOf(name) {
  const known = textOf(`signal.${name}`) ?? signals.get(name)?.title;
  return known ?? name.charAt(0).toUpperCase() + name.slice(1).replaceAll("_", " ");
}

/** The color of a signal, as a CSS value; dials and unknown names share a gray. */
export function colorOf(name) {
  const color = signals.get(name)?.color;
  return color ? `light-dark(${color.light}, ${color.dark})` : "var(--neutral)";
}

/** Names of parts of a score in the order in which bars show them: that of the API, then others. */
export function inOrder(names) {
  const order = [...signals.keys()];
  const place = (name) => order.indexOf(name) + 1 || order.length + 1;
  return [...names].sort((one, other) => place(one) - place(other) || one.localeCompare(other));
}

/** The description of a signal, in a few words. */
export function aboutOf(name) {
  return textOf(`signal.${name}.about`) ?? signals.get(name)?.description ?? "";
}
