// <job-list>: jobs of the server with their progress. It dispatches "job-end" when one has ended.

import { get, remove } from "../api.js";
import { fill, h } from "../dom.js";
import { formatCount, timeAgo } from "../format.js";
import { icon } from "../icons.js";
import { announce, notifyError } from "../notifications.js";
import { serverEvents } from "../server-events.js";

const NAMES = {
  preprocess: "Scanning and analyzing music",
  train: "Training models",
  evaluate: "Evaluating",
  demo: "Creating the starter library",
  map: "Computing the map",
};
const ACTIVE = new Set(["waiting", "running"]);

export class JobList extends HTMLElement {
  /** @type {Map<number, Api.Job>} */
  #jobs = new Map();
  #onJob = ({ detail }) => this.#update(detail);

  connectedCallback() {
    serverEvents.addEventListener("job", this.#onJob);
    this.load();
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
      if (error.status !== 403) notifyError(error);
    }
  }

  #update(job) {
    const before = this.#jobs.get(job.id);
    this.#jobs.set(job.id, { ...before, ...job });
    if (before && ACTIVE.has(before.state) && !ACTIVE.has(job.state)) {
      announce(`${nameOf(job)}: ${job.state}`);
      this.dispatchEvent(new CustomEvent("job-end", { bubbles: true, detail: job }));
    }
    this.#show();
  }

  #show() {
    const jobs = [...this.#jobs.values()].sort(
      (one, other) =>
        Number(ACTIVE.has(other.state)) - Number(ACTIVE.has(one.state)) || other.id - one.id,
    );
    fill(
      this,
      jobs.length
        ? [
            h("h2", {}, "Jobs"),
            h(
              "ul",
              { class: "jobs" },
              jobs.slice(0, 8).map((job) => this.#row(job)),
            ),
          ]
        : null,
    );
  }

  #row(job) {
    const active = ACTIVE.has(job.state);
    const share = job.total ? job.done / job.total : null;
    const end = job.finished ?? job.asked;
    return h(
      "li",
      { class: `job is-${job.state}` },
      h(
        "div",
        { class: "between" },
        h("b", {}, nameOf(job)),
        h(
          "span",
          { class: "muted-text" },
          active && job.total
            ? `${formatCount(job.done)} of ${formatCount(job.total)}`
            : [job.state, end ? ` ${timeAgo(end)}` : ""],
        ),
        active
          ? h(
              "button",
              {
                class: "icon-button",
                type: "button",
                "aria-label": `Stop: ${nameOf(job)}`,
                on: {
                  click: () =>
                    remove("/jobs/{job}", { params: { job: job.id } }).then(
                      () => this.load(),
                      notifyError,
                    ),
                },
              },
              icon("close"),
            )
          : null,
      ),
      active ? h("progress", { max: 1, value: share, "aria-label": nameOf(job) }) : null,
      job.text || job.error ? h("p", { class: "muted-text" }, job.error ?? job.text) : null,
    );
  }
}

/** Arguments of a job for a path or for the name of a dataset that was analyzed before. */
export function locationOf(text) {
  return /^([/~\\]|[A-Za-z]:)/.test(text) ? { path: text } : { dataset: text };
}

function nameOf({ verb }) {
  return NAMES[verb] ?? verb;
}

customElements.define("job-list", JobList);
