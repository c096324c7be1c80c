"""The process of one job, started by `segue.pipeline.jobs.runner`.

Run as ``python -m segue.pipeline.jobs.job_process LIBRARY ID CLAIM``. The process ends at once if
the claim is no longer valid. It writes progress, result or error to the table of jobs, without
paths of this machine. It waits while another program is writing to the library. If it is stopped
and nobody cancelled the job (the machine shuts down), the job waits for the next start.
"""

import os
import signal
import sys
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final

from segue.errors import LibraryBusyError, SegueError
from segue.library import Job, Library
from segue.pipeline.jobs.job_arguments import redact_paths, without_paths
from segue.pipeline.jobs.job_kinds import JOB_KINDS
from segue.pipeline.jobs.processes import identity
from segue.types import Advance

_PROGRESS_SECONDS: Final = 0.5
_RATE_SECONDS: Final = 60.0
"""Time over which the speed of a job is measured."""
_BUSY_SECONDS: Final = 2.0
_NICE: Final = 10  # requests of listeners have priority


def main(directory: str, number: str, claim: str) -> None:
    """Run a claimed job and write its result."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # SIGINT may have been ignored before
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    library = Library(directory, create=False)
    claimed = Job(id=int(number), verb="", state="running", claim=claim)
    job = library.jobs.take(claimed, identity(os.getpid()) or str(os.getpid()))
    if job is None:
        return
    with suppress(OSError):
        os.nice(_NICE)
    if job.cancelled is not None:
        library.jobs.finish(job, "cancelled")
        return
    try:
        result = _run_when_free(library, job)
    except KeyboardInterrupt:
        _ignore_signals()
        _stop(library, job)
    except SegueError as error:
        _ignore_signals()
        library.jobs.finish(job, "failed", error=without_paths(library, str(error)))
    except Exception as error:
        _ignore_signals()
        reason = without_paths(library, f"{type(error).__name__}: {error}")
        sentence = f"segue failed unexpectedly ({reason}): please report this."
        library.jobs.finish(job, "failed", error=sentence)
        raise  # into the log
    else:
        _ignore_signals()
        library.jobs.finish(job, "done", result=redact_paths(library, result))


class Speed:
    """Steps per second over the last minute.

    The first steps are not counted: an interrupted job starts with what was done before.
    """

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque()

    def note(self, done: int, now: float) -> None:
        """Note the number of steps that are done at a time, in seconds."""
        if len(self._seen) > 1 and now - self._seen[-2][0] < _PROGRESS_SECONDS:
            self._seen.pop()  # steps that follow each other closely are one entry
        self._seen.append((now, done))
        while len(self._seen) > 2 and now - self._seen[1][0] >= _RATE_SECONDS:
            self._seen.popleft()

    def rate(self) -> float | None:
        """Return the number of steps per second; None if it is not known yet.

        >>> speed = Speed()
        >>> for now, done in ((0.0, 90), (10.0, 95), (70.0, 110)):
        ...     speed.note(done, now)
        >>> speed.rate()
        0.25
        """
        if not self._seen:
            return None
        (start, before), (end, done) = self._seen[0], self._seen[-1]
        return (done - before) / (end - start) if end > start and done > before else None


class JobProgressWriter:
    """Write progress to the table of jobs from time to time; see `segue.types.Progress`."""

    def __init__(self, library: Library, job: Job) -> None:
        self._library = library
        self._job = job
        self._step = ""
        self._last = 0.0
        self._speed = Speed()

    def step(self, text: str) -> None:
        """Start the next of several steps."""
        self._step = text.strip()
        self._write("", 0, 0)

    @contextmanager
    def __call__(self, description: str, total: int) -> Iterator[Advance]:
        """Return a function that counts the steps done of `total` steps of `description`."""
        done = 0
        self._speed = speed = Speed()

        def advance(steps: int) -> None:
            nonlocal done
            done += steps
            speed.note(done, time.monotonic())
            if time.monotonic() - self._last >= _PROGRESS_SECONDS:
                self._write(description, done, total)

        self._write(description, 0, total)
        yield advance
        self._write(description, done, total)

    def _write(self, description: str, done: int, total: int) -> None:
        text = ": ".join(filter(None, (self._step, description)))
        text = without_paths(self._library, text)
        rate = self._speed.rate()
        self._library.jobs.tell(self._job, text=text, done=done, total=total, rate=rate)
        self._last = time.monotonic()


def _run_when_free(library: Library, job: Job) -> dict[str, Any]:
    progress = JobProgressWriter(library, job)
    while True:
        try:
            return JOB_KINDS[job.verb].run(library, job.arguments, progress)
        except LibraryBusyError:
            progress.step("Waiting for another program that is using the library")
            time.sleep(_BUSY_SECONDS)
            progress.step("")


def _stop(library: Library, job: Job) -> None:
    now = library.jobs.get(job.id)
    if now is not None and now.cancelled is None:
        library.jobs.give_back(job, uncounted=True)
    else:
        library.jobs.finish(job, "cancelled")


def _ignore_signals() -> None:
    """Ignore signals while the result of the job is written."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)


if __name__ == "__main__":
    main(*sys.argv[1:])
