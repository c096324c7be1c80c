// Head of the page of an artist, album, genre or list: cover, title, facts, and what to do with it.

import { playRadio, playTracks } from "../collections.js";
import { h } from "../dom.js";
import { t } from "../i18n.js";
import { icon } from "../icons.js";
import { notifyError } from "../notifications.js";
import { queueTracks } from "../queue-tracks.js";
import { openMenu } from "./menu.js";
import { openPlaylistMenu } from "./playlist-menu.js";

/**
 * Return the head of a collection.
 *
 * @param {{
 *   kind?: string, heading: Element, picture?: Element | null, round?: boolean, facts?: any,
 *   name: string, tracks: () => Promise<Api.Track[]> | Api.Track[], actions?: any[],
 *   menu?: () => import("./menu.js").MenuEntry[], radio?: boolean,
 * }} parts `tracks` returns what is played; `menu` more entries of the menu
 */
export function collectionHead({
  kind,
  heading,
  picture,
  round = false,
  facts,
  name,
  tracks,
  actions = [],
  menu = () => [],
  radio = true,
}) {
  const run = (action) => async () => {
    try {
      await action(await tracks());
    } catch (error) {
      notifyError(error);
    }
  };
  const button = (text, symbol, action, primary = false) =>
    h(
      "button",
      { type: "button", class: primary ? "primary" : null, on: { click: run(action) } },
      icon(symbol),
      h("span", {}, text),
    );
  const more = h(
    "button",
    {
      class: "icon-button",
      type: "button",
      "aria-label": t("menu.of", { name }),
      title: t("menu.more"),
      "aria-haspopup": "menu",
    },
    icon("ellipsis"),
  );
  more.addEventListener("click", () =>
    openMenu(
      more,
      [
        { text: t("menu.playNext"), icon: "next", action: run((all) => queueTracks(all, true)) },
        { text: t("menu.queue"), icon: "queue", action: run((all) => queueTracks(all)) },
        {
          text: t("menu.addToPlaylist"),
          icon: "add",
          action: run((all) => openPlaylistMenu(all, more)),
        },
        ...menu(),
      ],
      { label: t("menu.of", { name }) },
    ),
  );
  return h(
    "header",
    { class: "collection-head" },
    picture
      ? h("div", { class: round ? "collection-cover is-round" : "collection-cover" }, picture)
      : null,
    h(
      "div",
      { class: "collection-about" },
      kind ? h("p", { class: "collection-kind" }, kind) : null,
      heading,
      facts ? h("p", { class: "collection-facts" }, facts) : null,
      h(
        "div",
        { class: "collection-actions" },
        button(t("collection.play"), "play", (all) => playTracks(all, name), true),
        button(t("collection.shuffle"), "shuffle", (all) =>
          playTracks(all, name, { shuffle: true }),
        ),
        radio ? button(t("collection.radio"), "radio", (all) => playRadio(all, name)) : null,
        ...actions,
        more,
      ),
    ),
  );
}

/**
 * Button that likes an artist or album; `send(liked)` stores it.
 *
 * @param {{name: string, liked: boolean, send: (liked: boolean) => Promise<unknown>}} options
 */
export function likeButton({ name, liked, send }) {
  const button = h("button", { class: "icon-button act-like", type: "button" }, icon("like"));
  let now = liked;
  const show = () => {
    button.setAttribute("aria-pressed", String(now));
    button.setAttribute("aria-label", t("collection.likeNamed", { name }));
    button.title = t("menu.like");
  };
  button.addEventListener("click", async () => {
    now = !now;
    show();
    try {
      await send(now);
    } catch (error) {
      now = !now;
      show();
      notifyError(error);
    }
  });
  show();
  return button;
}

/** Section of a page with a heading and a link to more of it. */
export function pageSection(title, content, link) {
  return h(
    "section",
    { class: "page-section" },
    h("div", { class: "between" }, h("h2", {}, title), link ?? null),
    content,
  );
}
