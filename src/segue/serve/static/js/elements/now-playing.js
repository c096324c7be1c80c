// <now-playing>: the player at the foot of the page.

import { fill, h } from "../dom.js";
import { artist, clock, named, spokenTime, title } from "../format.js";
import { icon } from "../icons.js";
import { forYou } from "../recommendations.js";
import { player } from "../player.js";
import { noteProblem } from "../notifications.js";
import { opinion, store } from "../store.js";
import { soundTile } from "./cover.js";

class NowPlaying extends HTMLElement {
  connectedCallback() {
    const key = (name, label, action) =>
      h(
        "button",
        {
          class: `bare act-${name}`,
          type: "button",
          "aria-label": label,
          title: label,
          on: { click: action },
        },
        icon(name),
      );
    this.tile = h("span", { class: "now-tile" });
    this.names = h("span", { class: "names" });
    this.play = key("play", "Play", () => player.toggle());
    this.like = key("like", "Like", () => this.respond("like"));
    this.dislike = key("dislike", "Dislike", () => this.respond("dislike"));
    this.mute = key("volume", "Mute", () => player.mute());
    this.mute.classList.add("act-mute");
    this.seek = h("input", {
      type: "range",
      min: 0,
      max: 1000,
      value: 0,
      "aria-label": "Position in the track",
      on: { input: () => player.scrub(this.wanted), change: () => player.seek(this.wanted) },
    });
    this.volume = h("input", {
      type: "range",
      min: 0,
      max: 100,
      value: 100,
      "aria-label": "Volume",
      on: { input: () => player.setVolume(this.volume.value / 100) },
    });
    this.panel = key("queue", "What's next", () =>
      this.dispatchEvent(new CustomEvent("toggle-panel", { bubbles: true })),
    );
    this.past = h("span", {}, "0:00");
    this.rest = h("span", {}, "");
    fill(
      this,
      h("div", { class: "now" }, this.tile, this.names),
      h(
        "div",
        { class: "transport" },
        h(
          "div",
          { class: "transport-keys" },
          this.dislike,
          key("back", "Back", () => player.back()),
          this.play,
          key("skip", "Next track", () => player.next()),
          this.like,
        ),
        h("div", { class: "seek" }, this.past, this.seek, this.rest),
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

  /** Whether the panel of what's next is open. */
  set panelOpen(open) {
    this.panel.setAttribute("aria-expanded", String(open));
  }

  get wanted() {
    return (this.seek.value / 1000) * player.duration;
  }

  respond(kind) {
    if (!player.track) return;
    const track = player.track;
    const value = opinion(track) === kind ? "clear" : kind;
    forYou.respond(track, value).catch(noteProblem);
    if (value === "dislike") player.next();
  }

  showTrack() {
    const { track } = player;
    fill(this.tile, track && soundTile(track));
    fill(
      this.names,
      track
        ? [h("span", {}, title(track)), h("span", {}, artist(track))]
        : h("span", { class: "quiet-text" }, "Nothing plays"),
    );
    document.title = track
      ? `${title(track)} · segue`
      : document.title.replace(/^.* · segue$/, "segue");
    this.showTime();
  }

  showState() {
    const { track, isPlaying } = player;
    fill(this.play, icon(isPlaying ? "pause" : "play"));
    const label = isPlaying ? "Pause" : "Play";
    this.play.setAttribute("aria-label", track ? `${label} ${named(track)}` : label);
    this.play.title = label;
    const mine = track ? opinion(track) : null;
    for (const [kind, button] of [
      ["like", this.like],
      ["dislike", this.dislike],
    ]) {
      button.setAttribute("aria-pressed", String(mine === kind));
      button.disabled = !track;
    }
    this.seek.disabled = !track;
    fill(this.mute, icon(player.volume === 0 ? "muted" : "volume"));
    this.mute.setAttribute("aria-pressed", String(player.volume === 0));
    this.volume.value = Math.round(100 * player.volume);
    this.volume.style.setProperty("--fill", `${this.volume.value}%`);
  }

  showTime() {
    const { duration } = player;
    const now = player.track ? player.time : 0;
    const share = duration > 0 ? Math.min(1, now / duration) : 0;
    this.seek.value = Math.round(1000 * share);
    this.seek.style.setProperty("--fill", `${100 * share}%`);
    this.seek.setAttribute("aria-valuetext", `${spokenTime(now)} of ${spokenTime(duration)}`);
    fill(this.past, clock(now));
    fill(this.rest, clock(duration));
  }
}

customElements.define("now-playing", NowPlaying);
