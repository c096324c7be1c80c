// Library page: all albums, artists, genres and tracks, with filters; links to lists of the listener.

import { get } from "../api.js";
import { fill, h } from "../dom.js";
import { albumTile, artistTile, genreTile, tileSkeleton } from "../elements/media-tiles.js";
import { pagedGrid, pagedTracks } from "../elements/paged-items.js";
import { t } from "../i18n.js";
import { icon } from "../icons.js";
import { replaceHash } from "../router.js";
import { serverEvents } from "../server-events.js";

const ALBUM_SORTS = /** @type {const} */ ([
  "name",
  "artist",
  "year",
  "added",
  "played",
  "recent",
  "random",
]);
const ARTIST_SORTS = /** @type {const} */ (["name", "played", "tracks"]);
const GENRE_SORTS = /** @type {const} */ (["tracks", "name", "played"]);
const MAX_SEED = 2 ** 31;
const MAX_GENRES = 500;

const TAB_NAMES = /** @type {const} */ (["albums", "artists", "genres", "tracks"]);
const TABS = { albums, artists, genres, tracks };

/** Lists of the listener that have pages of their own. */
const LISTS = /** @type {const} */ ([
  ["liked", "like"],
  ["history", "history"],
  ["on-repeat", "refresh"],
  ["rediscover", "seed"],
]);

export const library = {
  title: t("library.title"),
  async show(main, { heading, query, saved, onLeave }) {
    const name = query.get("tab") in TABS ? query.get("tab") : "albums";
    const view = { query, saved, name };
    const { controls, letters, content, paged } = TABS[name](view);
    fill(
      main,
      h("div", { class: "page-head" }, heading, ownLists()),
      h(
        "div",
        { class: "browse-bar" },
        h("nav", { "aria-label": t("library.title") }, h("ul", { class: "tabs" }, tabs(name))),
        h("div", { class: "browse-controls" }, controls),
      ),
      letters ?? null,
      content,
      paged.foot,
    );
    const reload = () => paged.load();
    serverEvents.addEventListener("library", reload);
    onLeave(() => {
      serverEvents.removeEventListener("library", reload);
      paged.stop();
    });
    await paged.load();
  },
};

function tabs(current) {
  return TAB_NAMES.map((name) =>
    h(
      "li",
      {},
      h(
        "a",
        { href: `#/library?tab=${name}`, "aria-current": name === current ? "page" : null },
        t(`library.${name}`),
      ),
    ),
  );
}

function ownLists() {
  return h(
    "ul",
    { class: "own-lists", "aria-label": t("library.yourLists") },
    LISTS.map(([name, symbol]) =>
      h(
        "li",
        {},
        h(
          "a",
          { class: "button", href: `#/${name}` },
          icon(symbol),
          h("span", {}, t(`lists.${name}`)),
        ),
      ),
    ),
  );
}

function albums({ query, saved, name }) {
  const filter = filterOf(query, name, ["sort", "genre", "decade", "letter", "liked"]);
  const label = t("library.albums");
  const letters = letterBar(filter);
  const decades = h("select", { "aria-label": t("library.year") });
  showDecades(decades, [], filter.values.decade);
  const paged = pagedGrid({
    label,
    saved,
    tileSkeleton,
    make: (album) => albumTile(album),
    empty: t("library.noAlbums"),
    async read(cursor, limit) {
      const { sort = "name", genre, decade, letter, liked } = filter.values;
      saved.seed ??= Math.floor(Math.random() * MAX_SEED);
      const page = await get("/albums", {
        query: {
          ...{ sort, genre, letter, liked, cursor, limit },
          seed: sort === "random" ? saved.seed : undefined,
          from_year: decade,
          to_year: decade && Number(decade) + 9,
        },
      });
      letters.show(page.letters);
      showDecades(decades, page.decades, decade);
      return page;
    },
  });
  filter.onChange(() => {
    saved.seed = undefined;
    paged.restart();
  });
  decades.addEventListener("change", () => filter.set({ decade: decades.value }));
  const genres = genreSelect(filter);
  return {
    controls: [sortSelect(filter, ALBUM_SORTS, "sort"), genres, decades, likedToggle(filter)],
    letters: letters.element,
    content: paged.grid,
    paged,
  };
}

function artists({ query, saved, name }) {
  const filter = filterOf(query, name, ["sort", "letter", "liked"]);
  const letters = letterBar(filter);
  const paged = pagedGrid({
    label: t("library.artists"),
    saved,
    tileSkeleton,
    make: (artist) => artistTile(artist),
    empty: t("library.noArtists"),
    async read(cursor, limit) {
      const { sort = "name", letter, liked } = filter.values;
      const page = await get("/artists", { query: { sort, letter, liked, cursor, limit } });
      letters.show(page.letters);
      return page;
    },
  });
  filter.onChange(() => paged.restart());
  return {
    controls: [sortSelect(filter, ARTIST_SORTS, "sort"), likedToggle(filter)],
    letters: letters.element,
    content: paged.grid,
    paged,
  };
}

