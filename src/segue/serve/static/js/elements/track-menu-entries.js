// Entries of the menu of a track: see `openTrackMenu`.

import { h } from "../dom.js";
import { rate } from "../feedback.js";
import { trackArtist, trackLabel, trackTitle } from "../format.js";
import { t } from "../i18n.js";
import { albumHref, artistHref } from "../links.js";
import { queueTracks } from "../queue-tracks.js";
import { startRadio } from "../radio.js";
import { opinion } from "../store.js";
import { dontLearnFrom, neverPlay } from "../taste-rules.js";
import { cover } from "./cover.js";
import { openMenu } from "./menu.js";
import { playlistEntries } from "./playlist-menu.js";

/**
 * Open the menu of a track at a button; for the options see `openTrackMenu`.
 *
 * @param {Api.Track} track
 * @param {HTMLElement} button
 * @param {import("./track-menu.js").TrackMenuOptions} options
 */
export function showTrackMenu(track, button, { why, extra = [] }) {
  openMenu(button, trackEntries(track, why, extra), {
    label: t("menu.of", { name: trackLabel(track) }),
    head: [
      h("span", { class: "cover" }, cover(track)),
      h(
        "span",
        { class: "names" },
        h("span", { class: "row-title", dir: "auto" }, trackTitle(track)),
        h("span", { class: "row-artist", dir: "auto" }, trackArtist(track)),
      ),
    ],
  });
}

/** @returns {import("./menu.js").MenuEntry[]} */
function trackEntries(track, why, extra) {
  const mine = opinion(track);
  /** @type {(import("./menu.js").MenuEntry | false)[]} */
  const entries = [
    { text: t("menu.playNext"), icon: "next", action: () => queueTracks([track], true) },
    { text: t("menu.queue"), icon: "queue", action: () => queueTracks([track]) },
    {
      text: t("menu.addToPlaylist"),
      icon: "add",
      entries: () => playlistEntries([track], trackTitle(track)),
    },
    null,
    { text: t("menu.radio"), icon: "radio", action: () => startRadio(track) },
    {
      text: t("menu.similar"),
      icon: "seed",
      href: `#/listen?like=${encodeURIComponent(track.track_id)}`,
    },
    ...artistsOf(track).map(({ id, name }, _, all) => ({
      text: all.length > 1 ? t("menu.artistNamed", { name }) : t("menu.artist"),
      icon: "person",
      href: artistHref(id),
    })),
    track.album_id && {
      text: t("menu.album"),
      icon: "album",
      href: albumHref(track.album_id),
    },
    null,
    {
      text: t("menu.like"),
      icon: "like",
      checked: mine === "like",
      action: () => rate(track, "like"),
    },
    {
      text: t("menu.dislike"),
      icon: "dislike",
      checked: mine === "dislike",
      action: () => rate(track, "dislike"),
    },
    why && { text: t("menu.why"), icon: "help", action: why },
    null,
    {
      text: t("menu.neverTrack"),
      icon: "block",
      action: () => neverPlay(track, "track"),
    },
    track.artist && {
      text: t("menu.neverArtist"),
      icon: "block",
      about: track.artist,
      action: () => neverPlay(track, "artist"),
    },
    {
      text: t("menu.dontLearn"),
      icon: "hide",
      action: () => dontLearnFrom(track, "track"),
    },
    ...(extra.length ? [null, ...extra] : []),
  ];
  return entries.filter((entry) => entry === null || Boolean(entry)).map((entry) => entry || null);
}

/** Artists of a track that have a page. */
function artistsOf(track) {
  return (track.artists ?? []).slice(0, 4);
}
