// Controls of the player, which the bar at the bottom and the full-screen player share. Each follows the
// player; they stay as long as the page.

import { fill, h } from "../dom.js";
import { rate } from "../feedback.js";
import { formatDuration, spokenDuration, trackLabel, trackTitle } from "../format.js";
import { t } from "../i18n.js";
import { icon } from "../icons.js";
import { notify, notifyError } from "../notifications.js";
import { player } from "../player.js";
import { forYou } from "../recommendations.js";
import { opinion, store } from "../store.js";
import { SETTINGS_ID } from "./player-settings.js";

const KEY_SECONDS = 5; // of an arrow key on the seek bar
/** @type {import("../queue.js").Repeat[]} */
const REPEATS = ["off", "all", "one"];
const REPEAT_LABELS = /** @type {const} */ ({
  off: "player.repeatOff",
  all: "player.repeatAll",
  one: "player.repeatOne",
});

/** Call `update` now and at each of some events of the player. */
export function follow(events, update) {
  for (const event of events) player.addEventListener(event, update);
  update();
}

/**
 * A button with an icon; its label is its tooltip, too.
 *
 * @param {import("../icons.js").IconName} name
 * @param {string} label
 * @param {(event: Event) => void} action
 */
export function iconButton(name, label, action) {
  return h(
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
}

export function playButton() {
  const button = iconButton("play", t("player.play"), () => player.toggle());
  follow(["track", "state"], () => {
    const { track, isPlaying } = player;
    fill(button, icon(isPlaying ? "pause" : "play"));
    const label = t(isPlaying ? "player.pause" : "player.play");
    button.title = label;
    button.setAttribute(
      "aria-label",
      track ? t("player.labelOf", { label, name: trackLabel(track) }) : label,
    );
  });
  return button;
}

export function nextButton() {
  return iconButton("skip", t("player.next"), () => player.next());
}

export function backButton() {
  return iconButton("back", t("player.previous"), () => player.back());
}

export function shuffleButton() {
  const button = iconButton("shuffle", t("player.shuffle"), () => {
    const on = !player.shuffled;
    const undo = player.setShuffled(on);
    notify(t(on ? "player.shuffleOn" : "player.shuffleOff"), {
      label: t("common.undo"),
      action: undo,
    });
  });
  follow(["queue"], () => button.setAttribute("aria-pressed", String(player.shuffled)));
  return button;
}

export function repeatButton() {
  const button = iconButton("repeat", t("player.repeat"), () => {
    const place = REPEATS.indexOf(player.repeat);
    player.setRepeat(REPEATS[(place + 1) % REPEATS.length]);
  });
  follow(["queue"], () => {
    const { repeat } = player;
    fill(button, icon(repeat === "one" ? "repeatOne" : "repeat"));
    const label = t(REPEAT_LABELS[repeat]);
    button.setAttribute("aria-label", label);
    button.title = label;
    button.setAttribute("aria-pressed", String(repeat !== "off"));
  });
  return button;
}

/** Buttons to dislike and to like the current track. */
export function opinionButtons() {
  const buttons = [
    iconButton("dislike", t("player.dislike"), () => rateCurrent("dislike")),
    iconButton("like", t("player.like"), () => rateCurrent("like")),
  ];
  const update = () => {
    const { track } = player;
    const mine = track && opinion(track);
    for (const [place, kind] of ["dislike", "like"].entries()) {
      buttons[place].setAttribute("aria-pressed", String(mine === kind));
      buttons[place].disabled = !track;
    }
  };
  follow(["track"], update);
  store.addEventListener("opinion", update);
  return buttons;
}

/**
 * Like or dislike the current track. A disliked track ends; undoing that continues it at its place.
 *
 * @param {"like" | "dislike"} kind
 */
export function rateCurrent(kind) {
  const { track } = player;
  if (!track) return;
  const before = opinion(track);
  if (kind === "like" || before === "dislike") return rate(track, kind);
  const resume = player.leave();
  forYou.respond(track, "dislike").catch(notifyError);
  notify(t("feedback.dislike", { title: trackTitle(track) }), {
    label: t("common.undo"),
    action: () => {
      resume();
      forYou.respond(track, before ?? "clear").catch(notifyError);
    },
  });
}

/** Seek bar with the time that has passed and the duration. */
export function seekBar() {
  let dragged = false;
  const bar = h("input", {
    type: "range",
    min: 0,
    max: 1000,
    value: 0,
    "aria-label": t("player.position"),
  });
  const target = () => (Number(bar.value) / 1000) * player.duration;
  const elapsed = h("span", {}, "0:00");
  const total = h("span", {});
  const show = (seconds) => {
    const { duration } = player;
    const share = duration > 0 ? Math.min(1, seconds / duration) : 0;
    if (!dragged) bar.value = String(Math.round(1000 * share));
    bar.style.setProperty("--fill", `${100 * share}%`);
    const values = { time: spokenDuration(seconds), duration: spokenDuration(duration) };
    bar.setAttribute("aria-valuetext", t("player.timeOf", values));
    fill(elapsed, formatDuration(seconds));
    fill(total, duration ? formatDuration(duration) : "");
  };
  bar.addEventListener("input", () => {
    dragged = true;
    player.scrub(target());
    show(target());
  });
  bar.addEventListener("change", () => {
    dragged = false;
    player.seek(target());
  });
  bar.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[event.key];
    if (!by || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault(); // a thousandth of the track is too little
    player.seek(player.time + by * KEY_SECONDS);
  });
  follow(["track", "state", "time"], () => {
    bar.disabled = !player.track;
    if (!dragged) show(player.track ? player.time : 0);
  });
  return h("div", { class: "seek" }, elapsed, bar, total);
}

/** Button that mutes, and the volume where pages can set it. */
export function volumeControls() {
  const mute = iconButton("volume", t("player.mute"), () => player.mute());
  mute.classList.add("act-mute");
  const slider = h("input", {
    type: "range",
    min: 0,
    max: 100,
    "aria-label": t("player.volume"),
    on: { input: () => player.setVolume(Number(slider.value) / 100) },
  });
  follow(["state"], () => {
    const { volume } = player;
    fill(mute, icon(volume === 0 ? "muted" : "volume"));
    mute.setAttribute("aria-pressed", String(volume === 0));
    slider.value = String(Math.round(100 * volume));
    slider.style.setProperty("--fill", `${slider.value}%`);
  });
  return player.canSetVolume ? [mute, slider] : [mute];
}

/** Button that opens the settings of the player; null where they have no effect. */
export function settingsButton() {
  if (!player.canSetVolume) return null;
  const label = t("player.settings");
  return h(
    "button",
    {
      class: "icon-button act-tune",
      type: "button",
      popovertarget: SETTINGS_ID,
      "aria-label": label,
      title: label,
    },
    icon("tune"),
  );
}
