// <schedule-list>: jobs that the server starts by itself, their times, and how the last one ended.
//
// It dispatches "run" when a job was started here.

import { get, patch, post } from "../api.js";
import { fill, h, onSubmit } from "../dom.js";
import { formatMoment, timeAgo } from "../format.js";
import { t, textOf } from "../i18n.js";
import { notifyError } from "../notifications.js";
import { cronOf, timeInWords, timeOf, weekdayName } from "../schedule-times.js";
import { serverEvents } from "../server-events.js";

/** @type {Record<string, import("../i18n.js").TextKey>} */
const STATES = {
  done: "job.done",
  failed: "job.failed",
  cancelled: "job.cancelled",
  "not-needed": "schedule.notNeeded",
};
const HOURS = [1, 2, 3, 4, 6, 8, 12];

/** @type {Record<string, import("../i18n.js").TextKey>} */
const EVERY = {
  hours: "schedule.everyHours",
  day: "schedule.everyDay",
  week: "schedule.everyWeek",
  month: "schedule.everyMonth",
  cron: "schedule.cron",
};

export class ScheduleList extends HTMLElement {
  /** Resolves when the schedules were loaded for the first time. @type {Promise<void> | undefined} */
  loaded;
  #zone = "UTC";
  #onJob = ({ detail }) => {
    if (!["waiting", "running"].includes(detail.state)) this.load();
  };

  connectedCallback() {
    serverEvents.addEventListener("job", this.#onJob);
    this.loaded = this.load();
  }

  disconnectedCallback() {
    serverEvents.removeEventListener("job", this.#onJob);
  }

  async load() {
    // what is typed into a form is not replaced
    if (this.querySelector("details[open]")) return;
    try {
      const { items, time_zone } = await get("/schedules");
      this.#zone = time_zone;
      fill(
        this,
        h("h2", {}, t("schedule.title")),
        h("p", { class: "muted-text" }, t("schedule.about", { zone: time_zone })),
        h(
          "ul",
          { class: "jobs" },
          items.map((one) => this.#row(one)),
        ),
      );
    } catch (error) {
      if (error.status !== 403 && error.status !== 401) notifyError(error);
    }
  }

  #row(schedule) {
    const name = nameOf(schedule);
    const box = h("input", { type: "checkbox", checked: schedule.enabled });
    box.addEventListener("change", () => this.#change(schedule, { enabled: box.checked }));
    const run = h(
      "button",
      {
        class: "subtle",
        type: "button",
        "aria-label": `${t("schedule.run")}: ${name}`,
        on: { click: () => this.#run(schedule) },
      },
      t("schedule.run"),
    );
    const form = h("details", {}, h("summary", {}, t("schedule.change", { name })));
    form.append(this.#form(schedule, form));
    return h(
      "li",
      { class: `job${schedule.failures ? " is-failed" : ""}` },
      h("div", { class: "between" }, h("label", { class: "row" }, box, h("b", {}, name)), run),
      h("p", { class: "muted-text" }, timesOf(schedule), " · ", this.#nextOf(schedule)),
      h("p", { class: "muted-text" }, lastOf(schedule)),
      schedule.failures
        ? h(
            "p",
            {},
            t("schedule.failures", { n: schedule.failures }),
            " ",
            schedule.last_error ?? "",
          )
        : null,
      form,
    );
  }

  #nextOf(schedule) {
    if (!schedule.runs) return t("schedule.offHere");
    if (!schedule.next_run) return t("schedule.off");
    return t("schedule.next", { time: formatMoment(schedule.next_run, this.#zone) });
  }

  #form(schedule, details) {
    const now = timeOf(schedule.cron);
    const every = select(EVERY, now.every);
    const hours = select(
      Object.fromEntries(HOURS.map((n) => [n, n])),
      String(HOURS.includes(now.hours) ? now.hours : 6),
    );
    const days = Object.fromEntries([1, 2, 3, 4, 5, 6, 0].map((n) => [`d${n}`, weekdayName(n)]));
    const weekday = select(days, `d${now.weekday}`);
    const date = h("input", { type: "number", min: 1, max: 31, required: true, value: now.date });
    const time = h("input", { type: "time", required: true, value: now.time });
    const cron = h("input", { type: "text", maxlength: 100, required: true, value: now.cron });
    const watch = h("input", { type: "checkbox", checked: schedule.watch === true });
    const keep = h("input", {
      type: "number",
      min: 1,
      max: 100,
      required: true,
      value: schedule.arguments.keep ?? 1,
    });
    const fields = {
      hours: field("schedule.hours", hours),
      week: field("schedule.weekday", weekday),
      month: field("schedule.date", date),
      cron: field("schedule.cron", cron),
      time: field("schedule.time", time),
    };
    const show = () => {
      for (const [name, one] of Object.entries(fields)) {
        const shown =
          name === "time" ? !["hours", "cron"].includes(every.value) : name === every.value;
        one.hidden = !shown;
        // a hidden field that is not valid would keep the form from being sent
        for (const input of one.querySelectorAll("input")) input.disabled = !shown;
      }
    };
    every.addEventListener("change", show);
    show();
    const save = () => {
      details.open = false;
      this.#change(schedule, {
        times: cronOf({
          every: /** @type {any} */ (every.value),
          hours: Number(hours.value),
          time: time.value,
          weekday: Number(weekday.value.slice(1)),
          date: Number(date.value),
          cron: cron.value,
        }),
        ...(schedule.watch === null ? {} : { watch: watch.checked }),
        ...("keep" in schedule.arguments ? { arguments: { keep: Number(keep.value) } } : {}),
      });
    };
    return h(
      "form",
      { class: "schedule-form", on: { submit: onSubmit(save) } },
      field("schedule.howOften", every),
      Object.values(fields),
      "keep" in schedule.arguments ? field("schedule.keep", keep) : null,
      schedule.watch === null
        ? null
        : h("label", { class: "row" }, watch, h("span", {}, t("schedule.watch"))),
      h("button", { type: "submit" }, t("schedule.save")),
    );
  }

  #change(schedule, body) {
    return patch("/schedules/{name}", body, { params: { name: schedule.name } })
      .catch(notifyError)
      .then(() => this.load());
  }

  #run(schedule) {
    return post("/schedules/{name}/runs", undefined, { params: { name: schedule.name } })
      .then(() => this.dispatchEvent(new CustomEvent("run", { bubbles: true })))
      .catch(notifyError)
      .then(() => this.load());
  }
}

function nameOf({ name }) {
  return textOf(`schedule.name.${name}`) ?? name;
}

function timesOf({ cron, watch }) {
  return [timeInWords(cron), watch ? t("schedule.files") : ""].filter(Boolean).join(" ");
}

function lastOf({ last_run, last_state, last_job }) {
  if (!last_run) return t("schedule.never");
  const state = last_state ? t(STATES[last_state]) : last_job ? t("job.running") : "";
  return t("schedule.last", { time: timeAgo(last_run), state });
}

function select(options, chosen) {
  return h(
    "select",
    {},
    Object.entries(options).map(([value, text]) =>
      h("option", { value, selected: value === chosen }, textOf(text) ?? text),
    ),
  );
}

/** @param {import("../i18n.js").TextKey} key */
function field(key, input) {
  return h("label", { class: "field" }, t(key), input);
}

customElements.define("schedule-list", ScheduleList);
