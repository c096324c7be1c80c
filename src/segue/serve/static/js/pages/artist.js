// Artist page: top tracks, albums, similar artists.

import { get, patch } from "../api.js";
import { artistTracks } from "../collections.js";
import { fill, h } from "../dom.js";
import { collectionHead, likeButton, pageSection } from "../elements/collection-head.js";
import { cover } from "../elements/cover.js";
import { albumTile, artistName, artistTile, similarityText } from "../elements/media-tiles.js";
import { t } from "../i18n.js";
import { genreHref } from "../links.js";
import { player } from "../player.js";
import { addRule } from "../taste-rules.js";
import "../elements/track-list.js";

const COVER = 232;
const SHOWN = 5;

export const artist = {
  title: t("artist.title"),
  async show(main, { heading, query, setTitle }) {
    const params = { artist_id: query.get("id") ?? "" };
    const found = await get("/artists/{artist_id}", { params });
    const name = artistName(found);
    setTitle(name);
    /** @type {Promise<Api.Track[]> | null} */
    let all = null;
    fill(
      main,
      collectionHead({
        kind: t("artist.title"),
        heading,
        picture: cover(found, COVER),
        round: true,
        facts: facts(found),
        name,
        tracks: () => {
          all ??= artistTracks(found);
          return all;
        },
        actions: [
          likeButton({
            name,
            liked: found.liked,
            send: (liked) => patch("/artists/{artist_id}", { liked }, { params }),
          }),
        ],
        menu: () =>
          found.name
            ? [null, { text: t("menu.neverArtist"), icon: "block", action: () => never(found) }]
            : [],
      }),
      h(
        "div",
        { class: "columns" },
        topTracks(t("artist.yourTop"), found.top_tracks, name),
        topTracks(t("artist.popular"), found.popular_tracks, name),
      ),
      albumSection(t("artist.albums"), found.albums),
      albumSection(t("artist.appearsOn"), found.appears_on),
      found.similar.length
        ? pageSection(
            t("artist.similar"),
            h(
              "ul",
              { class: "media-grid" },
              found.similar.map(({ artist: one, reason }) =>
                artistTile(one, similarityText(reason) || null),
              ),
            ),
          )
        : null,
    );
  },
};

function facts(found) {
  const genres = found.genres
    .slice(0, 3)
    .flatMap((name, place) => [
      place ? ", " : null,
      h("a", { href: genreHref(name), dir: "auto" }, name),
    ]);
  return [
    found.n_albums ? t("n.albums", { n: found.n_albums }) : null,
    t("n.tracks", { n: found.n_tracks }),
    found.plays ? t("n.plays", { n: found.plays }) : null,
    genres.length ? genres : null,
  ]
    .filter(Boolean)
    .flatMap((part, place) => [place ? " · " : null, part]);
}

function never({ id, name }) {
  player.dropWhere((track) => track.artists?.some((one) => one.id === id));
  return addRule({ effect: "play", kind: "artist", value: name }, t("rules.neverAdded", { name }));
}

/** The first tracks of a list, and a button that shows the others. */
function topTracks(title, tracks, source) {
  if (!tracks.length) return null;
  const list = /** @type {import("../elements/track-list.js").TrackList} */ (
    h("track-list", { "aria-label": title })
  );
  list.source = source;
  const show = (n) =>
    list.show(
      tracks.slice(0, n).map((track) => ({ track })),
      { animate: false },
    );
  show(SHOWN);
  const more = h("button", { class: "subtle", type: "button" }, t("common.showMore"));
  more.addEventListener("click", () => {
    show(tracks.length);
    more.remove();
  });
  return pageSection(title, [list, tracks.length > SHOWN ? more : null]);
}

function albumSection(title, albums) {
  if (!albums.length) return null;
  return pageSection(
    title,
    h(
      "ul",
      { class: "media-grid" },
      albums.map((album) =>
        albumTile(album, [album.year ? String(album.year) : t("n.tracks", { n: album.n_tracks })]),
      ),
    ),
  );
}
