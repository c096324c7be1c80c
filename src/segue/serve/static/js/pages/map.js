// Map page: every track is a point; similar tracks are close. A list shows the same tracks.

import { get, getBytes } from "../api.js";
import { fill, h } from "../dom.js";
import { t } from "../i18n.js";
import { icon } from "../icons.js";
import { addInteraction } from "../map/interaction.js";
import { showLegend } from "../map/legend.js";
import { MapData } from "../map/map-data.js";
import { waitForMap } from "../map/map-progress.js";
import { MapView } from "../map/map-view.js";
import { announce, notifyError } from "../notifications.js";
import { titleOf } from "../signals.js";
import { mapList } from "./map-list.js";
import { showPath } from "./map-path.js";

export const map = {
  title: t("map.title"),
  async show(main, { heading, onLeave }) {
    const top = h("div", { class: "page-head" }, h("div", {}, heading));
    const making = h("div", {}, h("div", { class: "map-stage", "aria-busy": "true" }));
    fill(main, top, making);
    const both = () => Promise.all([get("/map"), getBytes("/map/points")]);
    const [about, points] = await waitForMap(both, making);
    const data = new MapData(about, points);
    const stage = h("div", { class: "map-stage" });
    const side = h("section", { class: "map-side", hidden: true });
    const key = h("div", { class: "map-legend", role: "group", "aria-label": t("map.legend") });
    const tip = h("div", { class: "map-tip", hidden: true });
    const list = mapList(about);
    const parts = h("div", { class: "map" }, stage, side);
    making.after(key, parts, list.section); // do not refill `main`: the focus would be lost
    const highlight = (slot) => {
      data.only = slot;
      canvas.redraw();
    };
    const canvas = new MapView(stage, tip, data, (colors) =>
      showLegend(key, colors, data.only, highlight),
    );
    onLeave(() => canvas.close());
    const draw = pathButton(stage);
    const hidePath = () => {
      data.stops = null;
      canvas.redraw();
    };
    addInteraction(canvas, tip, {
      drawing: () => draw.isOn,
      drawn: (tracks) => {
        if (tracks) showPath(side, tracks, hidePath);
        else draw.turn(false);
      },
    });
    const shape = toggles(
      { map: t("map.viewMap"), list: t("map.viewList") },
      t("map.view"),
      (name) => {
        for (const part of [parts, key]) part.hidden = name === "list";
        list.section.hidden = name === "map";
        if (name === "list") list.load();
        else canvas.resize();
      },
    );
    const caption = h("p", {}, t("map.about", { n: about.n }));
    const tools = [encoders(canvas, making), coloring(canvas), draw.button, shape];
    heading.after(caption); // the heading itself is not moved: it keeps the focus
    top.append(h("div", { class: "row" }, tools));
    await canvas.load();
  },
};

/** Choice of the signal that places the tracks, if there are several; `making` shows the progress. */
function encoders(canvas, making) {
  const { about, by } = canvas.data;
  if (about.encoders.length < 2) return null;
  const choose = h(
    "select",
    { "aria-label": t("map.arrangedBy") },
    about.encoders.map((name) =>
      h("option", { value: name, selected: name === by }, titleOf(name)),
    ),
  );
  choose.addEventListener("change", () => {
    canvas.data.by = choose.value;
    waitForMap(() => canvas.load(), fill(making)).catch(notifyError);
  });
  return choose;
}

function coloring(canvas) {
  return toggles(
    { genre: t("map.genre"), affinity: t("map.myTaste") },
    t("map.colorBy"),
    (name) => {
      canvas.data.color = name;
      canvas.paint().catch(notifyError);
    },
  );
}

/** Button that switches drawing of paths on and off. */
function pathButton(stage) {
  const button = h(
    "button",
    { type: "button", "aria-pressed": "false" },
    icon("path"),
    t("map.drawPath"),
  );
  const path = {
    button,
    isOn: false,
    turn(on) {
      path.isOn = on;
      button.setAttribute("aria-pressed", String(on));
      stage.classList.toggle("is-drawing", on);
    },
  };
  button.addEventListener("click", () => {
    path.turn(!path.isOn);
    if (path.isOn) announce(t("map.drawHint"));
  });
  return path;
}

/** Group of buttons of which one is pressed; at first the first one. */
function toggles(choices, label, chosen) {
  const box = h("div", { class: "switch", role: "group", "aria-label": label });
  const buttons = Object.entries(choices).map(([name, text], place) => {
    const button = h("button", { type: "button", "aria-pressed": String(place === 0) }, text);
    button.addEventListener("click", () => {
      for (const one of buttons) one.setAttribute("aria-pressed", String(one === button));
      chosen(name);
    });
    return button;
  });
  return fill(box, buttons);
}
