// Settings of the player: crossfade and equal loudness, in a popover.

import { fill, h } from "../dom.js";
import { t } from "../i18n.js";
import { player } from "../player.js";
import { MAX_CROSSFADE } from "../player-storage.js";

export const SETTINGS_ID = "player-settings";
const GAINS = /** @type {const} */ (["off", "track", "album"]);

/** Return the popover; a button with its id as `popovertarget` opens it. */
export function playerSettings() {
  const crossfade = h("input", {
    type: "range",
    id: "crossfade",
    min: 0,
    max: MAX_CROSSFADE,
    step: 1,
    on: { input: () => player.set({ crossfade: Number(crossfade.value) }) },
  });
  const seconds = h("output", { for: "crossfade" });
  const gain = h(
    "select",
    {
      id: "gain",
      on: { change: () => player.set({ gain: GAINS.find((one) => one === gain.value) }) },
    },
    GAINS.map((one) => h("option", { value: one }, t(`player.gain.${one}`))),
  );
  const show = () => {
    const { settings } = player;
    crossfade.value = String(settings.crossfade);
    crossfade.style.setProperty("--fill", `${(100 * settings.crossfade) / MAX_CROSSFADE}%`);
    const text = settings.crossfade
      ? t("player.seconds", { n: settings.crossfade })
      : t("player.gapless");
    fill(seconds, text);
    crossfade.setAttribute("aria-valuetext", text);
    gain.value = settings.gain;
  };
  player.addEventListener("settings", show);
  show();
  return h(
    "div",
    { class: "player-settings", id: SETTINGS_ID, popover: "auto" },
    h("h2", {}, t("player.settings")),
    h(
      "div",
      { class: "field" },
      h(
        "span",
        { class: "between" },
        h("label", { for: "crossfade" }, t("player.crossfade")),
        seconds,
      ),
      crossfade,
      h("small", {}, t("player.crossfadeAbout")),
    ),
    h(
      "div",
      { class: "field" },
      h("label", { for: "gain" }, t("player.gain")),
      gain,
      h("small", {}, t("player.gainAbout")),
    ),
  );
}
