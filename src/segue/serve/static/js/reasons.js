// One sentence that says why a track is in a list.

import { joinNames, trackLabel } from "./format.js";
import { t } from "./i18n.js";
import { inOrder, titleOf } from "./signals.js";

/** The strongest understandable reason of an item, as a sentence without full stop. */
export function reasonOf(item) {
  if (item.reason_about) return wordReason(item.reason_about) ?? item.reason;
  if (item.reason) return item.reason;
  const [strongest] = item.influenced_by ?? [];
  if (strongest) return t("why.becauseLike", { name: trackLabel(strongest) });
  if (item.interest) return t("why.interest", { name: item.interest });
  if (item.serves) return t("why.serves", { name: item.serves });
  const common = item.in_common;
  if (common?.artist) return t("why.becauseLike", { name: common.artist });
  if (common?.genres?.length) return t("why.becauseLike", { name: common.genres[0] });
  const main = strongestPart(item.why ?? {});
  if (main) return t("why.mainly", { signal: titleOf(main) });
  return item.why ? t("why.explore") : "";
}

/** Sentence of a reason in parts, in the page's language; null for a kind that the page does not know. */
function wordReason({ kind, values }) {
  const key = /** @type {any} */ (`reason.${kind}`);
  const { names } = values;
  const text = t(key, names ? { ...values, names: joinNames(names) } : values);
  return text === key ? null : text;
}

/** Name of the signal that a reason is of, which bars mark: that of the sentence. */
export function reasonSignal(item) {
  return item.reason_about?.signal ?? item.top_signal ?? null;
}

/** Name of the largest positive part of a score; undefined if there is none. */
export function strongestPart(why) {
  return inOrder(Object.keys(why))
    .filter((name) => why[name] > 0.005)
    .sort((one, other) => why[other] - why[one])[0];
}
