// Tiles of albums, artists and genres: a cover with a link and a play button.

import { playAlbum, playArtist } from "../collections.js";
import { h } from "../dom.js";
import { t } from "../i18n.js";
import { icon } from "../icons.js";
import { albumHref, artistHref, artistLinks, genreHref } from "../links.js";
import { cover } from "./cover.js";

const SIZE = 176;

/** Title of an album, or what is shown for tracks without one. */
export function albumTitle(album) {
  return album.title ?? t("format.unknownAlbum");
}

/** Name of an artist, or what is shown for tracks without one. */
export function artistName(artist) {
  return artist.name ?? t("format.unknownArtist");
}

/** Tile of an album; `about` replaces artist and year. */
export function albumTile(album, about) {
  const title = albumTitle(album);
  const artist = album.artist ? artistLinks([album.artist]) : [t("format.unknownArtist")];
  return tile({
    href: albumHref(album.id),
    picture: cover(album, SIZE),
    title,
    about: about ?? [...artist, album.year ? ` · ${album.year}` : null],
    play: () => playAlbum(album.id),
  });
}

/** Tile of an artist; `about` replaces the number of tracks. */
export function artistTile(artist, about) {
  const name = artistName(artist);
  return tile({
    href: artistHref(artist.id),
    picture: cover(artist, SIZE),
    title: name,
    about: about ?? t("n.tracks", { n: artist.n_tracks }),
    play: () => playArtist(artist.id),
    round: true,
  });
}

/** Tile of a genre, with the cover of one of its albums. */
export function genreTile(genre) {
  return tile({
    href: genreHref(genre.name),
    picture: cover({ id: genre.album ?? genre.name }, SIZE),
    title: genre.name,
    about: t("n.tracks", { n: genre.n_tracks }),
  });
}

/** Place of a tile that is being loaded. */
export function tileSkeleton() {
  return h(
    "li",
    { class: "media-tile is-loading", "aria-hidden": "true" },
    h("span", { class: "media-cover" }),
    h("span", { class: "media-title" }, "\u00a0"),
    h("span", { class: "media-about" }, "\u00a0"),
  );
}

/**
 * Why an artist or album is similar, as a text.
 *
 * @param {"sound" | "listeners" | "tags" | "lyrics" | null} reason
 */
export function similarityText(reason) {
  return reason ? t(`similar.${reason}`) : "";
}

/**
 * @param {{href: string, picture: Element, title: string, about: any, play?: () => void,
 *   round?: boolean}} parts
 */
function tile({ href, picture, title, about, play, round = false }) {
  return h(
    "li",
    { class: round ? "media-tile is-round" : "media-tile" },
    h(
      "a",
      { class: "media-link", href, "aria-label": title },
      h("span", { class: "media-cover" }, picture),
    ),
    play &&
      h(
        "button",
        {
          class: "media-play",
          type: "button",
          "aria-label": t("collection.playNamed", { name: title }),
          on: { click: play },
        },
        icon("play"),
      ),
    h(
      "a",
      { class: "media-title", href, title, dir: "auto", tabindex: "-1", "aria-hidden": "true" },
      title,
    ),
    h("span", { class: "media-about", dir: "auto" }, about),
  );
}
