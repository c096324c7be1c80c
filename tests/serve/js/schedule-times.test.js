// Times of schedules: every choice of the form is read again from its cron expression.

import assert from "node:assert/strict";
import { test } from "node:test";
import { cronOf, timeInWords, timeOf } from "../../../src/segue/serve/static/js/schedule-times.js";

const WORDS = {
  "0 * * * *": "Every hour",
  "0 */6 * * *": "Every 6 hours",
  "5 3 * * *": "Every day at 03:05",
  "30 2 * * 0": "Every Sunday at 02:30",
  "30 2 * * 7": "Every Sunday at 02:30",
  "0 4 1 * *": "On day 1 of every month at 04:00",
  "0 4 * * MON-FRI": "Cron expression: 0 4 * * MON-FRI",
  "*/15 * * * *": "Cron expression: */15 * * * *",
};

test("cron expressions are shown in words", () => {
  for (const [cron, words] of Object.entries(WORDS)) assert.equal(timeInWords(cron), words);
});

test("choices of an expression make that expression", () => {
  for (const cron of Object.keys(WORDS))
    assert.equal(cronOf(timeOf(cron)), cron.replace("* 7", "* 0"));
});

test("choices are read again as they were", () => {
  const some = { hours: 6, time: "13:45", weekday: 5, date: 31, cron: "0 0 1 1 *" };
  for (const every of /** @type {const} */ (["day", "week", "month"])) {
    const found = timeOf(cronOf({ ...some, every }));
    assert.equal(found.every, every);
    assert.equal(found.time, "13:45");
  }
  assert.equal(timeOf(cronOf({ ...some, every: "week" })).weekday, 5);
  assert.equal(timeOf(cronOf({ ...some, every: "month" })).date, 31);
});
