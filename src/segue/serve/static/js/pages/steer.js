// Steer page: weights of signals, dials and exclusions, with a preview of the list.

import { coalesce, fill, h } from "../dom.js";
import { ruleCards } from "../elements/rule-cards.js";
import { legend, swatch } from "../elements/why-bar.js";
import { formatPercent } from "../format.js";
import { notifyError } from "../notifications.js";
import { fetchRecommendations, forYou } from "../recommendations.js";
import { aboutOf, colorOf, inOrder, titleOf } from "../signals.js";
import { emptySteer, isNeutral, setSteer, state, store } from "../store.js";
import "../elements/exclusion-chips.js";
import "../elements/list-changes.js";
import "../elements/track-list.js";
import "../elements/weight-slider.js";

const DIALS = {
  popularity: ["Deep cuts or hits", "Deep cuts", "Hits"],
  energy: ["Energy", "Calmer", "More energetic"],
  valence: ["Mood", "Sadder", "Happier"],
  diversity: ["Diversity", "Similar", "Diverse"],
  max_known_share: ["New or familiar", "Only new", "Familiar"],
  randomness: ["Randomness", "The same each time", "Surprise me"],
  calibration: ["Genre mix", "Any", "Like my plays"],
};
const CAPS = { artist_cap: "Tracks per artist", album_cap: "Tracks per album" };
const SWITCHES = {
  interests: "Cover all my interests in proportion",
  versions: "Allow several versions of a song",
};
const CAP_CHOICES = [1, 2, 3, 5];

export const steer = {
  title: "Steer",
  async show(main, { heading, onLeave }) {
    const preview = makePreview(onLeave);
    const controls = h("div", { class: "steer-controls" });
    const reset = h(
      "button",
      { type: "button", on: { click: () => setSteer(emptySteer()) } },
      "Reset",
    );
    fill(
      main,
      h(
        "div",
        { class: "page-head" },
        h(
          "div",
          {},
          heading,
          h("p", {}, "Set how much each signal counts. The preview updates while you drag."),
        ),
        reset,
      ),
      h("div", { class: "steer" }, controls, preview.section),
    );
    const rules = ruleCards(onLeave);
    const build = () => {
      fill(controls, weightsCard(preview), dialsCard(preview), exclusionsCard(preview), rules);
      reset.disabled = isNeutral(state.steer);
    };
    const onSteer = () => {
      reset.disabled = isNeutral(state.steer);
      if (isNeutral(state.steer)) build();
      preview.refresh();
    };
    build();
    store.addEventListener("steer", onSteer);
    onLeave(() => store.removeEventListener("steer", onSteer));
    await preview.start();
  },
};

/** Preview of the list, compared with the list before the current change. */
function makePreview(onLeave) {
  const changes = h("list-changes", {});
  const colors = h("div", { class: "list-legend" });
  const list = h("track-list", { "aria-label": "Preview of the list" });
  list.source = "the preview";
  list.proposed = true;
  let base = [];
  let wanted = state.steer;
  let request = null;
  let dragging = false;
  onLeave(() => request?.abort());
  // one request at a time: during a drag, only the latest position is requested next
  const update = coalesce(async () => {
    request = new AbortController();
    try {
      const answer = await fetchRecommendations(wanted, request.signal);
      show(answer.tracks, dragging);
    } catch (error) {
      notifyError(error);
    }
  });
  const show = (items, quiet) => {
    const old = new Set(base.map((item) => item.track.track_id));
    const now = new Set(items.map((item) => item.track.track_id));
    const added = items.filter((item) => !old.has(item.track.track_id)).map((item) => item.track);
    const removed = base.filter((item) => !now.has(item.track.track_id)).map((item) => item.track);
    changes.show({ added, removed, quiet });
    fill(colors, legend(items));
    list.show(items, { added: added.map((track) => track.track_id) });
  };
  return {
    section: h(
      "section",
      { class: "steer-list card", "aria-labelledby": "steer-list-title" },
      h("h2", { id: "steer-list-title" }, "Preview"),
      changes,
      colors,
      list,
    ),
    refresh() {
      wanted = state.steer;
      return update();
    },
    /** Preview settings while a control is dragged, without saving them. */
    preview(steered) {
      if (!dragging && list.items.length) base = list.items;
      dragging = true;
      wanted = steered;
      update();
    },
    /** Save settings after a control was released. */
    save(steered) {
      if (!dragging && list.items.length) base = list.items;
      dragging = false;
      setSteer(steered);
    },
    async start() {
      base = forYou.items.length ? forYou.items : (await fetchRecommendations(state.steer)).tracks;
      show(base, true);
      if (forYou.items.length) await update();
      if (!dragging) base = list.items;
    },
  };
}

