// Notices of failed jobs on every page, also of jobs that failed while no page was open.

import { get } from "./api.js";
import { t } from "./i18n.js";
import { notify } from "./notifications.js";
import { serverEvents } from "./server-events.js";
import { state } from "./store.js";

const SEEN = "segue.seenJob";

/** Show a notice whenever a job fails, to those who may see jobs. */
export async function watchFailedJobs() {
  serverEvents.addEventListener("job", (event) => note(/** @type {CustomEvent} */ (event).detail));
  if (!state.session.admin) return;
  const { items } = await get("/jobs");
  const [last] = [...items].sort((one, other) => other.id - one.id);
  if (last) note(last);
}

/** Show a failed job once a browser; the page with the jobs shows it anyway. */
function note(job) {
  if (job.state !== "failed" || job.id <= Number(localStorage.getItem(SEEN))) return;
  localStorage.setItem(SEEN, String(job.id));
  if (location.hash.startsWith("#/manage")) return;
  notify(t("job.hasFailed", { reason: job.error ?? t("job.failed") }), {
    kind: "error",
    label: t("job.show"),
    action: () => (location.hash = "#/manage"),
  });
}
