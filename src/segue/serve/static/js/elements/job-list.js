// <job-list>: work that the server does, with its progress as it is told.

import { get, remove } from "../api.js";
import { fill, h } from "../dom.js";
import { ago, count } from "../format.js";
import { icon } from "../icons.js";
import { news } from "../server-events.js";
import { noteProblem, say } from "../notifications.js";

const NAMES = {
  preprocess: "Listening to the music",
  train: "Training",
  evaluate: "Measuring",
  demo: "Making the starter library",
  map: "Drawing the map",
};
const GOING = new Set(["waiting", "running"]);

class JobList extends HTMLElement {
  #jobs = new Map();
  #told = ({ detail }) => this.#take(detail);

  connectedCallback() {
    news.addEventListener("job", this.#told);
    this.load();
  }

  disconnectedCallback() {
    news.removeEventListener("job", this.#told);
  }

  async load() {
    try {
      const { items } = await get("/jobs");
      this.#jobs = new Map(items.map((job) => [job.id, job]));
      this.#show();
    } catch (error) {
      if (error.status !== 403) noteProblem(error);
    }
  }

  #take(job) {
    const before = this.#jobs.get(job.id);
    this.#jobs.set(job.id, { ...before, ...job });
    if (before && GOING.has(before.state) && !GOING.has(job.state)) {
      say(`${nameOf(job)}: ${job.state}`);
      this.dispatchEvent(new CustomEvent("job-end", { bubbles: true, detail: job }));
    }
    this.#show();
  }

  #show() {
    const jobs = [...this.#jobs.values()].sort(
      (one, other) =>
        Number(GOING.has(other.state)) - Number(GOING.has(one.state)) || other.id - one.id,
    );
    fill(
      this,
      jobs.length
        ? [
            h("h2", {}, "Work"),
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
    const going = GOING.has(job.state);
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
          { class: "quiet-text" },
          going && job.total
            ? `${count(job.done)} of ${count(job.total)}`
            : [job.state, end ? ` ${ago(end)}` : ""],
        ),
        going
          ? h(
              "button",
              {
                class: "bare",
                type: "button",
                "aria-label": `Stop: ${nameOf(job)}`,
                on: { click: () => remove(`/jobs/${job.id}`).then(() => this.load(), noteProblem) },
              },
              icon("close"),
            )
          : null,
      ),
      going ? h("progress", { max: 1, value: share, "aria-label": nameOf(job) }) : null,
      job.text || job.error ? h("p", { class: "quiet-text" }, job.error ?? job.text) : null,
    );
  }
}

/** What a job takes for music at a place: a path, or the name of a dataset that was taken in before. */
export function placeOf(text) {
  return /^([/~\\]|[A-Za-z]:)/.test(text) ? { path: text } : { dataset: text };
}

function nameOf({ verb }) {
  return NAMES[verb] ?? verb;
}

customElements.define("job-list", JobList);
