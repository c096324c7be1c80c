// Page of one playlist: a saved one (?id=) or the daily mix of an interest (?mix=), with suggestions.

import { postQuery } from "../api.js";
import { playRadio, playTracks } from "../collections.js";
import { fill, h } from "../dom.js";
import { cover } from "../elements/cover.js";
import { fetchMix } from "../elements/home-rows.js";
import { openMenu } from "../elements/menu.js";
import { formatDuration, trackTitle } from "../format.js";
import { t } from "../i18n.js";
import { icon } from "../icons.js";
import { announce, notify, notifyError } from "../notifications.js";
import { spread } from "../radio.js";
import {
  changePlaylist,
  deletePlaylist,
  kindName,
  playlistHref,
  readPlaylist,
  refreshPlaylist,
  SELF_REFRESHING,
} from "../saved-playlists.js";
import { asItem } from "./listen.js";
import { ruleEditor } from "./playlist-rules.js";
import {
  exportEntries,
  hintList,
  nameField,
  playButton,
  playlistTracks,
  showPreview,
} from "./playlist-view.js";
import "../elements/track-list.js";

const MAX_SEEDS = 50;
const N_SUGGESTED = 8;

export const playlist = {
  title: t("playlists.single"),
  async show(main, { heading, query }) {
    heading.classList.add("visually-hidden");
    const stage = h("section", { class: "playlist-view is-page" });
    fill(main, heading, stage);
    const id = query.get("id");
    if (id) return open(id, stage, heading);
    return query.get("mix") ? showMix(query, stage, heading) : goBack(stage);
  },
};

async function open(id, stage, heading) {
  let found;
  try {
    found = await readPlaylist(id);
  } catch (error) {
    if (error.status !== 404) throw error;
    return goBack(stage);
  }
  fill(heading, found.name);
  if (SELF_REFRESHING.includes(found.kind)) found = await refreshPlaylist(id).catch(() => found);
  showSaved(found, stage, found.changes?.added);
  return null;
}

function goBack(stage) {
  fill(
    stage,
    h(
      "p",
      { class: "empty" },
      t("playlists.unknown"),
      " ",
      h("a", { href: "#/playlists" }, t("playlists.all")),
    ),
  );
}

/** Show the daily mix of an interest, which can be saved and refreshes itself on other days. */
async function showMix(query, stage, heading) {
  const interest = query.get("mix");
  const name = query.get("name") ?? kindName("mix");
  fill(heading, name);
  showPreview(await fetchMix(interest), { name, kind: "mix", recipe: { interest } }, stage);
}

async function refresh(saved, stage) {
  try {
    const now = await refreshPlaylist(saved.id);
    showSaved(now, stage, now.changes?.added);
    const { added = [], removed = [] } = now.changes ?? {};
    notify(t("playlists.refreshed", { added: added.length, removed: removed.length }));
  } catch (error) {
    notifyError(error);
  }
}

/** @param {Api.Answer<"/playlists/{playlist}", "get">} saved */
function showSaved(saved, stage, added) {
  const { id } = saved;
  const isSelfRefreshing = SELF_REFRESHING.includes(saved.kind);
  const edit = async (changes) => {
    try {
      const now = await changePlaylist(id, changes);
      showFacts(now);
      return now;
    } catch (error) {
      notifyError(error);
      return null;
    }
  };
  const store = (items) => edit({ tracks: items.map((item) => item.track.track_id) });
  const editor = isSelfRefreshing
    ? null
    : {
        move: store,
        remove: (items, removed) => {
          store(items);
          notify(
            removed.length === 1
              ? t("playlists.removedOne", { title: trackTitle(removed[0][1].track) })
              : t("playlists.removed", { n: removed.length }),
            {
              label: t("common.undo"),
              action: () => {
                const restored = [...list.items];
                for (const [place, item] of removed) restored.splice(place, 0, item);
                list.show(restored);
                store(restored);
              },
            },
          );
        },
      };
  const list = playlistTracks(saved.tracks, saved.name, saved, editor);
  if (added?.length) list.show(list.items, { added, animate: false });
  const name = nameField(saved.name);
  name.addEventListener("change", async () => {
    const before = saved.name;
    const wanted = name.value.trim() || before;
    name.value = wanted;
    if (wanted === before || !(await edit({ name: wanted }))) return;
    saved.name = wanted;
    notify(t("playlists.renamed", { name: wanted }), {
      label: t("common.undo"),
      action: async () => {
        await edit({ name: before });
        saved.name = before;
        name.value = before;
      },
    });
  });
  name.addEventListener("keydown", (event) => {
    if (event.key === "Enter") name.blur();
  });
  const facts = h("p", { class: "muted-text" });
  const picture = h("div", { class: "playlist-cover" });
  const empty = h("p", { class: "empty" }, t("playlists.emptyHint"));
  const showFacts = (now) => {
    const seconds = now.tracks.reduce((sum, track) => sum + (track.duration ?? 0), 0);
    fill(
      facts,
      [
        kindName(now.kind),
        t("n.tracks", { n: now.tracks.length }),
        formatDuration(seconds),
        now.keeps_current && t(now.edited ? "playlists.keptEdited" : "playlists.keptCurrent"),
      ]
        .filter(Boolean)
        .join(" · "),
    );
    fill(picture, now.tracks.length ? cover(now.tracks[0], 192) : icon("playlists"));
    empty.hidden = now.tracks.length > 0 || isSelfRefreshing;
  };
  showFacts(saved);
  const keepEntry = () => ({
    text: t(saved.keeps_current ? "playlists.stopCurrent" : "playlists.keepCurrent"),
    icon: saved.keeps_current ? "close" : "refresh",
    action: async () => {
      const now = await edit({ keeps_current: !saved.keeps_current });
      if (now) saved.keeps_current = now.keeps_current;
    },
  });
  const menu = h(
    "button",
    {
      class: "icon-button",
      type: "button",
      "aria-label": t("menu.of", { name: saved.name }),
      title: t("menu.more"),
      "aria-haspopup": "menu",
      "aria-expanded": "false",
      on: {
        click: () =>
          openMenu(
            menu,
            [
              {
                text: t("select.all"),
                icon: "check",
                action: () => list.selectAll(),
              },
              { text: t("playlists.export"), icon: "save", entries: () => exportEntries(id) },
              ...(saved.kind === "tracks" ? [] : [keepEntry()]),
              null,
              {
                text: t("playlists.delete"),
                icon: "trash",
                action: () =>
                  deletePlaylist(id, (made) => {
                    location.hash = playlistHref(made.id);
                  }).then(() => {
                    location.hash = "#/playlists";
                  }, notifyError),
              },
            ],
            { label: t("menu.of", { name: saved.name }) },
          ),
      },
    },
    icon("ellipsis"),
  );
  const rules = saved.kind === "rules" ? rulesPart(saved, stage) : null;
  fill(
    stage,
    h(
      "div",
      { class: "playlist-head" },
      picture,
      h(
        "div",
        { class: "playlist-names" },
        name,
        facts,
        h(
          "div",
          { class: "row" },
          playButton(list),
          button("shuffle", t("collection.shuffle"), () =>
            playTracks(tracksOf(list), saved.name, { shuffle: true }),
          ),
          button("radio", t("collection.radio"), () => playRadio(tracksOf(list), saved.name)),
          saved.kind === "tracks"
            ? null
            : button("refresh", t("playlists.refresh"), () => refresh(saved, stage)),
          menu,
        ),
      ),
    ),
    rules,
    empty,
    list,
    hintList(saved.hints),
    suggestions(list, isSelfRefreshing ? null : edit),
  );
}

