// Times of schedules: cron expressions as the choices of a form, and back, and in words.

import { language, t } from "./i18n.js";

const weekdays = new Intl.DateTimeFormat(language, { weekday: "long", timeZone: "UTC" });

/**
 * A time in the form: `every` is "hours", "day", "week", "month" or "cron"; the other members are
 * those that it uses.
 *
 * @typedef {{every: "hours" | "day" | "week" | "month" | "cron", hours: number, time: string,
 *   weekday: number, date: number, cron: string}} ScheduleTime
 */

/**
 * Return the choices that a cron expression stands for.
 *
 * @param {string} cron
 * @returns {ScheduleTime}
 */
export function timeOf(cron) {
  /** @type {ScheduleTime} */
  const found = { every: "cron", hours: 6, time: "03:00", weekday: 1, date: 1, cron };
  const [minute, hour, date, month, weekday] = cron.split(" ");
  if (cron === "0 * * * *") return { ...found, every: "hours", hours: 1 };
  const hours = /^0 \*\/(\d+) \* \* \*$/.exec(cron);
  if (hours) return { ...found, every: "hours", hours: Number(hours[1]) };
  if (!isNumber(minute) || !isNumber(hour) || month !== "*") return found;
  const timed = { ...found, time: `${hour.padStart(2, "0")}:${minute.padStart(2, "0")}` };
  if (date === "*" && weekday === "*") return { ...timed, every: "day" };
  if (date === "*" && isNumber(weekday))
    return { ...timed, every: "week", weekday: Number(weekday) % 7 };
  if (isNumber(date) && weekday === "*") return { ...timed, every: "month", date: Number(date) };
  return found;
}

/**
 * Return the cron expression of choices.
 *
 * @param {ScheduleTime} chosen
 */
export function cronOf({ every, hours, time, weekday, date, cron }) {
  if (every === "cron") return cron;
  if (every === "hours") return hours === 1 ? "0 * * * *" : `0 */${hours} * * *`;
  const [hour, minute] = time.split(":").map(Number);
  if (every === "week") return `${minute} ${hour} * * ${weekday}`;
  return `${minute} ${hour} ${every === "month" ? date : "*"} * *`;
}

/**
 * Return a cron expression in words; one that no choices stand for as it is.
 *
 * @param {string} cron
 */
export function timeInWords(cron) {
  const { every, hours, time, weekday, date } = timeOf(cron);
  if (every === "hours") return t("schedule.hourly", { n: hours });
  if (every === "day") return t("schedule.daily", { time });
  if (every === "week") return t("schedule.onDay", { day: weekdayName(weekday), time });
  if (every === "month") return t("schedule.onDate", { date, time });
  return `${t("schedule.cron")}: ${cron}`;
}

/** Name of a day of the week; 0 is Sunday. */
export function weekdayName(number) {
  return weekdays.format(new Date(Date.UTC(2023, 0, 1 + number)));
}

function isNumber(field) {
  return /^\d+$/.test(field ?? "");
}
