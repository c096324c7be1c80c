// Wait for a map that a job computes, and show the progress of the job.

import { fill, h, uniqueId } from "../dom.js";
import { formatPercent } from "../format.js";
import { announce } from "../notifications.js";
import { serverEvents } from "../server-events.js";

const POLL_MS = 1000; // between two requests for the map
const POLL_WITH_EVENTS_MS = 5000; // the same when server events about the job arrive
const ANNOUNCE_STEP = 0.25; // of the job: progress announced to screen readers

/**
 * Return the result of `request` once the map is ready; until then show the progress in `place`.
 * Throws an AbortError if the user leaves the page in the meantime.
 */
export async function waitForMap(request, place) {
  let progress = null;
  for (;;) {
    try {
      const found = await request();
      if (progress) announce("The map is ready.");
      progress?.remove();
      return found;
    } catch (error) {
      if (error.kind !== "in-progress") {
        fill(place, h("p", { class: "empty" }, error.message));
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

export class MapProgress extends HTMLElement {
  /** @type {HTMLElement} */
  step;
  /** @type {HTMLProgressElement} */
  bar;
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
        h("h2", { id: title }, "Computing the map"),
        h(
          "p",
          {},
          "This is done once for the whole library. The map appears here when it is ready.",
        ),
        this.bar,
        this.step,
      ),
    );
  }

  #show({ state, done, total, text }) {
    if (!this.step) this.#build();
    const share = state === "running" && total ? done / total : null;
    if (share === null) this.bar.removeAttribute("value");
    else this.bar.value = share;
    const step = state === "waiting" ? "Waiting for other jobs" : text || "Starting";
    fill(this.step, share === null ? step : `${step}: ${formatPercent(share)}`);
    const quarter = Math.floor((share ?? 0) / ANNOUNCE_STEP);
    if (quarter <= this.#announced) return;
    announce(
      quarter ? `Map: ${formatPercent(quarter * ANNOUNCE_STEP)} computed.` : "Computing the map.",
    );
    this.#announced = quarter;
  }
}

customElements.define("map-progress", MapProgress);
