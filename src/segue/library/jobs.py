"""Jobs: verbs that somebody asked for and that run in a process of their own.

The table is all that those who ask, those who start and the process that does it share. Whoever
starts a job claims it by one statement, under a random `claim`; only one job of a library runs at
a time. All that the process later writes it writes under that claim: one that was thought dead and
is not changes nothing any more.
"""

import json
import secrets
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import delete, func, insert, select, update

from segue.errors import LibraryError
from segue.library.database import BUSY_MS, Database
from segue.library.schema import runs
from segue.library.serving_schema import jobs

JobState = Literal["waiting", "running", "done", "failed", "cancelled"]

_KEPT = 200
"""Jobs that have ended are kept so many."""

_PATIENCE_MS = 50
"""Progress is written while a verb may hold the database itself: better never than late."""

_other = jobs.alias()  # the table beside itself, in a question within a change


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A verb that somebody asked for, and what became of it.

    `done` of `total` steps of what `text` says; `result` once it is done, `error` (a sentence) once
    it has failed. `starts` counts how often it was begun. `cancelled` is when its end was asked
    for. `runner` and `process` name the processes that started it and do it.
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
    result: Mapping[str, Any] | None = None
    error: str | None = None

    @property
    def under_way(self) -> bool:
        """Whether it waits or runs."""
        return self.state in ("waiting", "running")


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
    ) -> Job:
        """Let a job wait; return it, or the same one that waits already, or `once` runs.

        Of several processes that ask at one time, one adds it.
        """
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
        }
        ended = select(_other.c.id).where(_other.c.finished.is_not(None))
        old = ended.order_by(_other.c.id.desc()).offset(_KEPT)
        states = ["waiting", "running"] if once else ["waiting"]
        same = (jobs.c.verb == verb) & (jobs.c.arguments == kept) & jobs.c.state.in_(states)
        with self._database.begin() as connection:
            # a change comes first, so that nobody else writes between the question and its answer
            forgotten = connection.execute(
                delete(jobs).where(jobs.c.id.in_(old)).returning(jobs.c.id)
            )
            for (number,) in forgotten.all():
                self.log(number).unlink(missing_ok=True)
            number = connection.scalar(select(jobs.c.id).where(same))
            if number is None:
                added = connection.execute(insert(jobs).values(values)).inserted_primary_key
                number = added[0] if added else 0
            return _job(
                connection.execute(select(jobs).where(jobs.c.id == number)).mappings().one()
            )

    def get(self, job: int) -> Job | None:
        """Return a job, if it is known."""
        found = self._read(select(jobs).where(jobs.c.id == job))
        return found[0] if found else None

    def all(self, *, before: int | None = None, most: int = 50) -> list[Job]:
        """Return the latest jobs, or those `before` one, the latest first."""
        query = select(jobs).order_by(jobs.c.id.desc()).limit(most)
        return self._read(query if before is None else query.where(jobs.c.id < before))

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
        }
        claimed = update(jobs).where(jobs.c.id == first, ~running).values(values).returning(jobs)
        with self._database.begin() as connection:
            row = connection.execute(claimed).mappings().first()
            return _job(row) if row else None

    def take(self, job: Job, process: str) -> Job | None:
        """Note which process does a claimed job; None where the claim holds no longer."""
        if not self._change(job, process=process):
            return None
        return self.get(job.id)

    def tell(self, job: Job, *, text: str, done: int, total: int) -> bool:
        """Write down how far a job is; return whether that was possible at once."""
        values = {"text": text, "done": done, "total": total}
        with suppress(LibraryError), self._database.connect() as connection:
            connection.exec_driver_sql(f"PRAGMA busy_timeout={_PATIENCE_MS}")
            try:
                connection.execute(update(jobs).where(*_held(job)).values(values))
                connection.commit()
                return True
            finally:
                connection.rollback()
                connection.exec_driver_sql(f"PRAGMA busy_timeout={BUSY_MS}")
        return False

    def finish(
        self,
        job: Job,
        state: JobState,
        *,
        result: Mapping[str, Any] | None = None,
        error: str | None = None,
    ) -> bool:
        """Write down how a running job ended; return whether its claim still held."""
        kept = None if result is None else json.dumps(result, ensure_ascii=False)
        values = {"state": state, "result": kept, "error": error, "finished": time.time()}
        return self._change(job, **values)

    def give_back(self, job: Job, *, uncounted: bool = False) -> bool:
        """Let a running job wait again; `uncounted` if it was not begun by that."""
        values: dict[str, Any] = {"state": "waiting", "claim": None, "process": None}
        return self._change(job, **values, starts=jobs.c.starts - int(uncounted))

    def cancel(self, job: int) -> Job | None:
        """Ask for a job's end: one that waits has ended by that. None where it is not known."""
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
        """Return the directories of all datasets that were taken in, the latest last."""
        query = select(runs.c.result).where(runs.c.verb == "preprocess").order_by(runs.c.id)
        with self._database.connect() as connection:
            results = [json.loads(result) for (result,) in connection.execute(query)]
        named = [result["dataset"] for result in results if "dataset" in result]
        return list(dict.fromkeys(reversed(named)))[::-1]

    def log(self, job: int) -> Path:
        """Return where what a job's process prints is kept, for the machine's owner alone."""
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
