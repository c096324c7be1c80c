// <full-player>: the player on the whole screen, with a large cover, lyrics and the queue.
//
// It is an entry of the browser's history, so that going back closes it. The rest of the page is inert
// meanwhile, except notifications.

import { fill, h } from "../dom.js";
import { trackArtist, trackTitle } from "../format.js";
import { t } from "../i18n.js";
import { albumHref, artistLinks } from "../links.js";
import { player } from "../player.js";
import { cover } from "./cover.js";
import { LyricsView } from "./lyrics-view.js";
import {
  backButton,
  follow,
  iconButton,
  nextButton,
  opinionButtons,
  playButton,
  repeatButton,
  seekBar,
  settingsButton,
  shuffleButton,
  volumeControls,
} from "./player-controls.js";
import { QueueList, queueActions } from "./queue-list.js";
import { openTrackMenu } from "./track-menu.js";

const COVER = 640;
const CLOSE_PIXELS = 110; // of a swipe down
const CLOSE_SPEED = 0.6; // pixels in a millisecond

/** @typedef {"cover" | "lyrics" | "queue"} View */

export class FullPlayer extends HTMLElement {
  #lyrics = new LyricsView();
  #queue = new QueueList();
  /** @type {View} */
  #view = "cover";
  /** @type {HTMLElement | null} */
  #opener = null;
  #shown = ""; // id of the track
  #closing = false;
  #art = h("div", { class: "full-art" });
  #names = h("div", { class: "full-names" });
  #source = h("span", { class: "full-source", dir: "auto" });
  #close = iconButton("more", t("player.close"), () => this.#goBack());
  #menu = iconButton("ellipsis", t("player.more"), () => {
    if (player.track) openTrackMenu(player.track, this.#menu);
  });
  #tabs = {
    lyrics: this.#tab("lyrics", t("lyrics.title")),
    queue: this.#tab("queue", t("queue.title")),
  };
  #side = h("div", { class: "full-side" });

  connectedCallback() {
    if (this.firstChild) return;
    this.hidden = true;
    for (const [name, value] of Object.entries({
      role: "dialog",
      "aria-modal": "true",
      "aria-label": t("player.label"),
      tabindex: "-1",
    }))
      this.setAttribute(name, value);
    const top = h("div", { class: "full-top" }, this.#close, this.#source, this.#menu);
    fill(
      this,
      top,
      h("div", { class: "full-stage" }, this.#art, this.#side),
      h(
        "div",
        { class: "full-foot" },
        h(
          "div",
          { class: "full-track" },
          this.#names,
          h("span", { class: "opinions" }, opinionButtons()),
        ),
        seekBar(),
        h(
          "div",
          { class: "transport-buttons" },
          shuffleButton(),
          backButton(),
          playButton(),
          nextButton(),
          repeatButton(),
        ),
        h(
          "div",
          { class: "full-tools" },
          this.#tabs.lyrics,
          h("span", { class: "full-volume" }, volumeControls()),
          settingsButton(),
          this.#tabs.queue,
        ),
      ),
    );
    follow(["track", "state"], () => this.#showTrack());
    this.addEventListener("keydown", (event) => {
      const used = event.defaultPrevented || document.querySelector(":popover-open, dialog[open]");
      if (event.key === "Escape" && !used) this.#goBack();
    });
    for (const part of [top, this.#art]) this.#closeBySwipe(part);
    addEventListener("popstate", ({ state }) => {
      if (state?.fullPlayer) this.#show();
      else this.#hide();
    });
  }

  /** Open or close the player; the focus returns to `opener` when it is closed. */
  toggle(opener) {
    if (!this.hidden) return this.#goBack();
    if (!player.track) return;
    this.#opener = opener;
    history.pushState({ ...history.state, fullPlayer: true }, "");
    this.#show();
  }

  /** Open the player again where it was open before a reload of the page. */
  restore(opener) {
    this.#opener = opener;
    const reopen = () => {
      if (history.state?.fullPlayer && player.track) this.#show();
    };
    if (player.track) reopen();
    else player.addEventListener("track", reopen, { once: true });
  }

  #show() {
    if (!player.track || !this.hidden) return;
    this.hidden = false;
    this.#setInert(true);
    this.#showTrack();
    this.#close.focus({ preventScroll: true });
  }

  #hide() {
    if (this.hidden) return;
    this.hidden = true;
    this.#closing = false;
    this.#setInert(false);
    this.#opener?.focus({ preventScroll: true });
  }

  #setInert(inert) {
    /** @type {NodeListOf<HTMLElement>} */
    const others = document.querySelectorAll("body > :is(header, main, aside, now-playing)");
    for (const part of others) part.inert = inert;
  }

  #goBack() {
    if (!this.#closing) history.back();
    this.#closing = true;
  }

  #showTrack() {
    const { track } = player;
    if (this.hidden) return;
    if (!track) return this.#goBack();
    const waiting = player.isWaiting ? t("player.waiting") : "";
    fill(
      this.#source,
      waiting || (player.source && t("player.playingFrom", { name: player.source })),
    );
    if (this.#shown === track.track_id) return; // links keep the focus
    this.#shown = track.track_id;
    fill(this.#art, cover(track, COVER));
    const title = trackTitle(track);
    fill(
      this.#names,
      h(
        "h2",
        { dir: "auto", title },
        track.album_id ? h("a", { href: albumHref(track.album_id) }, title) : title,
      ),
      h(
        "p",
        { dir: "auto", title: trackArtist(track) },
        track.artists?.length ? artistLinks(track.artists) : trackArtist(track),
      ),
    );
    this.#lyrics.show(track).then(() => this.#showLyricsTab());
  }

  #showLyricsTab() {
    const { lyrics } = this.#tabs;
    lyrics.disabled = this.#lyrics.isEmpty && this.#view !== "lyrics";
    lyrics.title = lyrics.disabled ? t("lyrics.none") : t("lyrics.title");
  }

  /** @param {View} view */
  #tab(view, label) {
    const button = h(
      "button",
      {
        class: `full-tab act-${view}`,
        type: "button",
        "aria-pressed": "false",
        on: { click: () => this.#toggle(view) },
      },
      label,
    );
    return button;
  }

  /** @param {View} view */
  #toggle(view) {
    this.#view = this.#view === view ? "cover" : view;
    this.dataset.view = this.#view;
    for (const [name, tab] of Object.entries(this.#tabs))
      tab.setAttribute("aria-pressed", String(name === this.#view));
    if (this.#view === "lyrics") fill(this.#side, this.#lyrics.element);
    else if (this.#view === "queue")
      fill(
        this.#side,
        h("div", { class: "between" }, h("h2", {}, t("queue.title")), queueActions()),
        this.#queue.element,
      );
    else fill(this.#side);
    this.#showLyricsTab();
  }

  /** Move the player with a finger on a part of it, and close it after a swipe down. */
  #closeBySwipe(part) {
    let start = 0;
    let begun = 0;
    const move = (event) => {
      const by = Math.max(0, event.clientY - start);
      this.style.setProperty("translate", `0 ${by}px`);
    };
    const end = (event) => {
      part.removeEventListener("pointermove", move);
      this.style.removeProperty("translate");
      const by = event.clientY - start;
      const fast = by / Math.max(1, event.timeStamp - begun) > CLOSE_SPEED && by > 30;
      if (event.type === "pointerup" && (by > CLOSE_PIXELS || fast)) this.#goBack();
    };
    part.addEventListener("pointerdown", (event) => {
      if (event.pointerType === "mouse" || event.target.closest("button, a")) return;
      start = event.clientY;
      begun = event.timeStamp;
      part.setPointerCapture(event.pointerId);
      part.addEventListener("pointermove", move);
      for (const name of ["pointerup", "pointercancel"])
        part.addEventListener(name, end, { once: true });
    });
  }
}

customElements.define("full-player", FullPlayer);
