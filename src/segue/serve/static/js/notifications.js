// Notifications: messages that disappear after some seconds, and a live region for screen readers.

import { isAbort } from "./api.js";
import { fill, h } from "./dom.js";
import { t } from "./i18n.js";
import { icon } from "./icons.js";

const SHOW_MS = 6000;
const MAX_SHOWN = 2;

let region = null;
let stack = null;

/** Add the live region and the stack of notifications to the page. */
export function mountNotifications(page) {
  region = h("div", {
    class: "visually-hidden",
    role: "status",
    "aria-live": "polite",
    id: "announcements",
  });
  stack = h("div", { class: "notifications", id: "notifications" });
  page.append(region, stack);
}

/** Announce a text to screen readers. */
export function announce(text) {
  fill(region, text);
}

/**
 * Show a notification, with at most one action.
 *
 * @param {string} text
 * @param {{action?: () => void, label?: string, kind?: "plain" | "error"}} [options]
 */
export function notify(text, { action, label, kind = "plain" } = {}) {
  const close = () => box.remove();
  const box = h(
    "div",
    { class: `notification notification-${kind}`, role: kind === "error" ? "alert" : null },
    kind === "error" && icon("warn"),
    h("span", {}, text),
    action &&
      h(
        "button",
        {
          class: "subtle",
          type: "button",
          on: {
            click: () => {
              close();
              action();
            },
          },
        },
        label,
      ),
    h(
      "button",
      {
        class: "icon-button",
        type: "button",
        "aria-label": t("common.dismiss"),
        on: { click: close },
      },
      icon("close"),
    ),
  );
  stack.append(box);
  while (stack.childElementCount > MAX_SHOWN) stack.firstElementChild.remove();
  if (kind !== "error") announce(text);
  setTimeout(close, kind === "error" ? 3 * SHOW_MS : SHOW_MS);
  return close;
}

/** Show an error, unless its request was only canceled. */
export function notifyError(error) {
  if (isAbort(error)) return;
  notify(error.message || String(error), { kind: "error" });
}
