"""Start the jobs of schedules when they are due.

Every process of a server has a `Scheduler` and calls `tick` about once a second. One of them holds
the lease (`Library.scheduler_lease`) and looks at the schedules; if it dies, the next
tick of another one takes over. Each run is written together with its job, and only if the schedule
is as it was read: two processes cannot start a run twice even if both believed to hold the lease.

- Runs that were missed while no server ran, or the clock was wrong, are made up for by one.
- A run whose job still waits or runs is that job.
- After two failures in a row, runs are left out: one, then three, then seven, for a week at most.
- If the clock is set back by up to a day, no run is repeated; if by more, it was wrong before.
"""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import tzinfo
from typing import Any, Final

from segue.errors import SegueError, UnknownScheduleError
from segue.library import Job, Library, Schedule
from segue.pipeline.jobs.job_arguments import check_arguments
from segue.pipeline.jobs.job_datasets import music_folders
from segue.pipeline.jobs.job_kinds import JOB_KINDS
from segue.pipeline.jobs.new_material import SCANS
from segue.pipeline.jobs.runner import MAX_WAITING
from segue.pipeline.schedules.folder_watcher import FolderWatcher
from segue.pipeline.schedules.times import next_time, server_zone

MIN_FAILURES: Final = 2
"""Number of failures in a row after which runs are left out."""
MAX_PAUSE_SECONDS: Final = 7 * 86_400.0
"""Longest time for which runs are left out after failures."""
MAX_SET_BACK_SECONDS: Final = 86_400.0
"""Longest time by which a clock that was right is set back."""
_FOLDERS_SECONDS: Final = 30.0
"""Time between two looks at which folders there are to watch."""
_LOG = logging.getLogger("segue.serve")


