// Pages of lists of the listener: liked tracks, on repeat, rediscover.

import { get, post, remove } from "../api.js";
import { fill, h } from "../dom.js";
import { collectionHead } from "../elements/collection-head.js";
import { pagedTracks } from "../elements/paged-items.js";
import { t } from "../i18n.js";
import { icon } from "../icons.js";
import { notify, notifyError } from "../notifications.js";
import { store } from "../store.js";
import "../elements/track-list.js";

const MAX_TRACKS = 1000;

export const liked = {
  title: t("lists.liked"),
  async show(main, { heading, saved, onLeave }) {
    const facts = h("span", {}, "\u00a0");
    const paged = pagedTracks({
      label: t("lists.liked"),
      source: t("lists.liked"),
      saved,
      limit: 100,
      empty: t("liked.empty"),
      asItem: ({ track }) => ({ track }),
      async read(cursor, limit) {
        const page = await get("/me/liked", { query: { cursor, limit } });
        fill(facts, t("n.tracks", { n: page.n }));
        return page;
      },
    });
    fill(
      main,
      collectionHead({
        heading,
        picture: symbol("like"),
        facts,
        name: t("lists.liked"),
        tracks: async () => {
          const { items } = await get("/me/liked", { query: { limit: MAX_TRACKS } });
          return items.map((one) => one.track);
        },
      }),
      paged.list,
      paged.foot,
    );
    // a like elsewhere on the page comes to the list; an unliked row stays until the next visit
    const onOpinion = () => paged.list.items.length === 0 && paged.load();
    store.addEventListener("opinion", onOpinion);
    onLeave(() => {
      store.removeEventListener("opinion", onOpinion);
      paged.stop();
    });
    await paged.load();
  },
};

export const onRepeat = rowPage("on-repeat", "refresh");
export const rediscover = rowPage("rediscover", "seed");

/**
 * Page of a row of the Listen page.
 *
 * @param {"on-repeat" | "rediscover"} name
 * @param {string} symbolName
 */
function rowPage(name, symbolName) {
  const title = t(`lists.${name}`);
  return {
    title,
    async show(main, { heading }) {
      const list = /** @type {import("../elements/track-list.js").TrackList} */ (
        h("track-list", { "aria-label": title })
      );
      list.source = title;
      list.proposed = true;
      const { tracks } = await get("/me/home/{row}", { params: { row: name } });
      const save = h(
        "button",
        {
          type: "button",
          disabled: tracks.length === 0,
          on: { click: () => saveAs(title, tracks) },
        },
        icon("save"),
        h("span", {}, t("lists.save")),
      );
      fill(
        main,
        collectionHead({
          heading,
          picture: symbol(symbolName),
          facts: [t(`lists.about.${name}`), " ", t("n.tracks", { n: tracks.length })],
          name: title,
          tracks: () => tracks,
          actions: [save],
        }),
        tracks.length ? list : h("p", { class: "empty" }, t(`lists.empty.${name}`)),
      );
      list.show(
        tracks.map((track) => ({ track })),
        { animate: false },
      );
    },
  };
}

/** Save tracks as a playlist, and offer to undo that. */
async function saveAs(name, tracks) {
  try {
    const { id } = await post("/playlists", { name, tracks: tracks.map((one) => one.track_id) });
    notify(t("lists.saved", { name }), {
      label: t("common.undo"),
      action: () =>
        remove("/playlists/{playlist}", { params: { playlist: id } }).catch(notifyError),
    });
  } catch (error) {
    notifyError(error);
  }
}

/** Picture of a list: a symbol in place of a cover. */
function symbol(name) {
  return h("span", { class: "collection-symbol", "aria-hidden": "true" }, icon(name));
}
