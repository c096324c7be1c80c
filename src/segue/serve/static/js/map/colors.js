// Colors of the map: by groups of genres, which the server makes, or by affinity.

import { t } from "../i18n.js";

// any two of the first ten differ by at least 0.1 in OKLab for normal, protan and deutan vision, in
// either theme, all of them by at least 0.068
const GENRE_COLORS = [
  "light-dark(#4d56ba, #516ada)",
  "light-dark(#d9b247, #c2b606)",
  "light-dark(#dc6faf, #f4a0ac)",
  "light-dark(#839233, #c1f187)",
  "light-dark(#71acfd, #7099de)",
  "light-dark(#640070, #b43194)",
  "light-dark(#5e7e68, #78907c)",
  "light-dark(#5b5b0f, #b8830a)",
  "light-dark(#646ff7, #95bdfd)",
  "light-dark(#7f3d6e, #ffd9fc)",
  "light-dark(#5a2d2d, #784b00)",
  "light-dark(#1e2da5, #96692d)",
  "light-dark(#69d296, #b4a569)",
  "light-dark(#4bd2e1, #e1d200)",
  "light-dark(#697800, #e169b4)",
  "light-dark(#96a578, #4b87ff)",
  "light-dark(#696996, #871e87)",
  "light-dark(#3c96e1, #ffc3c3)",
  "light-dark(#5a9687, #3c4bc3)",
  "light-dark(#7869c3, #d2c378)",
];
const STEPS = 16;

/** Resolve CSS colors in the current theme to RGB, three numbers from 0 to 1. */
function resolve(colors) {
  const probe = /** @type {CanvasRenderingContext2D} */ (
    document.createElement("canvas").getContext("2d", { willReadFrequently: true })
  );
  const element = document.createElement("span");
  element.style.setProperty("forced-color-adjust", "none");
  document.body.append(element);
  const found = colors.map((css) => {
    element.style.setProperty("color", css);
    probe.fillStyle = getComputedStyle(element).color;
    probe.fillRect(0, 0, 1, 1);
    return [...probe.getImageData(0, 0, 1, 1).data.slice(0, 3)].map((part) => part / 255);
  });
  element.remove();
  return found;
}

/**
 * Color by the numbers of groups, whose `names` are sorted by size: `{slots, palette, key}`; the key
 * is `[{name, slot, css, n, isOther}]`. The last slot is for all other tracks.
 */
export function byGenre(groups, names) {
  const rest = Math.min(names.length, GENRE_COLORS.length);
  const slots = new Uint8Array(groups.length);
  const counts = new Uint32Array(rest + 1);
  for (let at = 0; at < slots.length; at++) {
    const slot = Math.min(groups[at], rest);
    slots[at] = slot;
    counts[slot]++;
  }
  const css = [...GENRE_COLORS.slice(0, rest), "var(--neutral)"];
  const key = css
    .map((color, slot) => ({
      name: slot === rest ? t("map.otherGenres") : names[slot],
      slot,
      css: color,
      n: counts[slot],
      isOther: slot === rest,
    }))
    .filter(({ n }) => n);
  return { slots, palette: resolve(css), key };
}

/** Color by the affinity of all tracks, from 0 to 255: from gray to the accent color. */
export function byAffinity(ids, affinity) {
  const slots = new Uint8Array(ids.length);
  for (let at = 0; at < slots.length; at++) slots[at] = (affinity[ids[at]] * STEPS) >> 8;
  const [low, high] = resolve(["var(--neutral)", "var(--accent)"]);
  const palette = Array.from({ length: STEPS }, (_, step) =>
    low.map((part, at) => part + ((high[at] - part) * step) / (STEPS - 1)),
  );
  return { slots, palette, key: [] };
}

/** Centers of genres, `[{name, x, y}]` from 0 to 1: medians, which outliers do not move. */
export function genreCenters(points, slots, key) {
  return key
    .filter(({ isOther }) => !isOther)
    .map(({ name, slot }) => {
      /** @type {number[][]} */
      const [xs, ys] = [[], []];
      const step = Math.max(1, Math.floor(slots.length / 20_000));
      for (let place = 0; place < slots.length; place += step) {
        if (slots[place] !== slot) continue;
        xs.push(points[2 * place]);
        ys.push(points[2 * place + 1]);
      }
      const median = (values) => Uint16Array.from(values).sort()[values.length >> 1] / 65535;
      return { name, slot, x: median(xs), y: median(ys) };
    });
}
