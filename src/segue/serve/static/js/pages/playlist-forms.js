// Forms that create playlists: from tracks, path, blend, radio.

import { get, post } from "../api.js";
import { fill, h } from "../dom.js";
import { plural, trackTitle } from "../format.js";
import { icon } from "../icons.js";
import { notifyError } from "../notifications.js";
import { state } from "../store.js";
import { showPreview } from "./playlist-view.js";
import "../elements/track-picker.js";

const LENGTHS = [10, 20, 30, 50];
const SEED_SHARE = 0.8; // the server's default

/** Return the card that creates playlists and shows them in `view`. */
export function playlistForms(view, query) {
  const forms = { like: fromTracks(), path: path(), blend: blend(), radio: radio() };
  const body = h("div", { class: "playlist-form-body", role: "tabpanel", id: "playlist-form" });
  const tabs = h("div", {
    class: "switch",
    role: "tablist",
    "aria-label": "Kind of playlist",
  });
  const length = h(
    "select",
    { "aria-label": "How many tracks" },
    LENGTHS.map((k) => h("option", { value: k, selected: k === 20 }, plural(k, "track"))),
  );
  const create = h("button", { class: "primary", type: "submit" }, "Create");
  let current = forms[query.get("make")] ? query.get("make") : "like";
  const show = () => {
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
          icon(form.icon),
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
        recipe: { ...recipe, k: Number(length.value) },
      };
      showPreview(
        await post("/playlists/preview", { kind: wanted.kind, recipe: wanted.recipe }),
        wanted,
        view,
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
    h("h2", {}, "New playlist"),
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
    "aria-label": "My taste or these tracks",
  });
  return {
    field: h(
      "label",
      { class: "field" },
      "My taste or these tracks",
      h(
        "span",
        { class: "row range-ends" },
        h("small", {}, "My taste"),
        slider,
        h("small", {}, "These tracks"),
      ),
    ),
    dials: () => {
      const share = Number(slider.value);
      return share === SEED_SHARE ? {} : { dials: { seed_share: share } };
    },
  };
}

function fromTracks() {
  const like = picker("Similar to", 12);
  const share = seedShare();
  return {
    name: "From tracks",
    icon: "seed",
    picker: like,
    about: "Tracks similar to those you choose.",
    needs: "Choose at least one track.",
    fields: h(
      "div",
      { class: "stack" },
      h("div", { class: "field" }, "Similar to", like),
      share.field,
    ),
    recipe: () => like.ids.length && { like: like.ids, dislike: [], ...share.dials() },
    title: () => `Like ${trackTitle(like.tracks[0])}`,
  };
}

function path() {
  const [from, to] = [picker("From", 1), picker("To", 1)];
  return {
    name: "Path",
    icon: "path",
    from,
    about: "A gradual transition from one track to another.",
    needs: "Choose a first and a last track.",
    fields: h(
      "div",
      { class: "stack" },
      h("div", { class: "field" }, "From", from),
      h("div", { class: "field" }, "To", to),
    ),
    recipe: () => from.ids.length && to.ids.length && { start: from.ids[0], end: to.ids[0] },
    title: () => `${trackTitle(from.tracks[0])} to ${trackTitle(to.tracks[0])}`,
  };
}

function blend() {
  const names = h("div", { class: "blend-names", role: "group", "aria-label": "Listeners" });
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
    name: "Blend",
    icon: "blend",
    about: "For several listeners, fair to each of them.",
    needs: "Choose at least two listeners.",
    fields: h("div", { class: "stack" }, names),
    recipe: () => chosen().length > 1 && { users: chosen() },
    title: () => chosen().join(" and "),
  };
}

function radio() {
  const like = picker("Start with", 12, "Your taste, or a track");
  const share = seedShare();
  return {
    name: "Radio",
    icon: "radio",
    picker: like,
    about: "Endless; up to half familiar.",
    needs: "",
    fields: h(
      "div",
      { class: "stack" },
      h("div", { class: "field" }, "Start with", like),
      share.field,
    ),
    recipe: () => ({ like: like.ids, dislike: [], ...share.dials() }),
    title: () => (like.tracks.length ? `Radio: ${trackTitle(like.tracks[0])}` : "My radio"),
  };
}
