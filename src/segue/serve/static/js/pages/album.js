// Album page: cover, facts, tracks by disc and number, similar albums.

import { get, patch } from "../api.js";
import { playTracks } from "../collections.js";
import { fill, h } from "../dom.js";
import { collectionHead, likeButton, pageSection } from "../elements/collection-head.js";
import { cover } from "../elements/cover.js";
import { albumTile, albumTitle, similarityText } from "../elements/media-tiles.js";
import { spokenDuration } from "../format.js";
import { t } from "../i18n.js";
import { artistLinks, genreHref } from "../links.js";
import { neverPlay } from "../taste-rules.js";
import "../elements/track-list.js";

const COVER = 232;

export const album = {
  title: t("album.title"),
  async show(main, { heading, query, setTitle }) {
    const params = { album_id: query.get("id") ?? "" };
    const found = await get("/albums/{album_id}", { params });
    const title = albumTitle(found);
    const tracks = found.tracks.map((one) => one.track);
    setTitle(title);
    const view = h("div", { class: "album-tracks" }, discs(found.tracks, title));
    // rows of all discs play on into the next disc
    view.addEventListener(
      "play-row",
      (event) => {
        event.stopPropagation();
        playTracks(tracks, title, { first: event.detail });
      },
      true,
    );
    fill(
      main,
      collectionHead({
        kind: t("album.title"),
        heading,
        picture: cover(found, COVER),
        facts: facts(found),
        name: title,
        tracks: () => tracks,
        actions: [
          likeButton({
            name: title,
            liked: found.liked,
            send: (liked) => patch("/albums/{album_id}", { liked }, { params }),
          }),
        ],
        menu: () =>
          found.title && tracks.length
            ? [
                null,
                {
                  text: t("album.never"),
                  icon: "block",
                  action: () => neverPlay(tracks[0], "album"),
                },
              ]
            : [],
      }),
      view,
      found.similar.length
        ? pageSection(
            t("album.similar"),
            h(
              "ul",
              { class: "media-grid" },
              found.similar.map(({ album: one, reason }) =>
                albumTile(one, [
                  one.artist ? artistLinks([one.artist]) : null,
                  reason ? h("small", {}, similarityText(reason)) : null,
                ]),
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
    found.artist ? artistLinks([found.artist]) : t("format.unknownArtist"),
    found.year ? String(found.year) : null,
    genres.length ? genres : null,
    t("n.tracks", { n: found.n_tracks }),
    found.duration ? roundedDuration(found.duration) : null,
    found.plays ? t("n.plays", { n: found.plays }) : null,
  ]
    .filter(Boolean)
    .flatMap((part, place) => [place ? " · " : null, part]);
}

/** Seconds in whole minutes, as for albums. */
export function roundedDuration(seconds) {
  return seconds < 60
    ? spokenDuration(seconds)
    : t("format.minutes", { n: Math.round(seconds / 60) });
}

/** One list of tracks for each disc; the numbers of the tracks stand in place of their covers. */
function discs(tracks, title) {
  const numbers = [...new Set(tracks.map((one) => one.disc))];
  return numbers.flatMap((disc) => {
    const own = tracks.filter((one) => one.disc === disc);
    const name = t("album.disc", { n: disc });
    const list = /** @type {import("../elements/track-list.js").TrackList} */ (
      h("track-list", { "aria-label": numbers.length > 1 ? `${title}, ${name}` : title })
    );
    list.source = title;
    list.show(
      own.map(({ track }) => ({ track })),
      { animate: false },
    );
    for (const row of list.querySelectorAll("track-row")) {
      const place = own.findIndex(({ track }) => track.track_id === row.track.track_id);
      const number = own[place]?.number || place + 1;
      row.querySelector(".cover")?.setAttribute("data-number", String(number));
    }
    return [numbers.length > 1 ? h("h2", { class: "disc-name" }, name) : null, list];
  });
}