/** Rules of a smart playlist, in a part that opens. */
function rulesPart(saved, stage) {
  const editor = ruleEditor(/** @type {any} */ (saved.recipe));
  const save = async (event) => {
    event.preventDefault();
    const recipe = editor.recipe();
    if (!recipe) return;
    try {
      await changePlaylist(saved.id, { recipe: /** @type {any} */ (recipe) });
      await refresh(saved, stage);
    } catch (error) {
      notifyError(error);
    }
  };
  return h(
    "details",
    { class: "card rules-part" },
    h("summary", {}, t("playlists.rules"), ": ", editor.summary()),
    h(
      "form",
      { class: "stack", on: { submit: save } },
      editor.element,
      h("button", { class: "primary", type: "submit" }, t("playlists.applyRules")),
    ),
  );
}

function tracksOf(list) {
  return list.items.map((item) => item.track);
}

/**
 * Tracks like those of the playlist that it does not hold; `edit` adds one to the playlist, null where it
 * cannot be edited.
 */
function suggestions(list, edit) {
  const found = h("track-list", { "aria-label": t("playlists.suggestions") });
  const section = h(
    "section",
    { class: "suggestions", "aria-labelledby": "suggestions-title", hidden: true },
    h(
      "div",
      { class: "between" },
      h("h2", { id: "suggestions-title" }, t("playlists.suggestions")),
      h(
        "button",
        { class: "subtle", type: "button", on: { click: () => load() } },
        icon("refresh"),
        t("playlists.otherSuggestions"),
      ),
    ),
    found,
  );
  /** @type {any[]} */
  let spare = [];
  let turn = 0;
  const load = async () => {
    const own = new Set(list.items.map((item) => item.track.track_id));
    if (!own.size) return;
    turn += 1;
    const like = spread([...own], MAX_SEEDS);
    const recipe = {
      like,
      k: 3 * N_SUGGESTED,
      dials: { randomness: turn > 1 ? 0.5 : 0, seed: turn },
    };
    try {
      const answer = await postQuery("/playlists/preview", { kind: "like", recipe });
      const items = answer.tracks.filter((item) => !own.has(item.track.track_id));
      spare = items.slice(N_SUGGESTED);
      found.show(items.slice(0, N_SUGGESTED));
      section.hidden = !items.length;
    } catch {
      section.hidden = true; // the playlist is complete without suggestions
    }
  };
  found.source = t("playlists.suggestions");
  found.proposed = true;
  if (edit)
    found.rowAction = {
      icon: "add",
      label: (name) => t("playlists.addNamed", { name }),
      action: async (row) => {
        const { item } = row;
        if (!(await edit({ add: [item.track.track_id] }))) return;
        const { track } = item;
        list.show([...list.items, asItem(track)]);
        const [next] = spare.splice(0, 1);
        // another suggestion takes the place of the added one
        found.show(
          found.items.flatMap((one) => (one === item ? (next ? [next] : []) : [one])),
          { animate: false },
        );
        announce(t("playlists.added", { n: 1, name: list.source }));
        notify(t("playlists.added", { n: 1, name: list.source }), {
          label: t("common.undo"),
          action: async () => {
            await edit({ remove: [track.track_id] });
            list.show(list.items.filter((one) => one.track.track_id !== track.track_id));
          },
        });
      },
    };
  setTimeout(load);
  return section;
}

function button(picture, text, action) {
  return h("button", { type: "button", on: { click: action } }, icon(picture), text);
}
