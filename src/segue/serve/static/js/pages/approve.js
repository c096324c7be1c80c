// Page on which a listener lets a program scrobble (?api_key=&token=, or &cb= instead of the token).
// The server leads to it from /api/auth, the address that programs for Last.fm open.

import { post } from "../api.js";
import { fill, h } from "../dom.js";
import { t } from "../i18n.js";
import { notifyError } from "../notifications.js";
import { state } from "../store.js";

export const approve = {
  title: t("approve.title"),
  async show(main, { heading, query }) {
    const key = query.get("api_key") ?? "";
    const callback = query.get("cb") || null;
    const name = state.session.listener ?? "";
    const card = h("section", { class: "card stack" });
    const allow = async () => {
      const body = { api_key: key, token: query.get("token") || null, callback };
      try {
        const answer = await post("/me/scrobblers", body);
        fill(
          card,
          h("p", { role: "status" }, t("approve.done", { name })),
          answer.callback
            ? h(
                "p",
                {},
                h(
                  "a",
                  { href: answer.callback, rel: "noreferrer" },
                  t("approve.back", { host: hostOf(answer.callback) }),
                ),
              )
            : null,
          h("p", { class: "muted-text" }, t("approve.end")),
        );
      } catch (error) {
        notifyError(error);
      }
    };
    fill(
      card,
      h("p", {}, t("approve.about", { name })),
      h("p", { class: "muted-text" }, t("approve.key", { key })),
      callback
        ? h("p", { class: "muted-text" }, t("approve.host", { host: hostOf(callback) }))
        : null,
      h(
        "div",
        { class: "row" },
        h("button", { class: "primary", type: "button", on: { click: allow } }, t("approve.allow")),
        h("a", { class: "button", href: "#/listen" }, t("common.cancel")),
      ),
    );
    fill(main, h("div", { class: "page-head" }, heading), card);
  },
};

/** Host of an address, or the scheme where that opens a program of this machine. */
function hostOf(address) {
  if (!URL.canParse(address)) return address;
  const { host, protocol } = new URL(address);
  return protocol.startsWith("http") ? host : protocol;
}
