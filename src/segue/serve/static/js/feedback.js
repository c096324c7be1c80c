// Opinions of the listener, each with an undo.

import { trackTitle } from "./format.js";
import { t } from "./i18n.js";
import { notify, notifyError } from "./notifications.js";
import { player } from "./player.js";
import { forYou } from "./recommendations.js";
import { opinion } from "./store.js";

/**
 * Like or dislike a track, or clear the opinion if it is that already.
 *
 * @param {Api.Track} track
 * @param {"like" | "dislike"} kind
 */
export function rate(track, kind) {
  const before = opinion(track);
  const value = before === kind ? "clear" : kind;
  if (value === "dislike") player.drop(track.track_id);
  forYou.respond(track, value).catch(notifyError);
  notify(t(`feedback.${value}`, { title: trackTitle(track) }), {
    label: t("common.undo"),
    action: () => forYou.respond(track, before ?? "clear").catch(notifyError),
  });
}