function genres({ query, saved, name }) {
  const filter = filterOf(query, name, ["sort"]);
  const paged = pagedGrid({
    label: t("library.genres"),
    saved,
    tileSkeleton,
    make: genreTile,
    empty: t("library.noGenres"),
    read: (cursor, limit) =>
      get("/genres", { query: { sort: filter.values.sort ?? "tracks", cursor, limit } }),
  });
  filter.onChange(() => paged.restart());
  return { controls: [sortSelect(filter, GENRE_SORTS, "sort")], content: paged.grid, paged };
}

function tracks({ query, saved, name }) {
  const filter = filterOf(query, name, ["genre"]);
  const paged = pagedTracks({
    label: t("library.tracks"),
    source: t("library.title"),
    saved,
    limit: 100,
    empty: t("library.noTracks"),
    read: (cursor, limit) =>
      get("/tracks", { query: { genre: filter.values.genre, cursor, limit } }),
  });
  filter.onChange(() => paged.restart());
  return { controls: [genreSelect(filter)], content: paged.list, paged };
}

/** Filter in the address of the page: its values, a setter, and what runs after a change. */
function filterOf(query, tab, names) {
  /** @type {Record<string, string | undefined>} */
  const values = Object.fromEntries(names.map((name) => [name, query.get(name) ?? undefined]));
  /** @type {() => void} */
  let changed = () => {};
  return {
    values,
    onChange(action) {
      changed = action;
    },
    set(more) {
      for (const [name, value] of Object.entries(more)) values[name] = value || undefined;
      const pairs = Object.entries(values).filter(([, value]) => value);
      replaceHash(`#/library?${new URLSearchParams([["tab", tab], ...pairs])}`);
      changed();
    },
  };
}

/**
 * Choice of an order.
 *
 * @param {any} filter
 * @param {readonly (typeof ALBUM_SORTS[number] | typeof ARTIST_SORTS[number])[]} sorts
 * @param {string} name
 */
function sortSelect(filter, sorts, name) {
  const select = h(
    "select",
    { "aria-label": t("library.sort") },
    sorts.map((one) => h("option", { value: one }, t(`sort.${one}`))),
  );
  select.value = filter.values[name] ?? sorts[0];
  select.addEventListener("change", () => filter.set({ [name]: select.value }));
  return select;
}

/** Choice of a genre; its options are loaded after the page. */
function genreSelect(filter) {
  const { genre } = filter.values;
  const option = (name) => h("option", { value: name }, name);
  const all = h("option", { value: "" }, t("library.allGenres"));
  const select = h("select", { "aria-label": t("library.genre") }, all, genre && option(genre));
  select.value = genre ?? "";
  select.addEventListener("change", () => filter.set({ genre: select.value }));
  get("/genres", { query: { sort: "name", limit: MAX_GENRES } })
    .then(({ items }) => {
      const names = items.map((one) => one.name);
      if (genre && !names.includes(genre)) names.unshift(genre);
      const { value } = select;
      fill(select, all, names.map(option));
      select.value = value;
    })
    .catch(() => {}); // the filter then has no options
  return select;
}

function showDecades(select, decades, chosen) {
  if (select.childElementCount > decades.length) return;
  fill(
    select,
    h("option", { value: "" }, t("library.allYears")),
    decades
      .toReversed()
      .map((year) =>
        h("option", { value: String(year) }, t("library.decade", { year: String(year) })),
      ),
  );
  select.value = chosen ?? "";
}

function likedToggle(filter) {
  const button = h(
    "button",
    { type: "button", class: "act-like", "aria-pressed": String(Boolean(filter.values.liked)) },
    icon("like"),
    h("span", {}, t("lists.liked")),
  );
  button.addEventListener("click", () => {
    const liked = !filter.values.liked;
    button.setAttribute("aria-pressed", String(liked));
    filter.set({ liked: liked ? "true" : "" });
  });
  return button;
}

/** Row of first letters; the chosen one filters, a second click shows all again. */
function letterBar(filter) {
  const element = h("div", { class: "letters", role: "group", "aria-label": t("library.letter") });
  return {
    element,
    show(letters) {
      if (element.childElementCount === letters.length) return;
      const { letter: chosen } = filter.values;
      fill(
        element,
        letters.map(({ letter }) => {
          const button = h(
            "button",
            { type: "button", "aria-pressed": String(letter === chosen) },
            letter,
          );
          button.addEventListener("click", () => {
            const value = button.getAttribute("aria-pressed") === "true" ? "" : letter;
            for (const one of element.children)
              one.setAttribute("aria-pressed", String(value !== "" && one === button));
            filter.set({ letter: value });
          });
          return button;
        }),
      );
    },
  };
}
