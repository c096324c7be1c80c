// Forms that create playlists: by rules, from tracks, path, blend, radio.

import { get, post } from "../api.js";
import { fill, h } from "../dom.js";
import { joinNames, trackTitle } from "../format.js";
import { t } from "../i18n.js";
import { icon } from "../icons.js";
import { notifyError } from "../notifications.js";
import { state } from "../store.js";
import { ruleEditor, ruleText } from "./playlist-rules.js";
import { showPreview } from "./playlist-view.js";
import "../elements/track-picker.js";

const LENGTHS = [10, 20, 30, 50];
const SEED_SHARE = 0.8; // the server's default

/** Return the card that creates playlists and shows them in `stage`. */
export function playlistForms(stage, query) {
  const forms = {
    rules: byRules(),
    like: fromTracks(),
    path: path(),
    blend: blend(),
    radio: radio(),
  };
  const body = h("div", { class: "playlist-form-body", role: "tabpanel", id: "playlist-form" });
  const tabs = h("div", {
    class: "switch",
    role: "tablist",
    "aria-label": t("make.kind"),
  });
  const length = h(
    "select",
    { "aria-label": t("make.length") },
    LENGTHS.map((k) => h("option", { value: k, selected: k === 20 }, t("n.tracks", { n: k }))),
  );
  const create = h("button", { class: "primary", type: "submit" }, t("make.create"));
  let current = forms[query.get("make")] ? query.get("make") : "like";
  const show = () => {
    length.hidden = current === "rules"; // its editor has a limit of its own
    fill(
      tabs,
      Object.entries(forms).map(([name, form]) =>
        h(
          "button",
          {
            type: "button",
            role: "tab",
            "aria-selected": String(name === current),
            "aria-controls": "playlist-form",
            on: {
              click: () => {
                current = name;
                show();
              },
            },
          },
          icon(/** @type {import("../icons.js").IconName} */ (form.icon)),
          form.name,
        ),
      ),
    );
    fill(
      body,
      h("p", { class: "muted-text" }, forms[current].about),
      forms[current].fields,
      fill(error),
    );
  };
  tabs.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.stopPropagation();
    const names = Object.keys(forms);
    current = names[(names.indexOf(current) + step + names.length) % names.length];
    show();
    /** @type {HTMLElement} */ (tabs.children[names.indexOf(current)]).focus();
  });
  const run = async (event) => {
    event?.preventDefault();
    const form = forms[current];
    const recipe = form.recipe();
    if (!recipe) return fill(error, form.needs);
    fill(error);
    create.disabled = true;
    try {
      const wanted = {
        name: form.title(),
        kind: current,
        recipe: { k: Number(length.value), ...recipe },
      };
      showPreview(
        await post("/playlists/preview", { kind: wanted.kind, recipe: wanted.recipe }),
        wanted,
        stage,
      );
    } catch (error) {
      notifyError(error);
    } finally {
      create.disabled = false;
    }
  };
  const error = h("p", { class: "form-error", role: "alert" });
  show();
  prefill(forms, query, run);
  return h(
    "form",
    { class: "card stack playlist-form", on: { submit: run } },
    tabs,
    body,
    h("div", { class: "row" }, length, create),
  );
}

/** Fill in the tracks that another page put in the query. */
async function prefill(forms, query, run) {
  const pickers = { like: [forms.like.picker, forms.radio.picker], from: [forms.path.from] };
  for (const [key, filled] of Object.entries(pickers)) {
    if (!query.get(key)) continue;
    try {
      const track = await get("/tracks/{track_id}", { params: { track_id: query.get(key) } });
      for (const picker of filled) picker.tracks = [track];
      if (key === "like") run();
    } catch (error) {
      notifyError(error);
    }
  }
}

function picker(label, most, placeholder) {
  return h("track-picker", { label, most, placeholder });
}

