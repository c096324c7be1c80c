"""Show schedules as documents, and change them."""

from collections.abc import Mapping
from typing import Any

from segue.errors import ScheduleError
from segue.library import Schedule
from segue.pipeline.hidden_paths import hide_commands
from segue.pipeline.jobs.job_arguments import check_arguments
from segue.pipeline.jobs.job_kinds import JOB_KINDS
from segue.pipeline.schedules.scheduler import MIN_FAILURES, Scheduler
from segue.pipeline.schedules.times import in_words, next_time, read_times


def schedule_document(scheduler: Scheduler, schedule: Schedule) -> dict[str, Any]:
    """Return a schedule as a JSON document.

    `next_run` is None where the schedule is off, `runs` is false if this server does not run it.
    """
    runs = schedule.name not in scheduler.off
    state = schedule.last_state
    if state is None and schedule.last_job is not None:
        job = scheduler.library.jobs.get(schedule.last_job)
        state = None if job is None or job.under_way else job.state  # type: ignore[assignment]
    return {
        "name": schedule.name,
        "enabled": schedule.enabled,
        "runs": runs,
        "cron": schedule.cron,
        "words": in_words(schedule.cron),
        "watch": schedule.watch,
        "arguments": dict(schedule.arguments),
        "next_run": schedule.next_run if schedule.enabled and runs else None,
        "last_run": schedule.last_run,
        "last_job": schedule.last_job,
        "last_state": state,
        "last_error": None if schedule.last_error is None else hide_commands(schedule.last_error),
        "failures": schedule.failures,
        "waits": schedule.failures >= MIN_FAILURES,
    }


def change_schedule(
    scheduler: Scheduler,
    name: str,
    *,
    times: str | None = None,
    enabled: bool | None = None,
    watch: bool | None = None,
    arguments: Mapping[str, Any] | None = None,
    by: str | None = None,
) -> Schedule:
    """Change a schedule; the failures of its last jobs are forgotten. Return it as it is then.

    Parameters
    ----------
    times
        Plain words or a cron expression; see `segue.pipeline.schedules.times`.
    arguments
        New values of arguments that the schedule has.

    Raises
    ------
    UnknownScheduleError
        If there is none of this name.
    ScheduleError
        If it cannot be changed so.
    JobError
        If an argument has a wrong value.
    """
    library = scheduler.library
    while True:
        schedule = scheduler.find(name)
        values: dict[str, Any] = {"failures": 0}
        if enabled is not None:
            values["enabled"] = enabled
        if watch is not None:
            if schedule.watch is None:
                raise ScheduleError(f"The schedule {name!r} cannot watch files: set a time.")
            values["watch"] = watch
        if arguments is not None:
            default = JOB_KINDS[name].schedule
            known = default.arguments if default is not None else {}
            unknown = [one for one in arguments if one not in known]
            if unknown:
                raise ScheduleError(f"The schedule {name!r} has no argument {unknown[0]!r}.")
            new = {**schedule.arguments, **arguments}
            values["arguments"] = check_arguments(library, name, new, admin=False)
        values["cron"] = schedule.cron if times is None else read_times(times)
        # what was missed while it was off is not made up for
        values["next_run"] = next_time(values["cron"], scheduler.now(), scheduler.zone)
        if library.schedules.change(schedule, **values):
            library.audit.note("schedule changed", by, detail=name)
            return scheduler.find(name)
