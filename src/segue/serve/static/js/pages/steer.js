// Steer page: weights of signals, dials and exclusions, with a preview of the list.

import { coalesce, fill, h } from "../dom.js";
import { ruleCards } from "../elements/rule-cards.js";
import { legend, swatch } from "../elements/why-bar.js";
import { formatPercent } from "../format.js";
import { t } from "../i18n.js";
import { notify, notifyError } from "../notifications.js";
import { fetchRecommendations, forYou } from "../recommendations.js";
import { aboutOf, colorOf, inOrder, titleOf } from "../signals.js";
import { emptySteer, setSteer, state, store } from "../store.js";
import "../elements/exclusion-chips.js";
import "../elements/list-changes.js";
import "../elements/track-list.js";
import "../elements/weight-slider.js";

/** Dials in their order: name, and names of both ends. */
const DIALS = {
  popularity: [t("steer.popularity"), t("steer.popularityLow"), t("steer.popularityHigh")],
  energy: [t("steer.energy"), t("steer.energyLow"), t("steer.energyHigh")],
  valence: [t("steer.valence"), t("steer.valenceLow"), t("steer.valenceHigh")],
  diversity: [t("steer.diversity"), t("steer.diversityLow"), t("steer.diversityHigh")],
  max_known_share: [t("steer.known"), t("steer.knownLow"), t("steer.knownHigh")],
  randomness: [t("steer.randomness"), t("steer.randomnessLow"), t("steer.randomnessHigh")],
  calibration: [t("steer.calibration"), t("steer.calibrationLow"), t("steer.calibrationHigh")],
};
const CAPS = { artist_cap: t("steer.artistCap"), album_cap: t("steer.albumCap") };
const SWITCHES = { interests: t("steer.interests"), versions: t("steer.versions") };
const DAYPARTS = /** @type {const} */ (["morning", "afternoon", "evening", "night"]);
const CAP_CHOICES = [1, 2, 3, 5];

export const steer = {
  title: t("steer.title"),
  async show(main, { heading, onLeave }) {
    const preview = makePreview(onLeave);
    const controls = h("div", { class: "steer-controls" });
    const reset = h("button", { type: "button", on: { click: resetSteer } }, t("steer.reset"));
    fill(
      main,
      h("div", { class: "page-head" }, h("div", {}, heading, h("p", {}, t("steer.about"))), reset),
      h("div", { class: "steer" }, controls, preview.section),
    );
    const rules = ruleCards(onLeave);
    const build = () => {
      fill(controls, weightsCard(preview), dialsCard(preview), exclusionsCard(preview), rules);
      reset.disabled = isDefault();
    };
    let wasDefault = isDefault();
    const onSteer = () => {
      reset.disabled = isDefault();
      if (isDefault() && !wasDefault) build();
      wasDefault = isDefault();
      preview.refresh();
    };
    build();
    store.addEventListener("steer", onSteer);
    onLeave(() => store.removeEventListener("steer", onSteer));
    await preview.start();
  },
};

/** Whether weights and dials have their defaults, whatever is excluded. */
function isDefault() {
  const { weights, dials, daypart } = state.steer;
  return !daypart && ![weights, dials].some((one) => Object.keys(one).length);
}

/** Reset weights and dials; what is excluded stays. */
function resetSteer() {
  const before = state.steer;
  setSteer({ ...emptySteer(), exclusions: before.exclusions });
  notify(t("steer.resetDone"), { label: t("common.undo"), action: () => setSteer(before) });
}

/** Preview of the list, compared with the list before the current change. */
function makePreview(onLeave) {
  const changes = h("list-changes", {});
  const colors = h("div", { class: "list-legend" });
  const list = h("track-list", { "aria-label": t("steer.previewLabel") });
  list.source = t("steer.preview");
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
      h("h2", { id: "steer-list-title" }, t("steer.preview")),
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
      sliders
        .get(name)
        .showText(total ? formatPercent(sliders.get(name).value / total) : t("steer.none"));
  };
  for (const name of names) {
    const marks = [
      { at: learned[name], label: t("steer.learned", { share: formatPercent(learned[name]) }) },
    ];
    if (me.weights.personal && name in me.weights.everyone)
      marks.push({
        at: me.weights.everyone[name],
        label: t("steer.everyone", { share: formatPercent(me.weights.everyone[name]) }),
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
    h("h2", { id: "weights-title" }, t("why.signals")),
    h(
      "p",
      { class: "muted-text marks-legend" },
      h("i", { class: "mark-sample" }),
      me.weights.personal
        ? [
            t("steer.learnedOwn"),
            h("i", { class: "mark-sample is-everyone" }),
            t("steer.learnedAll"),
          ]
        : t("steer.learnedAll"),
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
        marks: [{ at: dial.default, label: t("steer.default") }],
        format: (number) => (number === dial.default ? t("steer.default") : number.toFixed(2)),
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
      h("option", { value: "" }, t("steer.noLimit")),
      CAP_CHOICES.map((most) => h("option", { value: most }, t("steer.atMost", { most }))),
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
    h("h2", { id: "dials-title" }, t("steer.dials")),
    h("div", { class: "sliders" }, sliders),
    h("div", { class: "caps" }, caps, daypartField(preview)),
    h("div", { class: "stack" }, switches),
  );
}

/** Part of the day whose mood the list has. */
function daypartField(preview) {
  const select = h(
    "select",
    {},
    h("option", { value: "" }, t("steer.anyTime")),
    DAYPARTS.map((one) => h("option", { value: one }, t(`steer.${one}`))),
  );
  select.value = state.steer.daypart ?? "";
  select.addEventListener("change", () =>
    preview.save({ ...state.steer, daypart: select.value || null }),
  );
  return h("label", { class: "field" }, t("steer.daypart"), select);
}

function exclusionsCard(preview) {
  const chips = document.createElement("exclusion-chips");
  chips.value = state.steer.exclusions;
  const clear = h("button", { class: "subtle", type: "button" }, t("steer.clearExclusions"));
  const save = (exclusions) => {
    preview.save({ ...state.steer, exclusions });
    clear.disabled = !Object.keys(exclusions).length;
  };
  chips.addEventListener("exclude", () => save(chips.value));
  clear.disabled = !Object.keys(chips.value).length;
  clear.addEventListener("click", () => {
    const before = chips.value;
    chips.value = {};
    save({});
    notify(t("steer.exclusionsCleared"), {
      label: t("common.undo"),
      action: () => {
        chips.value = before;
        save(before);
      },
    });
  });
  chips.offer([...new Set(forYou.tracks.flatMap((track) => track.genres))].sort());
  return h(
    "section",
    { class: "card", "aria-labelledby": "never-title" },
    h("div", { class: "between" }, h("h2", { id: "never-title" }, t("steer.exclusions")), clear),
    h("p", { class: "muted-text" }, t("steer.exclusionsAbout")),
    chips,
  );
}
