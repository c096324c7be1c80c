// Colors of the map: by genre, where the most frequent genres have their own, or by affinity.

// any two differ by at least 0.1 in OKLab for normal, protan and deutan vision, in either theme
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
];
const STEPS = 16;
const NONE = 65535;

/** Resolve CSS colors in the current theme to RGB, three numbers from 0 to 1. */
function resolve(colors) {
  const probe = /** @type {CanvasRenderingContext2D} */ (
    document.createElement("canvas").getContext("2d", { willReadFrequently: true })
  );
  const element = document.createElement("span");
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

/** Color by genre: `{slots, palette, key: [{name, slot, css, n}]}`; the last slot is for all other genres. */
export function byGenre(genres, names) {
  const counts = new Uint32Array(NONE + 1);
  for (const genre of genres) counts[genre]++;
  const most = names
    .map((_, genre) => [genre, counts[genre]])
    .filter(([, n]) => n)
    .sort((one, other) => other[1] - one[1])
    .slice(0, GENRE_COLORS.length);
  const rest = most.length;
  const slotOf = new Uint8Array(NONE + 1).fill(rest);
  for (const [slot, [genre]] of most.entries()) slotOf[genre] = slot;
  const slots = new Uint8Array(genres.length);
  for (let at = 0; at < slots.length; at++) slots[at] = slotOf[genres[at]];
  const css = [...GENRE_COLORS.slice(0, rest), "var(--neutral)"];
  const others = genres.length - most.reduce((sum, [, n]) => sum + n, 0);
  const key = most.map(([genre, n], slot) => ({
    name: names[genre] ?? "",
    slot,
    css: css[slot],
    n,
  }));
  if (others) key.push({ name: "others", slot: rest, css: css[rest], n: others });
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
    .filter(({ name }) => name !== "others")
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
