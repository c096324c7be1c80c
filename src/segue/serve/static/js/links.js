// Links to the pages of artists, albums and genres.

import { h } from "./dom.js";
import { trackArtist } from "./format.js";

/** Address of the page of an artist. */
export function artistHref(id) {
  return `#/artist?${new URLSearchParams({ id })}`;
}

/** Address of the page of an album. */
export function albumHref(id) {
  return `#/album?${new URLSearchParams({ id })}`;
}

/** Address of the page of a genre. */
export function genreHref(name) {
  return `#/genre?${new URLSearchParams({ name })}`;
}

/** Links to artists `{id, name}`, separated by commas. */
export function artistLinks(artists) {
  return artists.flatMap(({ id, name }, place) => [
    place ? ", " : null,
    h("a", { href: artistHref(id), dir: "auto" }, name),
  ]);
}

/** Links to the artists and the album of a track; plain text where it has no ids. */
export function trackLinks(track) {
  const artists = track.artists?.length ? artistLinks(track.artists) : [trackArtist(track)];
  if (!track.album) return artists;
  const album = track.album_id
    ? h("a", { href: albumHref(track.album_id), dir: "auto" }, track.album)
    : track.album;
  return [...artists, " · ", album];
}
