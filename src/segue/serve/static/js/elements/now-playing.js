// <now-playing>: the player at the bottom of the page.

import { fill, h } from "../dom.js";
import { formatDuration, spokenDuration, trackArtist, trackLabel, trackTitle } from "../format.js";
import { icon } from "../icons.js";
import { notifyError } from "../notifications.js";
import { player } from "../player.js";
import { forYou } from "../recommendations.js";
import { opinion, store } from "../store.js";
import { cover } from "./cover.js";

export class NowPlaying extends HTMLElement {
  /** @type {HTMLInputElement} */
  seek;
  /** @type {HTMLInputElement} */
  volume;
  /** @type {HTMLButtonElement} */
  panel;
  /** @type {HTMLButtonElement} */
  play;
  /** @type {HTMLButtonElement} */
  like;
  /** @type {HTMLButtonElement} */
  dislike;
  /** @type {HTMLButtonElement} */
  mute;

  connectedCallback() {
    const button = (name, label, action) =>
      h(
        "button",
        {
          class: `icon-button act-${name}`,
          type: "button",
          "aria-label": label,
          title: label,
          on: { click: action },
        },
        icon(name),
      );
    this.tile = h("span", { class: "now-cover" });
    this.names = h("span", { class: "names" });
    this.play = button("play", "Play", () => player.toggle());
    this.like = button("like", "Like", () => this.respond("like"));
    this.dislike = button("dislike", "Dislike", () => this.respond("dislike"));
    this.mute = button("volume", "Mute", () => player.mute());
    this.mute.classList.add("act-mute");
    this.seek = h("input", {
      type: "range",
      min: 0,
      max: 1000,
      value: 0,
      "aria-label": "Position in the track",
      on: {
        input: () => player.scrub(this.seekTarget),
        change: () => player.seek(this.seekTarget),
      },
    });
    this.volume = h("input", {
      type: "range",
      min: 0,
      max: 100,
      value: 100,
      "aria-label": "Volume",
      on: { input: () => player.setVolume(Number(this.volume.value) / 100) },
    });
    this.panel = button("queue", "Up next", () =>
      this.dispatchEvent(new CustomEvent("toggle-panel", { bubbles: true })),
    );
    this.elapsed = h("span", {}, "0:00");
    this.total = h("span", {}, "");
    fill(
      this,
      h("div", { class: "now" }, this.tile, this.names),
      h(
        "div",
        { class: "transport" },
        h(
          "div",
          { class: "transport-buttons" },
          this.dislike,
          button("back", "Previous track", () => player.back()),
          this.play,
          button("skip", "Next track", () => player.next()),
          this.like,
        ),
        h("div", { class: "seek" }, this.elapsed, this.seek, this.total),
      ),
      h("div", { class: "tools" }, this.mute, this.volume, this.panel),
    );
    player.addEventListener("track", () => this.showTrack());
    player.addEventListener("state", () => this.showState());
    player.addEventListener("time", () => this.showTime());
    store.addEventListener("opinion", () => this.showState());
    this.showTrack();
    this.showState();
  }

  /** Whether the queue panel is open. */
  set panelOpen(open) {
    this.panel.setAttribute("aria-expanded", String(open));
  }

  get seekTarget() {
    return (Number(this.seek.value) / 1000) * player.duration;
  }

  respond(kind) {
    if (!player.track) return;
    const track = player.track;
    const value = opinion(track) === kind ? "clear" : kind;
    forYou.respond(track, value).catch(notifyError);
    if (value === "dislike") player.next();
  }

  showTrack() {
    const { track } = player;
    fill(this.tile, track && cover(track));
    fill(
      this.names,
      track
        ? [h("span", {}, trackTitle(track)), h("span", {}, trackArtist(track))]
        : h("span", { class: "muted-text" }, "Nothing playing"),
    );
    document.title = track
      ? `${trackTitle(track)} · segue`
      : document.title.replace(/^.* · segue$/, "segue");
    this.showTime();
  }

  showState() {
    const { track, isPlaying } = player;
    fill(this.play, icon(isPlaying ? "pause" : "play"));
    const label = isPlaying ? "Pause" : "Play";
    this.play.setAttribute("aria-label", track ? `${label} ${trackLabel(track)}` : label);
    this.play.title = label;
    const mine = track ? opinion(track) : null;
    for (const [kind, toggle] of Object.entries({ like: this.like, dislike: this.dislike })) {
      toggle.setAttribute("aria-pressed", String(mine === kind));
      toggle.disabled = !track;
    }
    this.seek.disabled = !track;
    fill(this.mute, icon(player.volume === 0 ? "muted" : "volume"));
    this.mute.setAttribute("aria-pressed", String(player.volume === 0));
    this.volume.value = String(Math.round(100 * player.volume));
    this.volume.style.setProperty("--fill", `${this.volume.value}%`);
  }

  showTime() {
    const { duration } = player;
    const now = player.track ? player.time : 0;
    const share = duration > 0 ? Math.min(1, now / duration) : 0;
    this.seek.value = String(Math.round(1000 * share));
    this.seek.style.setProperty("--fill", `${100 * share}%`);
    this.seek.setAttribute(
      "aria-valuetext",
      `${spokenDuration(now)} of ${spokenDuration(duration)}`,
    );
    fill(this.elapsed, formatDuration(now));
    fill(this.total, formatDuration(duration));
  }
}

customElements.define("now-playing", NowPlaying);
