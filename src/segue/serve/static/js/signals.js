// Signals and dials as the page names and colours them. Colours are in css/tokens.css, one a signal,
// chosen so that people with any colour vision can tell them apart in both themes.

const TITLES = {
  timbre: "Timbre",
  temporal: "Movement",
  knn: "Neighbours",
  metadata: "Metadata",
  tags: "Tags",
  lyrics: "Lyrics",
  collaborative: "Listeners alike",
  sequence: "What comes next",
  friends: "Friends",
  popularity: "Popularity",
  recency: "Recency",
  diversity: "Diversity",
  calibration: "Own mix of genres",
  randomness: "Randomness",
  max_known_share: "Known tracks",
};

const COLOURED = new Set([
  "timbre",
  "temporal",
  "knn",
  "metadata",
  "tags",
  "lyrics",
  "collaborative",
  "sequence",
  "friends",
  "popularity",
  "recency",
]);

const ORDER = [...COLOURED];

/** What a signal or dial is called. */
export function titleOf(name) {
  return TITLES[name] ?? name.charAt(0).toUpperCase() + name.slice(1).replaceAll("_", " ");
}

/** The colour of a signal, as a CSS value; dials and others share a grey. */
export function colourOf(name) {
  return COLOURED.has(name) ? `var(--signal-${name})` : "var(--signal-other)";
}

/** Parts of a score in the order in which bars show them: always the same. */
export function inOrder(names) {
  const place = (name) => ORDER.indexOf(name) + 1 || ORDER.length + 1;
  return [...names].sort((one, other) => place(one) - place(other) || one.localeCompare(other));
}

/** What a signal goes by, in a few words. */
export function aboutOf(name, me) {
  return me?.signals?.find((signal) => signal.name === name)?.about ?? "";
}
