// Notice while the server cannot be reached: nothing is lost, and what continues meanwhile.

import { connection, waitUntilOnline } from "./api.js";
import { fill, h } from "./dom.js";
import { t } from "./i18n.js";
import { outbox } from "./outbox.js";
import { player } from "./player.js";

/** Show the notice whenever requests fail or the network is down, until the server answers. */
export function watchConnection() {
  /** @type {HTMLElement | null} */
  let notice = null;
  const show = () => {
    if (!notice) return;
    const why = t(navigator.onLine ? "connection.noServer" : "connection.noNetwork");
    const music = player.isWaiting ? t("connection.waiting") : t("connection.saved");
    fill(notice, `${why} ${music}`);
  };
  connection.addEventListener("offline", () => {
    notice ??= h("p", { class: "banner", role: "status", id: "offline" });
    show();
    document.body.append(notice);
  });
  connection.addEventListener("online", () => {
    notice?.remove();
    notice = null;
  });
  player.addEventListener("state", show);
  addEventListener("offline", () => waitUntilOnline());
  watchOutbox();
}

/** Show a notice while the server answers but cannot store feedback, as on a full disk. */
function watchOutbox() {
  /** @type {HTMLElement | null} */
  let notice = null;
  outbox.addEventListener("refused", (event) => {
    const { title } = /** @type {CustomEvent} */ (event).detail;
    notice ??= h("p", { class: "banner", role: "status", id: "unsent" });
    fill(notice, `${title} ${t("connection.unsent")}`);
    document.body.append(notice);
  });
  outbox.addEventListener("sent", () => {
    notice?.remove();
    notice = null;
  });
}