function weightsCard(preview) {
  const { me } = state;
  const learned = me.weights.personal ? me.weights.own : me.weights.everyone;
  const names = inOrder(Object.keys(learned));
  const sliders = new Map();
  const weights = () =>
    Object.fromEntries(
      names
        .filter((name) => sliders.get(name).dataset.touched)
        .map((name) => [name, sliders.get(name).value]),
    );
  const shares = () => {
    const total = names.reduce((sum, name) => sum + sliders.get(name).value, 0);
    for (const name of names)
      sliders.get(name).showText(total ? formatPercent(sliders.get(name).value / total) : "none");
  };
  for (const name of names) {
    const marks = [{ at: learned[name], label: `Learned: ${formatPercent(learned[name])}` }];
    if (me.weights.personal && name in me.weights.everyone)
      marks.push({
        at: me.weights.everyone[name],
        label: `All listeners: ${formatPercent(me.weights.everyone[name])}`,
        kind: "everyone",
      });
    const slider = document.createElement("weight-slider").setUp({
      label: titleOf(name),
      about: aboutOf(name),
      value: state.steer.weights[name] ?? learned[name],
      marks,
      color: colorOf(name),
      lead: swatch(name),
      format: (value) => formatPercent(value),
    });
    if (name in state.steer.weights) slider.dataset.touched = "yes";
    slider.addEventListener("input", () => {
      slider.dataset.touched = "yes";
      shares();
      preview.preview({ ...state.steer, weights: weights() });
    });
    slider.addEventListener("change", () => preview.save({ ...state.steer, weights: weights() }));
    sliders.set(name, slider);
  }
  shares();
  return h(
    "section",
    { class: "card", "aria-labelledby": "weights-title" },
    h("h2", { id: "weights-title" }, "Signals"),
    h(
      "p",
      { class: "muted-text marks-legend" },
      h("i", { class: "mark-sample" }),
      me.weights.personal
        ? [
            "learned from your plays",
            h("i", { class: "mark-sample is-everyone" }),
            "learned from all listeners",
          ]
        : "learned from all listeners",
    ),
    h("div", { class: "sliders" }, [...sliders.values()]),
  );
}

function dialsCard(preview) {
  const offered = state.me.dials.filter((dial) => dial.name in DIALS);
  const value = (dial) => state.steer.dials[dial.name] ?? dial.default;
  const withDial = (name, number, usual) => {
    const { [name]: _, ...rest } = state.steer.dials;
    return { ...state.steer, dials: number === usual ? rest : { ...rest, [name]: number } };
  };
  const order = Object.keys(DIALS);
  const sliders = offered
    .sort((one, other) => order.indexOf(one.name) - order.indexOf(other.name))
    .map((dial) => {
      const [label, low, high] = DIALS[dial.name];
      const slider = document.createElement("weight-slider").setUp({
        label,
        ends: [low, high],
        low: dial.low,
        high: dial.high,
        value: value(dial),
        marks: [{ at: dial.default, label: "Default" }],
        format: (number) => (number === dial.default ? "default" : number.toFixed(2)),
      });
      slider.addEventListener("input", () =>
        preview.preview(withDial(dial.name, slider.value, dial.default)),
      );
      slider.addEventListener("change", () =>
        preview.save(withDial(dial.name, slider.value, dial.default)),
      );
      return slider;
    });
  const caps = Object.entries(CAPS).map(([name, label]) => {
    const select = h(
      "select",
      {},
      h("option", { value: "" }, "No limit"),
      CAP_CHOICES.map((most) => h("option", { value: most }, `At most ${most}`)),
    );
    select.value = state.steer.dials[name] ?? "";
    select.addEventListener("change", () =>
      preview.save(withDial(name, select.value ? Number(select.value) : null, null)),
    );
    return h("label", { class: "field" }, label, select);
  });
  const switches = Object.entries(SWITCHES).map(([name, label]) => {
    const box = h("input", { type: "checkbox", checked: Boolean(state.steer.dials[name]) });
    box.addEventListener("change", () => preview.save(withDial(name, box.checked, false)));
    return h("label", { class: "row" }, box, label);
  });
  return h(
    "section",
    { class: "card", "aria-labelledby": "dials-title" },
    h("h2", { id: "dials-title" }, "Dials"),
    h("div", { class: "sliders" }, sliders),
    h("div", { class: "caps" }, caps),
    h("div", { class: "stack" }, switches),
  );
}

function exclusionsCard(preview) {
  const chips = document.createElement("exclusion-chips");
  chips.value = state.steer.exclusions;
  chips.addEventListener("exclude", () =>
    preview.save({ ...state.steer, exclusions: chips.value }),
  );
  chips.offer([...new Set(forYou.tracks.flatMap((track) => track.genres))].sort());
  return h(
    "section",
    { class: "card", "aria-labelledby": "never-title" },
    h("h2", { id: "never-title" }, "Exclusions"),
    h(
      "p",
      { class: "muted-text" },
      "Leave these out of the lists on this page. For all devices, see Never play.",
    ),
    chips,
  );
}
