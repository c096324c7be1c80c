// Texts of the stages of jobs.

import { t, textOf } from "./i18n.js";

/** What a job does now; the text of the server for a stage that the page does not know. */
export function stageText({ stage, stage_name: name, text }) {
  const key = `job.stage.${stage}`;
  if (!stage || !textOf(key)) return text;
  return t(/** @type {any} */ (key), { name: name ?? "" });
}
