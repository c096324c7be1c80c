// Queue panel: the tracks that play next, next to the page.

import { fill, h } from "../dom.js";
import { t } from "../i18n.js";
import { iconButton } from "./player-controls.js";
import { QueueList, queueActions } from "./queue-list.js";

/** Show the queue in `panel` and keep it current. */
export function mountQueuePanel(panel, close) {
  panel.setAttribute("aria-label", t("queue.title"));
  const closing = iconButton("close", t("queue.close"), close);
  fill(
    panel,
    h(
      "div",
      { class: "between queue-head" },
      h("h2", {}, t("queue.title")),
      h("span", { class: "row" }, queueActions(), closing),
    ),
    new QueueList().element,
  );
}
