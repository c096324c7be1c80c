// Rules of the listener: what is never played, and what segue does not learn from. They are stored on
// the server and hold in every player. `tasteRules` dispatches "change" (detail: the rules).

import { get, post, remove } from "./api.js";
import { t } from "./i18n.js";
import { notify, notifyError } from "./notifications.js";
import { player } from "./player.js";
import { forYou } from "./recommendations.js";
import { loadMe } from "./store.js";

export const tasteRules = new EventTarget();

/** @type {Api.Answer<"/me/rules", "get">["items"]} */
let rules = [];

/** Request the rules of the listener. */
export async function loadRules() {
  const { items } = await get("/me/rules");
  rules = items;
  tasteRules.dispatchEvent(new CustomEvent("change", { detail: items }));
  return items;
}

/**
 * Add a rule, say so, and offer to undo it.
 *
 * @param {Api.Body<"/me/rules", "post">} rule
 * @param {string} said what follows from it, as a sentence
 */
export async function addRule(rule, said) {
  try {
    const { rule: added, hints } = await post("/me/rules", rule);
    notify([said, ...hints].join(" "), {
      label: t("common.undo"),
      action: () => removeRule(added.number),
    });
    await apply();
  } catch (error) {
    notifyError(error);
  }
}

/** Remove a rule: what it excluded counts again. */
export async function removeRule(number) {
  try {
    await remove("/me/rules/{number}", { params: { number } });
    await apply();
  } catch (error) {
    notifyError(error);
  }
}

/** End a private session now. */
export async function endSession(number) {
  try {
    await post("/me/rules/{number}/end", undefined, { params: { number } });
    await apply();
    notify(t("rules.sessionEnded"));
  } catch (error) {
    notifyError(error);
  }
}

/** Whether a rule that was read says that a track is never played. */
export function isNeverPlayed(track) {
  return rules.some(
    ({ effect, kind, value }) =>
      effect === "play" &&
      (kind === "track" || kind === "artist" || kind === "album") &&
      ruleValue(track, kind) === value,
  );
}

/** Never play a track again, or all tracks of its artist or album. */
export function neverPlay(track, kind) {
  const value = ruleValue(track, kind);
  player.dropWhere((one) => ruleValue(one, kind) === value);
  const name = kind === "track" ? track.title || track.track_id : value;
  return addRule({ effect: "play", kind, value }, t("rules.neverAdded", { name }));
}

/** Do not learn from plays of a track, or of its artist or album. */
export function dontLearnFrom(track, kind) {
  const value = ruleValue(track, kind);
  const name = kind === "track" ? track.title || track.track_id : value;
  return addRule({ effect: "learn", kind, value }, t("rules.learnAdded", { name }));
}

function ruleValue(track, kind) {
  if (kind === "track") return track.track_id;
  if (kind === "artist") return track.artist;
  return track.artist ? `${track.artist} - ${track.album}` : track.album;
}

async function apply() {
  await Promise.all([loadRules(), loadMe(), forYou.load()]);
}
