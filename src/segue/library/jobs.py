"""Jobs: commands that run in a process of their own.

Requesting, starting and running processes share only this table. A process that starts a job claims
it in one statement with a random `claim`; only one job of a library runs at a time. The running
process writes everything under its claim, so that a process that was wrongly taken for dead can no
longer change anything.
"""

import json
import secrets
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import Connection, delete, func, insert, select, update

from segue.errors import LibraryError
from segue.library.database import Database
from segue.library.schema import runs
from segue.library.serving_schema import jobs

JobState = Literal["waiting", "running", "done", "failed", "cancelled"]

_MAX_ENDED = 200
"""Maximum number of ended jobs that are kept."""

_other = jobs.alias()  # for subqueries on the table that a statement changes


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A requested command and its state.

    `done` of `total` steps of the stage `text` are complete; `result` is set when it is done,
    `error` (a sentence) when it has failed. `rate` is the number of steps per second, None if it is
    not known yet. `starts` is the number of starts, `cancelled` the time of the request to stop.
    `runner` and `process` name the starting and the running process. A job that the server starts
    by itself has a `reason`: see `segue.pipeline.schedules.scheduler`.
    """

    id: int
    verb: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    state: JobState = "waiting"
    asked_by: str | None = None
    asked: float = 0.0
    started: float | None = None
    finished: float | None = None
    cancelled: float | None = None
    starts: int = 0
    claim: str | None = field(default=None, repr=False)
    runner: str | None = None
    process: str | None = None
    done: int = 0
    total: int = 0
    text: str = ""
    rate: float | None = None
    reason: str | None = None
    result: Mapping[str, Any] | None = None
    error: str | None = None

    @property
    def under_way(self) -> bool:
        """Whether it waits or runs."""
        return self.state in ("waiting", "running")

    @property
    def remaining_seconds(self) -> float | None:
        """Estimated time until the present stage ends; None if it is not known."""
        if self.state != "running" or not self.rate or self.total <= self.done:
            return None
        return (self.total - self.done) / self.rate


class JobStore:
    """The jobs of one library."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self,
        verb: str,
        arguments: Mapping[str, Any],
        asked_by: str | None,
        *,
        once: bool = False,
        reason: str | None = None,
    ) -> Job:
        """Add a job; return it, or the same one that waits already (with `once`, or runs).

        If several processes add it at the same time, there is one job.
        """
        with self._database.begin() as connection:
            return self.add_in(connection, verb, arguments, asked_by, once=once, reason=reason)

    def add_in(
        self,
        connection: Connection,
        verb: str,
        arguments: Mapping[str, Any],
        asked_by: str | None,
        *,
        once: bool,
        reason: str | None,
    ) -> Job:
        """Add a job as part of a transaction; see `add`."""
        kept = json.dumps(arguments, ensure_ascii=False, sort_keys=True)
        values = {
            "verb": verb,
            "arguments": kept,
            "state": "waiting",
            "asked_by": asked_by,
            "asked": time.time(),
            "starts": 0,
            "done": 0,
            "total": 0,
            "text": "",
            "reason": reason,
        }
        ended = select(_other.c.id).where(_other.c.finished.is_not(None))
        old = ended.order_by(_other.c.id.desc()).offset(_MAX_ENDED)
        states = ["waiting", "running"] if once else ["waiting"]
        same = (jobs.c.verb == verb) & (jobs.c.arguments == kept) & jobs.c.state.in_(states)
        # a change first: it takes the lock, so that no other process writes in between
        forgotten = connection.execute(delete(jobs).where(jobs.c.id.in_(old)).returning(jobs.c.id))
        for (number,) in forgotten.all():
            self.log(number).unlink(missing_ok=True)
        number = connection.scalar(select(jobs.c.id).where(same))
        if number is None:
            added = connection.execute(insert(jobs).values(values)).inserted_primary_key
            number = added[0] if added else 0
        return _job(connection.execute(select(jobs).where(jobs.c.id == number)).mappings().one())

    def get(self, job: int) -> Job | None:
        """Return a job, if there is one with this number."""
        found = self._read(select(jobs).where(jobs.c.id == job))
        return found[0] if found else None

    def all(self, *, before: int | None = None, most: int = 50) -> list[Job]:
        """Return the latest jobs, or those `before` one, the latest first."""
        query = select(jobs).order_by(jobs.c.id.desc()).limit(most)
        return self._read(query if before is None else query.where(jobs.c.id < before))

    def counts(self) -> dict[str, int]:
        """Return the number of jobs in each state that any job has."""
        query = select(jobs.c.state, func.count()).group_by(jobs.c.state)
        with self._database.connect() as connection:
            return {str(state): int(n) for state, n in connection.execute(query)}

    def under_way(self) -> list[Job]:
        """Return the jobs that wait or run, in their order."""
        states = jobs.c.state.in_(["waiting", "running"])
        return self._read(select(jobs).where(states).order_by(jobs.c.id))

    def claim(self, runner: str) -> Job | None:
        """Claim the job that has waited longest; None where none waits, or one runs."""
        running = select(_other.c.id).where(_other.c.state == "running").exists()
        first = select(func.min(_other.c.id)).where(_other.c.state == "waiting").scalar_subquery()
        values: dict[str, Any] = {
            "state": "running",
            "claim": secrets.token_urlsafe(12),
            "runner": runner,
            "process": None,
            "started": time.time(),
            "starts": jobs.c.starts + 1,
            "done": 0,
            "total": 0,
            "text": "",
            "rate": None,
        }
        claimed = update(jobs).where(jobs.c.id == first, ~running).values(values).returning(jobs)
        with self._database.begin() as connection:
            row = connection.execute(claimed).mappings().first()
            return _job(row) if row else None

    def take(self, job: Job, process: str) -> Job | None:
        """Record the process that runs a claimed job; None where the claim is no longer valid."""
        if not self._change(job, process=process):
            return None
        return self.get(job.id)

    def tell(
        self, job: Job, *, text: str, done: int, total: int, rate: float | None = None
    ) -> bool:
        """Record the progress of a job; return whether that was possible at once."""
        values = {"text": text, "done": done, "total": total, "rate": rate}
        # the command may hold the database itself, so that progress is rather dropped
        with (
            suppress(LibraryError),
            self._database.connect() as connection,
            self._database.not_waiting(connection),
        ):
            connection.execute(update(jobs).where(*_held(job)).values(values))
            connection.commit()
            return True
        return False

    def finish(
        self,
        job: Job,
        state: JobState,
        *,
        result: Mapping[str, Any] | None = None,
        error: str | None = None,
    ) -> bool:
        """Record the end of a running job; return whether its claim was still valid."""
        kept = None if result is None else json.dumps(result, ensure_ascii=False)
        values = {"state": state, "result": kept, "error": error, "finished": time.time()}
        return self._change(job, **values)

    def give_back(self, job: Job, *, uncounted: bool = False) -> bool:
        """Make a running job wait again; `uncounted` if that start does not count."""
        values: dict[str, Any] = {"state": "waiting", "claim": None, "process": None}
        return self._change(job, **values, starts=jobs.c.starts - int(uncounted))

    def cancel(self, job: int) -> Job | None:
        """Request the end of a job; a waiting one ends at once. None where there is no such job."""
        now = time.time()
        waiting = update(jobs).where(jobs.c.id == job, jobs.c.state == "waiting")
        running = update(jobs).where(
            jobs.c.id == job, jobs.c.state == "running", jobs.c.cancelled.is_(None)
        )
        with self._database.begin() as connection:
            connection.execute(waiting.values(state="cancelled", cancelled=now, finished=now))
            connection.execute(running.values(cancelled=now))
        return self.get(job)

    def datasets(self) -> list[str]:
        """Return the directories of all scanned datasets, the latest last."""
        scans = runs.c.verb.in_(["scan", "preprocess"])
        query = select(runs.c.result).where(scans).order_by(runs.c.id)
        with self._database.connect() as connection:
            results = [json.loads(result) for (result,) in connection.execute(query)]
        named = [result["dataset"] for result in results if "dataset" in result]
        return list(dict.fromkeys(reversed(named)))[::-1]

    def scans(self) -> list[dict[str, Any]]:
        """Return the results of the last finished scan of each dataset, the latest last."""
        query = select(runs.c.result).where(runs.c.verb == "preprocess").order_by(runs.c.id)
        with self._database.connect() as connection:
            results = [json.loads(result) for (result,) in connection.execute(query)]
        found: dict[str, dict[str, Any]] = {}
        for one in results:
            if "dataset" in one:
                found.pop(one["dataset"], None)
                found[one["dataset"]] = one
        return list(found.values())

    def log(self, job: int) -> Path:
        """Return the file with the output of a job's process, for the owner of the machine."""
        return self._database.directory / "jobs" / f"{job}.log"

    # ---------------------------------------------------------------------------------------------

    def _change(self, job: Job, **values: Any) -> bool:
        with self._database.begin() as connection:
            return bool(connection.execute(update(jobs).where(*_held(job)).values(values)).rowcount)

    def _read(self, query: Any) -> list[Job]:
        with self._database.connect() as connection:
            return [_job(row) for row in connection.execute(query).mappings()]


def _held(job: Job) -> tuple[Any, ...]:
    return jobs.c.id == job.id, jobs.c.claim == job.claim, jobs.c.state == "running"


def _job(row: Mapping[Any, Any]) -> Job:
    result = row["result"]
    return Job(
        **{
            **row,
            "arguments": json.loads(row["arguments"]),
            "result": None if result is None else json.loads(result),
        }
    )
