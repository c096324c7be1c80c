// Map: every track a point, near to what sounds alike. A list beside it says the same in words.

import { bytes, get } from "../api.js";
import { fill, h } from "../dom.js";
import { count } from "../format.js";
import { icon } from "../icons.js";
import { MapCanvas } from "../map/map-view.js";
import { hearing } from "../map/interaction.js";
import { showKey } from "../map/legend.js";
import { onceMade } from "../map/map-progress.js";
import { World } from "../map/map-data.js";
import { noteProblem, say } from "../notifications.js";
import { titleOf } from "../signals.js";
import { mapList } from "./map-list.js";
import { showPath } from "./map-path.js";

export const map = {
  title: "Map",
  async show(main, { heading, leaving }) {
    const top = h("div", { class: "page-head" }, h("div", {}, heading));
    const making = h("div");
    fill(main, top, making);
    const both = () => Promise.all([get("/map"), bytes("/map/points")]);
    const [about, points] = await onceMade(both, making);
    const world = new World(about, points);
    const stage = h("div", { class: "map-stage" });
    const side = h("section", { class: "map-side", hidden: true });
    const key = h("div", { class: "map-key" });
    const tip = h("div", { class: "map-tip", hidden: true });
    const list = mapList(about);
    const parts = h("div", { class: "map" }, stage, side);
    making.after(parts, key, list.section); // not anew: what has the focus keeps it
    const stands = (slot) => ((world.only = slot), canvas.redraw());
    const canvas = new MapCanvas(stage, tip, world, (colours) =>
      showKey(key, colours, world.only, stands),
    );
    leaving(() => canvas.close());
    const draw = pathButton(stage);
    hearing(canvas, tip, {
      drawing: () => draw.isOn,
      drawn: (tracks) => {
        if (tracks) showPath(side, tracks, () => ((world.stops = null), canvas.redraw()));
        else draw.turn(false);
      },
    });
    const shape = toggles({ map: "Map", list: "List" }, "Shown as", (name) => {
      for (const part of [parts, key]) part.hidden = name === "list";
      list.section.hidden = name === "map";
      if (name === "list") list.load();
      else canvas.resize();
    });
    const told = h("p", {}, `${count(about.n)} tracks. What is near sounds alike.`);
    const tools = [encoders(canvas, making), colouring(canvas), draw.button, shape];
    heading.after(told); // where it stands, it keeps the focus
    top.append(h("div", { class: "row" }, tools));
    await canvas.load();
  },
};

/** By which signal tracks are laid out, where there is a choice; `making` shows what is made first. */
function encoders(canvas, making) {
  const { about, by } = canvas.world;
  if (about.encoders.length < 2) return null;
  const choose = h(
    "select",
    { "aria-label": "Placed by" },
    about.encoders.map((name) =>
      h("option", { value: name, selected: name === by }, titleOf(name)),
    ),
  );
  choose.addEventListener("change", () => {
    canvas.world.by = choose.value;
    onceMade(() => canvas.load(), fill(making)).catch(noteProblem);
  });
  return choose;
}

function colouring(canvas) {
  return toggles({ genre: "Genre", affinity: "My taste" }, "Coloured by", (name) => {
    canvas.world.colour = name;
    canvas.paint().catch(noteProblem);
  });
}

/** A button that turns strokes into paths. */
function pathButton(stage) {
  const button = h(
    "button",
    { type: "button", "aria-pressed": "false" },
    icon("path"),
    "Draw a path",
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
    if (path.isOn) say("Draw over the map. With keys: Path, on the page Playlists.");
  });
  return path;
}

/** Buttons of which one is pressed, the first at first. */
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
