// Wait for a map that a job computes, and show the progress of the job.

import { get, post, remove } from "../api.js";
import { fill, h, uniqueId } from "../dom.js";
import { formatPercent } from "../format.js";
import { t } from "../i18n.js";
import { stageText } from "../job-stages.js";
import { announce, notifyError } from "../notifications.js";
import { serverEvents } from "../server-events.js";
import { state } from "../store.js";

const POLL_MS = 1000; // between two requests for the map
const POLL_WITH_EVENTS_MS = 5000; // the same when server events about the job arrive
const ANNOUNCE_STEP = 0.25; // of the job: progress announced to screen readers

/**
 * Return the result of `request` once the map is ready; until then show the progress in `place`, and
 * a way to go on where the job failed or was stopped. Throws an AbortError if the user leaves the page
 * in the meantime.
 */
export async function waitForMap(request, place) {
  let progress = null;
  for (;;) {
    try {
      const found = await request();
      if (progress) announce(t("map.ready"));
      place.replaceChildren();
      wasStopped = false;
      return found;
    } catch (error) {
      if (error.kind !== "in-progress") {
        progress = null;
        if (await restarted(error, place)) continue;
        throw error;
      }
      if (!progress) {
        progress = h("map-progress");
        fill(place, progress);
      }
      await progress.until(error.job);
      if (!progress.isConnected) throw new DOMException("The page was left.", "AbortError");
    }
  }
}

/** Show an error and what to do about it; resolves with true when the job was started again. */
function restarted(error, place) {
  const admin = state.session.admin;
  if (error.kind === "not-trained") {
    const link = h("a", { class: "button", href: "#/manage" }, t("map.train"));
    fill(place, h("div", { class: "empty stack" }, h("p", {}, t("map.notTrained")), admin && link));
    return Promise.resolve(false);
  }
  const text = h("p", {}, wasStopped ? t("map.stopped") : error.message);
  wasStopped = false;
  if (error.kind !== "conflict" || !admin) {
    fill(place, h("div", { class: "empty" }, text));
    return Promise.resolve(false);
  }
  return new Promise((done) => {
    const again = async () => {
      try {
        const { items } = await get("/jobs");
        const latest = items.find(({ verb }) => verb === "map");
        await post("/jobs", { verb: "map", arguments: latest?.arguments ?? {} });
        /** @type {HTMLElement | null} */
        const heading = document.querySelector("main h1");
        heading?.focus(); // the button goes away
        done(true);
      } catch (problem) {
        notifyError(problem);
      }
    };
    const button = h("button", { class: "primary", type: "button" }, t("map.compute"));
    button.addEventListener("click", again);
    const hadFocus = place.contains(document.activeElement);
    fill(place, h("div", { class: "empty stack" }, text, button));
    if (hadFocus) button.focus();
  });
}

let wasStopped = false; // the user stopped the job on this page

export class MapProgress extends HTMLElement {
  /** @type {HTMLElement} */
  step;
  /** @type {HTMLProgressElement} */
  bar;
  #job = 0;
  #hasEvents = false;
  #announced = -1;

  /**
   * Show the progress of a job; resolves when it is time to request the map again.
   *
   * @returns {Promise<void>}
   */
  until(job) {
    this.#show(job);
    return new Promise((done) => {
      const timer = setTimeout(() => end(), this.#hasEvents ? POLL_WITH_EVENTS_MS : POLL_MS);
      const onJob = ({ detail }) => {
        if (detail.id !== job.id) return;
        this.#hasEvents = true;
        this.#show(detail);
        if (!["waiting", "running"].includes(detail.state)) end();
      };
      const end = () => {
        clearTimeout(timer);
        serverEvents.removeEventListener("job", onJob);
        done();
      };
      serverEvents.addEventListener("job", onJob);
    });
  }

  #build() {
    const title = uniqueId("progress");
    this.step = h("p", { class: "muted-text" });
    this.bar = h("progress", { max: 1, "aria-labelledby": title });
    fill(
      this,
      h(
        "section",
        { class: "card map-progress", "aria-labelledby": title },
        h("h2", { id: title }, t("map.computing")),
        h("p", {}, t("map.computingAbout")),
        this.bar,
        h("div", { class: "between" }, this.step, state.session.admin && this.#stopButton()),
      ),
    );
  }

  #stopButton() {
    const button = h("button", { type: "button" }, t("map.stop"));
    button.addEventListener("click", async () => {
      button.disabled = true;
      try {
        wasStopped = true;
        await remove("/jobs/{job}", { params: { job: this.#job } });
      } catch (error) {
        wasStopped = button.disabled = false;
        notifyError(error);
      }
    });
    return button;
  }

  #show(job) {
    const { id, state: stage, done, total } = job;
    this.#job = id;
    if (!this.step) this.#build();
    const share = stage === "running" && total ? done / total : null;
    if (share === null) this.bar.removeAttribute("value");
    else this.bar.value = share;
    const step = stage === "waiting" ? t("map.waiting") : stageText(job) || t("map.starting");
    const percent = formatPercent(share ?? 0);
    fill(this.step, share === null ? step : t("map.progress", { step, percent }));
    const quarter = Math.floor((share ?? 0) / ANNOUNCE_STEP);
    if (quarter <= this.#announced) return;
    const announced = formatPercent(quarter * ANNOUNCE_STEP);
    announce(quarter ? t("map.computed", { percent: announced }) : `${t("map.computing")}.`);
    this.#announced = quarter;
  }
}

customElements.define("map-progress", MapProgress);