/** Slider between the chosen tracks and the listener's own taste; nothing is sent at its default. */
function seedShare() {
  const slider = h("input", {
    type: "range",
    min: 0,
    max: 1,
    step: 0.1,
    value: SEED_SHARE,
    "aria-label": t("make.share"),
    style: { "--fill": `${100 * SEED_SHARE}%` },
    on: { input: () => slider.style.setProperty("--fill", `${100 * Number(slider.value)}%`) },
  });
  return {
    field: h(
      "label",
      { class: "field" },
      t("make.share"),
      h(
        "span",
        { class: "row range-ends" },
        h("small", {}, t("make.shareTaste")),
        slider,
        h("small", {}, t("make.shareTracks")),
      ),
    ),
    dials: () => {
      const share = Number(slider.value);
      return share === SEED_SHARE ? {} : { dials: { seed_share: share } };
    },
  };
}

/** Smart playlist: it is made again whenever it is opened. */
function byRules() {
  const editor = ruleEditor();
  return {
    name: t("playlists.kind.rules"),
    icon: "rules",
    about: t("make.rulesAbout"),
    needs: t("make.rulesNeeds"),
    fields: editor.element,
    recipe: () => editor.recipe(),
    title: () => (editor.recipe()?.rules.map(ruleText).join(", ") ?? "").slice(0, 100),
  };
}

function fromTracks() {
  const like = picker(t("make.similar"), 12);
  const share = seedShare();
  return {
    name: t("playlists.kind.like"),
    icon: "seed",
    picker: like,
    about: t("make.likeAbout"),
    needs: t("make.likeNeeds"),
    fields: h(
      "div",
      { class: "stack" },
      h("div", { class: "field" }, t("make.similar"), like),
      share.field,
    ),
    recipe: () => like.ids.length && { like: like.ids, dislike: [], ...share.dials() },
    title: () => t("make.likeTitle", { name: trackTitle(like.tracks[0]) }),
  };
}

function path() {
  const [from, to] = [picker(t("make.from"), 1), picker(t("make.to"), 1)];
  return {
    name: t("playlists.kind.path"),
    icon: "path",
    from,
    about: t("make.pathAbout"),
    needs: t("make.pathNeeds"),
    fields: h(
      "div",
      { class: "stack" },
      h("div", { class: "field" }, t("make.from"), from),
      h("div", { class: "field" }, t("make.to"), to),
    ),
    recipe: () => from.ids.length && to.ids.length && { start: from.ids[0], end: to.ids[0] },
    title: () =>
      t("make.pathTitle", { from: trackTitle(from.tracks[0]), to: trackTitle(to.tracks[0]) }),
  };
}

function blend() {
  const names = h("div", {
    class: "blend-names",
    role: "group",
    "aria-label": t("make.listeners"),
  });
  get("/listeners", { query: { limit: 1000 } }).then(
    ({ items }) =>
      fill(
        names,
        items.map(({ name }) =>
          h(
            "label",
            { class: "row" },
            h("input", { type: "checkbox", value: name, checked: name === state.session.listener }),
            name,
          ),
        ),
      ),
    notifyError,
  );
  const chosen = () =>
    [...names.querySelectorAll("input")].filter((box) => box.checked).map((box) => box.value);
  return {
    name: t("playlists.kind.blend"),
    icon: "blend",
    about: t("make.blendAbout"),
    needs: t("make.blendNeeds"),
    fields: h("div", { class: "stack" }, names),
    recipe: () => chosen().length > 1 && { users: chosen() },
    title: () => joinNames(chosen()),
  };
}

function radio() {
  const like = picker(t("make.start"), 12, t("make.startHint"));
  const share = seedShare();
  return {
    name: t("playlists.kind.radio"),
    icon: "radio",
    picker: like,
    about: t("make.radioAbout"),
    needs: "",
    fields: h(
      "div",
      { class: "stack" },
      h("div", { class: "field" }, t("make.start"), like),
      share.field,
    ),
    recipe: () => ({ like: like.ids, dislike: [], ...share.dials() }),
    title: () =>
      like.tracks.length ? t("radio.of", { name: trackTitle(like.tracks[0]) }) : t("radio.own"),
  };
}
