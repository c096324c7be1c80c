// Genre page: its tracks, albums and artists.

import { get } from "../api.js";
import { fill, h } from "../dom.js";
import { collectionHead, pageSection } from "../elements/collection-head.js";
import { cover } from "../elements/cover.js";
import { albumTile, artistTile } from "../elements/media-tiles.js";
import { t } from "../i18n.js";
import "../elements/track-list.js";

const COVER = 232;
const SHOWN = 10;
const MAX_TRACKS = 1000;

export const genre = {
  title: t("genre.title"),
  async show(main, { heading, query, setTitle }) {
    const params = { name: query.get("name") ?? "" };
    const found = await get("/genres/{name}", { params });
    setTitle(found.name);
    const list = /** @type {import("../elements/track-list.js").TrackList} */ (
      h("track-list", { "aria-label": t("genre.tracks") })
    );
    list.source = found.name;
    const showTracks = (n) =>
      list.show(
        found.tracks.slice(0, n).map((track) => ({ track })),
        { animate: false },
      );
    const more = h("button", { class: "subtle", type: "button" }, t("common.showMore"));
    more.addEventListener("click", () => {
      showTracks(found.tracks.length);
      more.remove();
    });
    fill(
      main,
      collectionHead({
        kind: t("genre.title"),
        heading,
        picture: cover({ id: found.album ?? found.name }, COVER),
        facts: [
          t("n.tracks", { n: found.n_tracks }),
          t("n.albums", { n: found.n_albums }),
          t("n.artists", { n: found.n_artists }),
        ].join(" · "),
        name: found.name,
        tracks: async () => {
          if (found.n_tracks <= found.tracks.length) return found.tracks;
          const query = { genre: found.name, limit: MAX_TRACKS };
          return (await get("/tracks", { query })).items;
        },
      }),
      pageSection(
        t("genre.tracks"),
        [list, found.tracks.length > SHOWN ? more : null],
        allLink("tracks", found.name),
      ),
      found.albums.length
        ? pageSection(
            t("library.albums"),
            h(
              "ul",
              { class: "media-grid" },
              found.albums.map((one) => albumTile(one)),
            ),
            allLink("albums", found.name),
          )
        : null,
      found.artists.length
        ? pageSection(
            t("library.artists"),
            h(
              "ul",
              { class: "media-grid" },
              found.artists.map((one) => artistTile(one)),
            ),
          )
        : null,
    );
    showTracks(SHOWN);
  },
};

function allLink(tab, name) {
  return h(
    "a",
    { href: `#/library?${new URLSearchParams({ tab, genre: name })}` },
    t("common.showAll"),
  );
}
