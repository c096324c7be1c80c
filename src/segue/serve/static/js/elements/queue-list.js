// The tracks that play next, as a list: play now, move by drag or keys, remove, menu.

import { post } from "../api.js";
import { fill, h, onSubmit } from "../dom.js";
import { trackArtist, trackLabel, trackTitle } from "../format.js";
import { t } from "../i18n.js";
import { icon } from "../icons.js";
import { startDrag } from "../list-drag.js";
import { announce, notify, notifyError } from "../notifications.js";
import { player } from "../player.js";
import { cover } from "./cover.js";
import { iconButton } from "./player-controls.js";
import { openTrackMenu } from "./track-menu.js";

const MAX_SHOWN = 100;
const COVER = 40;

export class QueueList {
  element = h("div", { class: "queue" });
  #dragging = false;
  #outdated = false;

  constructor() {
    player.addEventListener("queue", () => this.#show());
    new ResizeObserver(() => this.#outdated && this.#show()).observe(this.element);
    this.#show();
  }

  /** @returns {HTMLElement[]} */
  #rows() {
    return [...this.element.querySelectorAll("li")];
  }

  #show() {
    this.#outdated = this.#dragging || !this.element.checkVisibility();
    if (this.#outdated) return;
    const focused = /** @type {HTMLElement | null} */ (
      this.element.contains(document.activeElement) ? document.activeElement : null
    );
    const place = focused ? this.#rows().findIndex((row) => row.contains(focused)) : -1;
    const control = [...(focused?.classList ?? [])].find((name) => name.startsWith("queue-"));
    const { queue, source } = player;
    const upNext = player.upNext.slice(0, MAX_SHOWN);
    const queued = upNext.slice(0, queue.length);
    const upcoming = upNext.slice(queue.length);
    const more = player.upNext.length - upNext.length;
    fill(
      this.element,
      queued.length ? [h("h3", {}, t("queue.added")), this.#list(queued, 0)] : null,
      upcoming.length
        ? [
            h("h3", { dir: "auto" }, source ? t("queue.from", { name: source }) : t("queue.next")),
            this.#list(upcoming, queue.length),
          ]
        : null,
      more > 0 ? h("p", { class: "muted-text" }, t("queue.more", { n: more })) : null,
      upNext.length ? null : h("p", { class: "muted-text" }, t("queue.empty")),
    );
    if (place >= 0) this.#focus(Math.min(place, upNext.length - 1), control);
  }

  #focus(place, control = "queue-remove") {
    const found = this.#rows()[place]?.querySelector(`.${control}`);
    /** @type {HTMLElement | undefined} */ (found ?? undefined)?.focus({ preventScroll: true });
  }

  #list(tracks, first) {
    return h(
      "ol",
      { class: "queue-list" },
      tracks.map((track, place) => this.#row(track, first + place)),
    );
  }

  #row(track, place) {
    const name = trackLabel(track);
    const grip = iconButton("grip", t("queue.move", { name }), () => {});
    grip.classList.add("queue-grip");
    grip.setAttribute("aria-keyshortcuts", "ArrowUp ArrowDown");
    grip.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      this.#dragging = true;
      let dropped = place;
      startDrag(event, row, this.#rows(), (from, to) => {
        dropped = to;
        this.#move(from, to);
      });
      const released = () => {
        this.#dragging = false;
        if (this.#outdated) this.#show();
        this.#focus(dropped, "queue-grip");
      };
      grip.addEventListener("lostpointercapture", released, { once: true });
    });
    const remove = iconButton("close", t("queue.remove", { name }), () => this.#remove(place));
    remove.classList.add("queue-remove");
    const menu = iconButton("ellipsis", t("menu.of", { name }), () => openTrackMenu(track, menu));
    menu.classList.add("queue-menu");
    menu.setAttribute("aria-haspopup", "menu");
    const row = h(
      "li",
      {},
      grip,
      h(
        "button",
        {
          class: "cover queue-play",
          type: "button",
          "aria-label": t("queue.playNow", { name }),
          on: { click: () => player.playNow(place) },
        },
        cover(track, COVER),
        h("span", { class: "cover-symbol" }, icon("play")),
      ),
      h(
        "span",
        { class: "names" },
        h("span", { dir: "auto", title: trackTitle(track) }, trackTitle(track)),
        h("span", { dir: "auto", title: trackArtist(track) }, trackArtist(track)),
      ),
      menu,
      remove,
    );
    row.addEventListener("keydown", (event) => {
      const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
      if (!by || (!event.altKey && event.target !== grip)) return;
      event.preventDefault();
      event.stopPropagation();
      const to = place + by;
      if (to < 0 || to >= player.upNext.length) return;
      grip.focus();
      player.move(place, to);
      this.#focus(to, "queue-grip");
      announce(t("queue.movedTo", { name, place: to + 1, of: player.upNext.length }));
    });
    return row;
  }

  #move(from, to) {
    const track = player.upNext[from];
    const undo = player.move(from, to);
    offerUndo(t("queue.moved", { title: trackTitle(track) }), undo);
  }

  #remove(place) {
    const track = player.upNext[place];
    const undo = player.dequeue(place);
    offerUndo(t("queue.removed", { title: trackTitle(track) }), undo);
  }
}

/** Buttons for the whole queue: save it as a playlist, clear it. */
export function queueActions() {
  const save = iconButton("save", t("queue.save"), saveQueueAs);
  const clear = iconButton("trash", t("queue.clear"), () => {
    const n = player.upNext.length;
    offerUndo(t("queue.cleared", { n }), player.clearQueue());
  });
  const update = () => {
    save.disabled = !player.track && !player.upNext.length;
    clear.disabled = !player.upNext.length;
  };
  player.addEventListener("queue", update);
  update();
  return h("span", { class: "queue-actions" }, save, clear);
}

function offerUndo(text, undo) {
  notify(text, { label: t("common.undo"), action: undo });
}

/** Ask for a name, and save the current track and the queue as a playlist. */
function saveQueueAs() {
  const tracks = [player.track, ...player.upNext].flatMap((track) => track?.track_id ?? []);
  const name = h("input", {
    type: "text",
    required: true,
    maxlength: 200,
    value: player.source || t("queue.title"),
  });
  const close = () => dialog.close();
  const save = async () => {
    button.disabled = true;
    try {
      const made = await post("/playlists", { name: name.value.trim(), tracks });
      close();
      notify(t("playlists.created", { name: made.name }), {
        label: t("common.open"),
        action: () => (location.hash = `#/playlist?${new URLSearchParams({ id: made.id })}`),
      });
    } catch (error) {
      button.disabled = false;
      notifyError(error);
    }
  };
  const button = h("button", { class: "primary", type: "submit" }, t("common.save"));
  const dialog = h(
    "dialog",
    { "aria-labelledby": "save-queue-title", on: { close: () => dialog.remove() } },
    h(
      "form",
      { class: "stack", on: { submit: onSubmit(() => name.value.trim() && save()) } },
      h("h2", { id: "save-queue-title" }, t("queue.save")),
      h("p", { class: "muted-text" }, t("n.tracks", { n: tracks.length })),
      h("label", { class: "field" }, t("playlists.name"), name),
      h(
        "div",
        { class: "row" },
        button,
        h("button", { type: "button", on: { click: close } }, t("common.cancel")),
      ),
    ),
  );
  document.body.append(dialog);
  dialog.showModal();
  name.select();
}
