// History page: plays of the listener with their times; a play can be left out of learning.

import { get, post, remove } from "../api.js";
import { debounce, fill, h } from "../dom.js";
import { cover } from "../elements/cover.js";
import { pagedItems } from "../elements/paged-items.js";
import { openTrackMenu } from "../elements/track-menu.js";
import { trackLabel, trackTitle } from "../format.js";
import { language, t } from "../i18n.js";
import { icon } from "../icons.js";
import { trackLinks } from "../links.js";
import { notify, notifyError } from "../notifications.js";
import { player } from "../player.js";
import { loadRules } from "../taste-rules.js";

const TYPING_MS = 250;
const days = new Intl.DateTimeFormat(language, { dateStyle: "full" });
const times = new Intl.DateTimeFormat(language, { timeStyle: "short" });

export const history = {
  title: t("lists.history"),
  async show(main, { heading, query, saved, onLeave }) {
    saved.q ??= query.get("q") ?? "";
    const field = h("input", {
      type: "search",
      autocomplete: "off",
      spellcheck: "false",
      placeholder: t("history.search"),
      "aria-label": t("history.search"),
      value: saved.q,
    });
    const list = h("div", { class: "history" });
    const rules = await loadRules().catch(() => []);
    const left = new Map(
      rules
        .filter((rule) => rule.effect === "learn" && rule.kind === "session")
        .map((rule) => [rule.value, rule.number]),
    );
    const view = dayList(list, left);
    const paged = pagedItems({
      saved,
      limit: 100,
      empty: t("history.empty"),
      read: (cursor, limit) =>
        get("/me/history", { query: { q: saved.q, plays: true, cursor, limit } }),
      show: view.show,
    });
    const search = debounce(() => {
      saved.q = field.value.trim();
      paged.restart();
    }, TYPING_MS);
    field.addEventListener("input", search);
    fill(
      main,
      h(
        "div",
        { class: "page-head" },
        h("div", {}, heading, h("p", {}, t("history.about"))),
        h("form", { class: "history-search", role: "search", on: { submit: stay } }, field),
      ),
      list,
      paged.foot,
    );
    onLeave(() => paged.stop());
    await paged.load();
  },
};

function stay(event) {
  event.preventDefault();
}

/** Plays under the names of their days. */
function dayList(element, left) {
  let day = "";
  /** @type {HTMLElement | null} */
  let rows = null;
  return {
    show(items, fresh) {
      if (fresh) {
        fill(element);
        day = "";
      }
      for (const item of items) {
        const name = item.at ? days.format(new Date(item.at * 1000)) : t("history.undated");
        if (name !== day || !rows) {
          day = name;
          rows = h("ul", { class: "history-day" });
          element.append(h("section", {}, h("h2", {}, name), rows));
        }
        rows.append(playRow(item, left));
      }
    },
  };
}

function playRow({ at, kind, track }, left) {
  const play = h(
    "button",
    {
      class: "cover",
      type: "button",
      disabled: track.playable === false,
      "aria-label": t("collection.playNamed", { name: trackLabel(track) }),
      on: { click: () => player.play(track, [], t("lists.history")) },
    },
    cover(track),
    h("span", { class: "cover-symbol" }, icon("play")),
  );
  const more = h(
    "button",
    {
      class: "icon-button",
      type: "button",
      "aria-label": t("menu.of", { name: trackLabel(track) }),
      "aria-haspopup": "menu",
      on: { click: () => openTrackMenu(track, more) },
    },
    icon("ellipsis"),
  );
  return h(
    "li",
    { class: "history-row" },
    play,
    h(
      "span",
      { class: "names" },
      h("span", { class: "row-title", dir: "auto", title: trackTitle(track) }, trackTitle(track)),
      h("span", { class: "row-artist" }, trackLinks(track)),
    ),
    kind === "skip" ? h("span", { class: "chip is-small" }, t("history.skipped")) : null,
    at
      ? h(
          "time",
          { datetime: new Date(at * 1000).toISOString() },
          times.format(new Date(at * 1000)),
        )
      : null,
    at ? learnButton(at, track, left) : null,
    more,
  );
}

/** Button that leaves one play out of learning: a rule about the second of the play. */
function learnButton(at, track, left) {
  const start = Math.floor(at);
  const value = `${isoTime(start)}/${isoTime(start + 1)}`;
  const button = h("button", { class: "icon-button", type: "button" }, icon("hide"));
  const show = () => {
    const isLeft = left.has(value);
    button.setAttribute("aria-pressed", String(isLeft));
    button.setAttribute("aria-label", t("history.dontLearnNamed", { name: trackLabel(track) }));
    button.title = t(isLeft ? "history.notLearned" : "history.dontLearn");
  };
  const learn = async () => {
    const number = left.get(value);
    await remove("/me/rules/{number}", { params: { number } });
    left.delete(value);
    show();
  };
  const leave = async () => {
    const { rule } = await post("/me/rules", { effect: "learn", kind: "session", value });
    left.set(value, rule.number);
    show();
    notify(t("history.left", { name: trackTitle(track) }), {
      label: t("common.undo"),
      action: () => learn().catch(notifyError),
    });
  };
  button.addEventListener("click", () => (left.has(value) ? learn() : leave()).catch(notifyError));
  show();
  return button;
}

/** Seconds since 1970 as the server writes them in rules. */
function isoTime(seconds) {
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z`;
}
