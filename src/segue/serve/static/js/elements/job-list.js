// <job-list>: jobs of the server with their progress and the time that remains.
//
// It dispatches "job-end" when a job has ended (detail: the job) and "jobs" whenever the list was read
// or changed (detail: the jobs that wait or run). The attribute "active" hides jobs that have ended.

import { get, post, remove } from "../api.js";
import { fill, h } from "../dom.js";
import { timeAgo, timeLeft } from "../format.js";
import { t } from "../i18n.js";
import { icon } from "../icons.js";
import { stageText } from "../job-stages.js";
import { announce, notifyError } from "../notifications.js";
import { serverEvents } from "../server-events.js";

const ACTIVE = new Set(["waiting", "running"]);
const MAX_SHOWN = 8;

export class JobList extends HTMLElement {
  /** @type {Map<number, Api.Job>} */
  #jobs = new Map();
  #onJob = ({ detail }) => this.#update(detail);

  /** Resolves when the jobs were read for the first time. @type {Promise<void> | undefined} */
  loaded;

  connectedCallback() {
    serverEvents.addEventListener("job", this.#onJob);
    this.loaded = this.load();
  }

  disconnectedCallback() {
    serverEvents.removeEventListener("job", this.#onJob);
  }

  async load() {
    try {
      const { items } = await get("/jobs");
      this.#jobs = new Map(items.map((job) => [job.id, job]));
      this.#show();
    } catch (error) {
      if (error.status !== 403 && error.status !== 401) notifyError(error);
    }
  }

  #update(job) {
    const before = this.#jobs.get(job.id);
    this.#jobs.set(job.id, { ...before, ...job });
    if (before && ACTIVE.has(before.state) && !ACTIVE.has(job.state)) {
      announce(`${nameOf(job)}: ${stateText(job)}`);
      this.dispatchEvent(new CustomEvent("job-end", { bubbles: true, detail: job }));
    }
    this.#show();
  }

  #show() {
    const jobs = [...this.#jobs.values()].sort(
      (one, other) =>
        Number(ACTIVE.has(other.state)) - Number(ACTIVE.has(one.state)) || other.id - one.id,
    );
    const active = jobs.filter(isActive);
    const shown = this.hasAttribute("active") ? active : jobs.slice(0, MAX_SHOWN);
    const focused = /** @type {HTMLElement | null} */ (document.activeElement)?.dataset.job;
    fill(
      this,
      shown.length
        ? [
            this.hasAttribute("active") ? null : h("h2", {}, t("job.title")),
            h(
              "ul",
              { class: "jobs" },
              shown.map((job) => this.#row(job)),
            ),
          ]
        : null,
    );
    // the row was replaced: keep the focus on its button
    for (const one of this.querySelectorAll("button"))
      if (focused && one.dataset.job === focused) one.focus();
    this.dispatchEvent(new CustomEvent("jobs", { detail: active }));
  }

  #row(job) {
    const active = isActive(job);
    const share = job.total ? job.done / job.total : null;
    return h(
      "li",
      { class: `job is-${job.state}` },
      h(
        "div",
        { class: "between" },
        h("b", {}, nameOf(job)),
        active ? null : h("span", { class: "muted-text" }, endText(job)),
        this.#button(job),
      ),
      active ? h("progress", { max: 1, value: share, "aria-label": nameOf(job) }) : null,
      h("p", { class: "muted-text job-line" }, lineOf(job)),
    );
  }

  #button(job) {
    const act = (request) => request.then(() => this.load(), notifyError);
    if (isActive(job)) {
      const stop = () => act(remove("/jobs/{job}", { params: { job: job.id } }));
      return h(
        "button",
        {
          class: "icon-button",
          type: "button",
          "aria-label": t("job.stop", { name: nameOf(job) }),
          title: t("job.stop", { name: nameOf(job) }),
          dataset: { job: `stop-${job.id}` },
          on: { click: stop },
        },
        icon("close"),
      );
    }
    if (job.state !== "cancelled" && job.state !== "failed") return null;
    const again = () => act(post("/jobs/{job}/restart", undefined, { params: { job: job.id } }));
    return h(
      "button",
      {
        class: "subtle",
        type: "button",
        dataset: { job: `again-${job.id}` },
        on: { click: again },
      },
      job.state === "failed" ? t("job.retry") : t("job.continue"),
    );
  }
}

/** Arguments of a job for a path or for the name of a dataset that was analyzed before. */
export function locationOf(text) {
  return /^([/~\\]|[A-Za-z]:)/.test(text) ? { path: text } : { dataset: text };
}

function isActive({ state }) {
  return ACTIVE.has(state);
}

function nameOf({ verb }) {
  return verb in NAMES ? t(NAMES[verb]) : verb;
}

/** @type {Record<string, import("../i18n.js").TextKey>} */
const NAMES = {
  preprocess: "job.preprocess",
  train: "job.train",
  evaluate: "job.evaluate",
  demo: "job.demo",
  map: "job.map",
  weekly: "job.weekly",
  rescan: "job.rescan",
  sync: "job.sync",
  mixes: "job.mixes",
  backup: "job.backup",
};

/** @type {Record<string, import("../i18n.js").TextKey>} */
const STATES = {
  waiting: "job.waiting",
  running: "job.running",
  done: "job.done",
  failed: "job.failed",
  cancelled: "job.cancelled",
};

/** @type {Record<string, import("../i18n.js").TextKey>} */
const REASONS = {
  "new-music": "job.afterMusic",
  "new-history": "job.afterHistory",
  "changed-files": "job.afterFiles",
  schedule: "job.bySchedule",
};

function stateText({ state }) {
  return t(STATES[state]);
}

function endText(job) {
  const end = job.finished ?? job.asked;
  return [stateText(job), end ? timeAgo(end) : ""].filter(Boolean).join(" · ");
}

/** What a job does now: reason, stage, steps, remaining time; or why it failed. */
function lineOf(job) {
  if (job.error) return job.error;
  const reason = job.reason in REASONS ? t(REASONS[job.reason]) : "";
  if (!isActive(job)) return reason;
  if (job.state === "waiting") return [reason, t("job.waiting")].filter(Boolean).join(" · ");
  const stage = stageText(job);
  const steps = job.total ? t("job.steps", { done: job.done, total: job.total }) : "";
  return [reason, stage, steps, timeLeft(job.remaining_seconds)].filter(Boolean).join(" · ");
}

customElements.define("job-list", JobList);
