// <now-playing>: the player at the bottom of the page. On phones and tablets it is small, and a tap on
// the track opens the full-screen player.

import { fill, h } from "../dom.js";
import { trackArtist, trackTitle } from "../format.js";
import { t } from "../i18n.js";
import { albumHref, artistLinks } from "../links.js";
import { notifyError } from "../notifications.js";
import { player } from "../player.js";
import { cover } from "./cover.js";
import {
  backButton,
  follow,
  iconButton,
  nextButton,
  opinionButtons,
  playButton,
  rateCurrent,
  repeatButton,
  seekBar,
  settingsButton,
  shuffleButton,
  volumeControls,
} from "./player-controls.js";
import { playerSettings } from "./player-settings.js";

const COVER = 48;

export class NowPlaying extends HTMLElement {
  /** @type {HTMLButtonElement} */
  #panel;
  /** @type {Promise<import("./full-player.js").FullPlayer> | undefined} */
  #full;

  connectedCallback() {
    const tile = h("span", { class: "now-cover" });
    const open = h(
      "button",
      {
        class: "now-open",
        type: "button",
        "aria-haspopup": "dialog",
        "aria-label": t("player.open"),
        title: t("player.open"),
        on: { click: () => this.#withFullPlayer((full) => full.toggle(open)) },
      },
      tile,
    );
    const names = h("span", { class: "names" });
    this.#panel = iconButton("queue", t("queue.title"), () =>
      this.dispatchEvent(new CustomEvent("toggle-panel", { bubbles: true })),
    );
    fill(
      this,
      h("div", { class: "now" }, open, names, h("span", { class: "opinions" }, opinionButtons())),
      h(
        "div",
        { class: "transport" },
        h(
          "div",
          { class: "transport-buttons" },
          shuffleButton(),
          backButton(),
          playButton(),
          nextButton(),
          repeatButton(),
        ),
        seekBar(),
      ),
      h("div", { class: "tools" }, settingsButton(), this.#panel, volumeControls()),
    );
    document.body.append(playerSettings());
    let shown = "";
    follow(["track", "state"], () => {
      const now = `${player.track?.track_id} ${player.isWaiting}`;
      if (shown === now) return; // links keep the focus
      shown = now;
      open.disabled = !player.track;
      fill(tile, player.track && cover(player.track, COVER));
      fill(names, nameParts());
    });
    const restore = (state) =>
      state?.fullPlayer && this.#withFullPlayer((full) => full.restore(open));
    addEventListener("popstate", ({ state }) => restore(state));
    restore(history.state);
  }

  /** Use the full-screen player, which is loaded when it is needed first. */
  #withFullPlayer(action) {
    this.#full ??= import("./full-player.js").then(({ FullPlayer }) => {
      const full = new FullPlayer();
      document.body.append(full);
      return full;
    });
    this.#full.then(action).catch(notifyError);
  }

  /** Whether the queue panel is open. */
  set panelOpen(open) {
    this.#panel.setAttribute("aria-expanded", String(open));
  }

  /** @param {"like" | "dislike"} kind */
  respond(kind) {
    rateCurrent(kind);
  }
}

/** Title and artists of the current track, with links; while it waits for the server, that. */
function nameParts() {
  const { track } = player;
  if (!track) return h("span", { class: "muted-text" }, t("player.nothing"));
  const title = trackTitle(track);
  const artist = trackArtist(track);
  return [
    h(
      "span",
      { dir: "auto", title },
      track.album_id ? h("a", { href: albumHref(track.album_id) }, title) : title,
    ),
    player.isWaiting
      ? h("span", { class: "is-waiting" }, t("player.waiting"))
      : h(
          "span",
          { dir: "auto", title: artist },
          track.artists?.length ? artistLinks(track.artists) : artist,
        ),
  ];
}

customElements.define("now-playing", NowPlaying);
