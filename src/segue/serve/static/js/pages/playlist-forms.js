// The ways to make a playlist, each with what it needs to know.

import { get, ofTrack, post } from "../api.js";
import { fill, h } from "../dom.js";
import { title } from "../format.js";
import { icon } from "../icons.js";
import { noteProblem } from "../notifications.js";
import { state } from "../store.js";
import { showPreview } from "./playlist-view.js";
import "../elements/track-picker.js";

const LENGTHS = [10, 20, 30, 50];

/** A card that makes playlists and shows them on the stage of `view`. */
export function makers(view, query) {
  const ways = { like: fromSeeds(), path: path(), blend: blend(), radio: radio() };
  const body = h("div", { class: "maker-body", role: "tabpanel", id: "maker" });
  const tabs = h("div", {
    class: "switch",
    role: "tablist",
    "aria-label": "Ways to make a playlist",
  });
  const length = h(
    "select",
    { "aria-label": "How many tracks" },
    LENGTHS.map((k) => h("option", { value: k, selected: k === 20 }, `${k} tracks`)),
  );
  const make = h("button", { class: "main", type: "submit" }, "Make it");
  let current = ways[query.get("make")] ? query.get("make") : "like";
  const show = () => {
    fill(
      tabs,
      Object.entries(ways).map(([name, way]) =>
        h(
          "button",
          {
            type: "button",
            role: "tab",
            "aria-selected": String(name === current),
            "aria-controls": "maker",
            on: { click: () => ((current = name), show()) },
          },
          icon(way.icon),
          way.name,
        ),
      ),
    );
    fill(body, h("p", { class: "quiet-text" }, ways[current].about), ways[current].fields);
  };
  tabs.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.stopPropagation();
    const names = Object.keys(ways);
    current = names[(names.indexOf(current) + step + names.length) % names.length];
    show();
    tabs.children[names.indexOf(current)].focus();
  });
  const run = async (event) => {
    event?.preventDefault();
    const way = ways[current];
    const recipe = way.recipe();
    if (!recipe) return fill(way.problem, way.needs);
    fill(way.problem);
    make.disabled = true;
    try {
      const wanted = {
        name: way.title(),
        kind: current,
        recipe: { ...recipe, k: Number(length.value) },
      };
      showPreview(
        await post("/playlists/preview", { kind: wanted.kind, recipe: wanted.recipe }),
        wanted,
        view,
      );
    } catch (error) {
      noteProblem(error);
    } finally {
      make.disabled = false;
    }
  };
  for (const way of Object.values(ways))
    way.fields.append((way.problem = h("p", { class: "problem-line", role: "alert" })));
  show();
  prefill(ways, query, run);
  return h(
    "form",
    { class: "card stack maker", on: { submit: run } },
    h("h2", {}, "Make one"),
    tabs,
    body,
    h("div", { class: "row" }, length, make),
  );
}

/** Take up tracks that another page sent here. */
async function prefill(ways, query, run) {
  for (const [key, take] of [
    [
      "like",
      (track) => ((ways.like.picker.tracks = [track]), (ways.radio.picker.tracks = [track])),
    ],
    ["from", (track) => (ways.path.from.tracks = [track])],
  ]) {
    if (!query.get(key)) continue;
    try {
      take(await get(ofTrack(query.get(key))));
      if (key === "like") run();
    } catch (error) {
      noteProblem(error);
    }
  }
}

function picker(label, most, placeholder) {
  return h("track-picker", { label, most, placeholder });
}

function fromSeeds() {
  const like = picker("Tracks to go by", 12);
  return {
    name: "Seeds",
    icon: "seed",
    picker: like,
    about: "Tracks like those you name.",
    needs: "Name at least one track.",
    fields: h("div", { class: "stack" }, h("div", { class: "field" }, "Like", like)),
    recipe: () => like.ids.length && { like: like.ids, dislike: [] },
    title: () => `Like ${title(like.tracks[0])}`,
  };
}

function path() {
  const [from, to] = [picker("From", 1), picker("To", 1)];
  return {
    name: "Path",
    icon: "path",
    from,
    about: "In even steps from one track to another.",
    needs: "Name where it begins and where it ends.",
    fields: h(
      "div",
      { class: "stack" },
      h("div", { class: "field" }, "From", from),
      h("div", { class: "field" }, "To", to),
    ),
    recipe: () => from.ids.length && to.ids.length && { start: from.ids[0], end: to.ids[0] },
    title: () => `${title(from.tracks[0])} to ${title(to.tracks[0])}`,
  };
}

function blend() {
  const names = h("div", { class: "blend-names", role: "group", "aria-label": "Listeners" });
  get("/listeners", { limit: 1000 }).then(
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
    noteProblem,
  );
  const chosen = () => [...names.querySelectorAll("input:checked")].map((box) => box.value);
  return {
    name: "Blend",
    icon: "blend",
    about: "For several listeners together, fair to each.",
    needs: "Choose two or more.",
    fields: h("div", { class: "stack" }, names),
    recipe: () => chosen().length > 1 && { users: chosen() },
    title: () => chosen().join(" and "),
  };
}

function radio() {
  const like = picker("Tracks to begin with", 12, "Yours, or name a track");
  return {
    name: "Radio",
    icon: "radio",
    picker: like,
    about: "Goes on and on; half of it you may know.",
    needs: "",
    fields: h("div", { class: "stack" }, h("div", { class: "field" }, "Begin with", like)),
    recipe: () => ({ like: like.ids, dislike: [] }),
    title: () => (like.tracks.length ? `Radio: ${title(like.tracks[0])}` : "My radio"),
  };
}
