"""Schedules: jobs that start by themselves, their times, and how their last run ended.

Every writer states the `version` of the schedule that it has read. A row that another process has
changed meanwhile is not written, so that no run is started twice, whatever locks say.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from sqlalchemy import Connection, select, update

from segue.library.database import Database
from segue.library.jobs import Job, JobStore
from segue.library.serving_schema import schedules
from segue.library.upserts import upsert

RunState = Literal["done", "failed", "cancelled", "not-needed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """The times of one kind of job, named `name`, and its last run.

    `cron` gives the times, `next_run` the next of them. `watch` says whether changed files start
    the job, too; None if they cannot. `last_state` and `last_error` say how the job `last_job`
    ended; they are None while it has not. `failures` counts the jobs that failed since the last one
    that did not. Times are seconds since 1970.
    """

    name: str
    cron: str
    enabled: bool
    watch: bool | None = None
    arguments: Mapping[str, Any] = field(default_factory=dict)
    next_run: float
    last_run: float | None = None
    last_job: int | None = None
    last_state: RunState | None = None
    last_error: str | None = None
    failures: int = 0
    version: int = 0


class ScheduleStore:
    """The schedules of one library."""

    def __init__(self, database: Database, jobs: JobStore) -> None:
        self._database = database
        self._jobs = jobs

    def all(self) -> list[Schedule]:
        """Return all schedules, by name."""
        query = select(schedules).order_by(schedules.c.name)
        with self._database.connect() as connection:
            return [_schedule(row) for row in connection.execute(query).mappings()]

    def add_missing(self, defaults: Iterable[Schedule]) -> None:
        """Add the schedules whose names are not there."""
        rows = []
        for each in defaults:
            row = asdict(each)
            row["arguments"] = _text(each.arguments)
            rows.append(row)
        with self._database.begin() as connection:
            connection.execute(upsert(schedules).on_conflict_do_nothing(), rows)

    def change(self, schedule: Schedule, **values: Any) -> bool:
        """Change columns of a schedule; return whether it was still as it was read."""
        with self._database.begin() as connection:
            return _change(connection, schedule, values)

    def start(
        self,
        schedule: Schedule,
        arguments: Mapping[str, Any],
        *,
        now: float,
        next_run: float,
        asked_by: str | None = None,
        reason: str | None = None,
    ) -> Job | None:
        """Add the job of a run; return None if the schedule has been changed since it was read.

        If the same job waits or runs already, the run is that one.
        """
        values = {
            "last_run": now,
            "next_run": next_run,
            "last_state": None,
            "last_error": None,
        }
        with self._database.begin() as connection:
            if not _change(connection, schedule, values):
                return None
            job = self._jobs.add_in(
                connection, schedule.name, arguments, asked_by, once=True, reason=reason
            )
            own = schedules.c.name == schedule.name
            connection.execute(update(schedules).where(own).values(last_job=job.id))
            return job


def _change(connection: Connection, schedule: Schedule, values: Mapping[str, Any]) -> bool:
    own = (schedules.c.name == schedule.name) & (schedules.c.version == schedule.version)
    new = {**values, "version": schedule.version + 1}
    if "arguments" in new:
        new["arguments"] = _text(new["arguments"])
    return bool(connection.execute(update(schedules).where(own).values(new)).rowcount)


def _text(arguments: Mapping[str, Any]) -> str:
    return json.dumps(arguments, ensure_ascii=False, sort_keys=True)


def _schedule(row: Mapping[Any, Any]) -> Schedule:
    return Schedule(**{**row, "arguments": json.loads(row["arguments"])})
