// Placeholder of a cover: a small bar chart, always the same for the same album or artist.

const SVG = "http://www.w3.org/2000/svg";
const BARS = 7;

/** Return the picture as SVG; its colors come from the style sheet. */
export function cover(track) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 40 40");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", "cover-picture");
  const next = seededRandom(`${track.artist ?? ""}\n${track.album ?? track.track_id}`);
  svg.dataset.tone = String(Math.floor(next() * 4));
  const peak = 1 + next() * (BARS - 2);
  for (let bar = 0; bar < BARS; bar++) {
    const height =
      4 + 19 * Math.exp(-(((bar - peak) / 2.2) ** 2)) * (0.45 + 0.55 * next()) + 4 * next();
    const rect = document.createElementNS(SVG, "rect");
    const place = { x: 7.4 + bar * 3.8, y: 20 - height / 2, width: 2.2, height, rx: 1.1 };
    for (const [name, value] of Object.entries(place)) rect.setAttribute(name, value.toFixed(1));
    svg.append(rect);
  }
  return svg;
}

/** Return a pseudorandom generator seeded by a text (FNV-1a, then xorshift); values from 0 to 1. */
function seededRandom(text) {
  let seed = 2166136261;
  for (const letter of text) seed = Math.imul(seed ^ letter.codePointAt(0), 16777619) >>> 0;
  return () => {
    seed ^= seed << 13;
    seed ^= seed >>> 17;
    seed ^= seed << 5;
    return (seed >>> 0) / 4294967296;
  };
}