class Scheduler:
    """Starts the jobs of the schedules of a library. Call `tick` and `close` in one thread.

    Parameters
    ----------
    off
        Names of schedules that this server does not run.
    clock
        Returns the present time in seconds since 1970.
    zone
        Time zone of the schedules; by default that of this machine.
    watcher
        Reports changed files; by default none does.
    """

    def __init__(
        self,
        library: Library,
        *,
        off: frozenset[str] = frozenset(),
        clock: Callable[[], float] = time.time,
        zone: tzinfo | None = None,
        watcher: FolderWatcher | None = None,
    ) -> None:
        self.library, self.off = library, off
        self._clock, self._zone, self._watcher = clock, zone, watcher
        self._lease = library.scheduler_lease()
        self._next_look = 0.0

    @property
    def zone(self) -> tzinfo:
        """The time zone of the schedules."""
        return self._zone or server_zone()

    @property
    def leads(self) -> bool:
        """Whether this process has the lease: of several, one does what others need not do."""
        return self._lease.is_held

    def now(self) -> float:
        """Return the present time, in seconds since 1970."""
        return self._clock()

    def tick(self) -> list[Job]:
        """Start what is due, if this process has the lease; return the jobs of these runs.

        Raises
        ------
        LibraryError
            If the database cannot be read or written.
        """
        if not self._lease.take():
            return []
        started, schedules = [], self.schedules()
        for schedule in schedules:
            try:
                job = self._start_if_due(self._note_end(schedule))
            except SegueError as error:
                _LOG.warning("schedule %s: %s", schedule.name, error)
                continue
            if job is not None:
                started.append(job)
        self._watch_folders(schedules)
        return started

    def close(self) -> None:
        """Stop watching files, and let another process take the lease."""
        if self._watcher is not None:
            self._watcher.close()
        self._lease.release()

    def schedules(self) -> list[Schedule]:
        """Return the schedules of all kinds of jobs that have one, in the order of `JOB_KINDS`."""
        found = {each.name: each for each in self.library.schedules.all()}
        missing = [
            Schedule(
                name=name,
                cron=kind.schedule.cron,
                enabled=kind.schedule.enabled,
                watch=kind.schedule.watch,
                arguments=kind.schedule.arguments,
                next_run=next_time(kind.schedule.cron, self._clock(), self.zone),
            )
            for name, kind in JOB_KINDS.items()
            if kind.schedule is not None and name not in found
        ]
        if missing:
            self.library.schedules.add_missing(missing)
            found = {each.name: each for each in self.library.schedules.all()}
        return [found[name] for name in JOB_KINDS if name in found]

    def find(self, name: str) -> Schedule:
        """Return a schedule.

        Raises
        ------
        UnknownScheduleError
            If there is none of this name.
        """
        found = {each.name: each for each in self.schedules()}
        if name not in found:
            raise UnknownScheduleError(
                f"There is no schedule {name!r}: choose from {', '.join(found)}."
            )
        return found[name]

    def trigger(self, name: str, reason: str) -> Job | None:
        """Start a run before its time because of something that happened; return its job.

        Nothing starts if the schedule is off, has nothing to do, or waits after failures.
        """
        schedule = self._note_end(self.find(name))
        waits = schedule.failures >= MIN_FAILURES and self._clock() < schedule.next_run
        if waits or not self._runs(schedule) or not _is_needed(self.library, schedule):
            return None
        return self._start(schedule, reason=reason)

    def run_now(self, name: str, *, by: str) -> Job:
        """Start a run on request, also of a schedule that is off; return its job.

        Raises
        ------
        UnknownScheduleError
            If there is none of this name.
        JobError
            If its arguments are wrong.
        """
        while True:
            job = self._start(self._note_end(self.find(name)), by=by)
            if job is not None:
                return job

    def following(self, schedule: Schedule, now: float | None = None) -> float:
        """Return the next time of a schedule after now, later if its last jobs failed."""
        now = self._clock() if now is None else now
        last = schedule.last_run
        if last is not None and now < last <= now + MAX_SET_BACK_SECONDS:
            now = last
        first = next_time(schedule.cron, now, self.zone)
        if last is None or last > now or schedule.failures < MIN_FAILURES:
            return first
        interval = next_time(schedule.cron, first, self.zone) - first
        most = max(1, int(MAX_PAUSE_SECONDS // interval))
        steps = min(2 ** min(schedule.failures - 1, 30), most)
        # half an interval less: a run starts a little after its time
        return next_time(schedule.cron, max(now, last + (steps - 0.5) * interval), self.zone)

    # ---------------------------------------------------------------------------------------------

    def _runs(self, schedule: Schedule) -> bool:
        return schedule.enabled and schedule.name not in self.off

    def _note_end(self, schedule: Schedule) -> Schedule:
        """Write down how the last job ended, if it has; return the schedule as it is then."""
        if schedule.last_job is None or schedule.last_state is not None:
            return schedule
        job = self.library.jobs.get(schedule.last_job)
        if job is not None and job.under_way:
            return schedule
        # a job that is forgotten already counts as cancelled
        state = "cancelled" if job is None else job.state
        failures = {"failed": schedule.failures + 1, "done": 0}.get(state, schedule.failures)
        error = None if job is None else job.error
        ended = replace(schedule, failures=failures)
        values: dict[str, Any] = {
            "failures": failures,
            "last_state": state,
            "last_error": error,
        }
        if failures >= MIN_FAILURES and failures > schedule.failures:
            values["next_run"] = self.following(ended)
            _LOG.warning(
                "schedule %s failed %d times in a row and waits longer: %s",
                *(schedule.name, failures, error),
            )
        self.library.schedules.change(schedule, **values)
        return self.find(schedule.name)

    def _start_if_due(self, schedule: Schedule) -> Job | None:
        now = self._clock()
        following = self.following(schedule, now)
        if schedule.next_run > following:  # the clock or the time zone was set back
            self.library.schedules.change(schedule, next_run=following)
        if schedule.next_run > now or not self._runs(schedule):
            return None
        if not _is_needed(self.library, schedule):
            self.library.schedules.change(
                schedule,
                last_run=now,
                last_job=None,
                last_state="not-needed",
                last_error=None,
                next_run=following,
            )
            return None
        return self._start(schedule, reason="schedule")

    def _start(
        self, schedule: Schedule, *, by: str | None = None, reason: str | None = None
    ) -> Job | None:
        under_way = self.library.jobs.under_way()
        if by is None and sum(job.state == "waiting" for job in under_way) >= MAX_WAITING:
            return None
        arguments = check_arguments(self.library, schedule.name, schedule.arguments, admin=True)
        now = self._clock()
        job = self.library.schedules.start(
            schedule,
            arguments,
            now=now,
            next_run=self.following(replace(schedule, last_run=now), now),
            asked_by=by,
            reason=reason,
        )
        if job is not None:
            self.library.audit.note("job started", by, detail=f"{job.id}: {job.verb}")
        return job

    def _watch_folders(self, schedules: Sequence[Schedule]) -> None:
        """Start the schedules with `watch` when files have changed, once no scan is under way."""
        if self._watcher is None:
            return
        watching = [each for each in schedules if each.watch and self._runs(each)]
        now = time.monotonic()
        if now >= self._next_look or not watching:
            self._next_look = now + _FOLDERS_SECONDS
            folders = music_folders(self.library) if watching else []
            self._watcher.watch([folder for folder in folders if folder.is_dir()])
        scanning = any(job.verb in SCANS for job in self.library.jobs.under_way())
        if watching and not scanning and self._watcher.has_changes():
            for schedule in watching:
                self.trigger(schedule.name, "changed-files")


def _is_needed(library: Library, schedule: Schedule) -> bool:
    default = JOB_KINDS[schedule.name].schedule
    return default is not None and default.is_needed(library)
