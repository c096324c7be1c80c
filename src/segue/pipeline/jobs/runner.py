"""Run long jobs of a server in processes of their own.

Any number of servers may serve one library. Each calls `Runner.tick` from time to time, and any of
them may start a job. A job does not depend on the server that started it: its process continues by
itself and writes its progress to the table of jobs. A job whose process disappeared is started
again, at most three times; commands only do what is not done yet.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any, Final, Self

from segue.errors import JobError, UnknownJobError
from segue.library import Job, Library, make_directory, open_private
from segue.pipeline.hidden_paths import hide_commands
from segue.pipeline.jobs.job_arguments import check_arguments, redact_paths
from segue.pipeline.jobs.job_kinds import JOB_KINDS
from segue.pipeline.jobs.processes import identity, is_alive, send_signal
from segue.pipeline.jobs.stages import stage_of

MAX_WAITING: Final = 20
MAX_RESTARTS: Final = 3
_TERM_SECONDS, _KILL_SECONDS = 10.0, 30.0
"""Time after a cancellation at which SIGTERM and SIGKILL are sent."""


def start_job(
    library: Library,
    verb: str,
    arguments: Mapping[str, Any] | None = None,
    *,
    by: str | None = None,
    admin: bool = False,
    once: bool = False,
    reason: str | None = None,
) -> Job:
    """Add a job that a `Runner` will start. The same job is not added while it waits.

    Parameters
    ----------
    arguments
        Arguments of the verb; see `segue.pipeline.jobs.job_arguments`.
    by
        Listener who starts the job.
    admin
        Whether paths of this machine are allowed as arguments.
    once
        Whether to return the same job if it is running already.
    reason
        Of a job that nobody asked for.

    Raises
    ------
    JobError
        If there is no such verb, it does not take these arguments, or too many jobs wait.
    """
    checked = check_arguments(library, verb, arguments or {}, admin=admin)
    if sum(job.state == "waiting" for job in library.jobs.under_way()) >= MAX_WAITING:
        raise JobError(
            f"{MAX_WAITING} jobs are waiting already: cancel one, or wait until one is done."
        )
    job = library.jobs.add(verb, checked, by, once=once, reason=reason)
    library.audit.note("job started", by, detail=f"{job.id}: {verb}")
    return job


def find_job(library: Library, job: int) -> Job:
    """Return a job.

    Raises
    ------
    UnknownJobError
        If there is no such job.
    """
    found = library.jobs.get(job)
    if found is None:
        raise UnknownJobError(f"There is no job {job}: list the jobs for their ids.")
    return found


def cancel(library: Library, job: int, *, by: str | None = None) -> Job:
    """Cancel a job: at once if it waits, else as soon as its process reacts.

    Work that is done is kept.

    Raises
    ------
    UnknownJobError
        If there is no such job.
    """
    find_job(library, job)
    found = library.jobs.cancel(job) or find_job(library, job)
    if found.cancelled is not None:
        library.audit.note("job cancelled", by, detail=f"{job}: {found.verb}")
    if found.state == "running":
        send_signal(found.process, signal.SIGINT)
    return found


def start_again(library: Library, job: int, *, by: str | None = None) -> Job:
    """Add a job with the verb and arguments of an earlier one, which goes on where that stopped.

    Raises
    ------
    UnknownJobError
        If there is no such job.
    JobError
        If it has not ended yet.
    """
    found = find_job(library, job)
    if found.under_way:
        raise JobError(f"The job {job} has not ended yet: wait, or cancel it.")
    again = library.jobs.add(found.verb, found.arguments, by, once=True)
    library.audit.note("job started", by, detail=f"{again.id}: {again.verb}")
    return again


def job_document(library: Library, job: Job) -> dict[str, Any]:
    """Return a job as a JSON document, without processes and paths of this machine."""
    return {
        "id": job.id,
        "verb": job.verb,
        "arguments": redact_paths(library, job.arguments),
        "state": job.state,
        "asked_by": job.asked_by,
        "asked": job.asked,
        "started": job.started,
        "finished": job.finished,
        "cancelled": job.cancelled is not None,
        "starts": job.starts,
        "done": job.done,
        "total": job.total,
        "text": job.text,
        **stage_of(job.text)._asdict(),
        "remaining_seconds": job.remaining_seconds,
        "reason": job.reason,
        "result": job.result,
        "error": None if job.error is None else hide_commands(job.error),
    }


class Runner:
    """Starts and watches the jobs of a library. Use it in one thread at a time.

    `on_end` is called for each job that has ended since the last look, also in another process.
    """

    def __init__(self, library: Library, on_end: Callable[[Job], object] | None = None) -> None:
        self.library = library
        self._on_end = on_end
        self._under_way: set[int] = set()
        self._children: list[tuple[subprocess.Popen[bytes], Job]] = []

    def tick(self) -> Job | None:
        """Stop cancelled jobs, restart lost ones, and start a waiting one; return that job.

        Call this about once a second.

        Raises
        ------
        LibraryError
            If the database cannot be written.
        """
        self.look()
        return self.start()

    def look(self) -> None:
        """Stop cancelled jobs, and let lost ones wait again."""
        self._reap()
        under_way = self.library.jobs.under_way()
        for job in under_way:
            if job.state == "running":
                self._check_running(job)
        ended = self._under_way.difference(job.id for job in under_way)
        self._under_way = {job.id for job in under_way}
        for number in sorted(ended):
            job_now = self.library.jobs.get(number)
            if job_now is not None and self._on_end is not None:
                self._on_end(job_now)

    def start(self) -> Job | None:
        """Start the job that has waited longest if none is running; return it."""
        states = {job.state for job in self.library.jobs.under_way()}
        if states != {"waiting"}:
            return None
        claimed = self.library.jobs.claim(identity(os.getpid()) or "")
        if claimed is not None:
            self._under_way.add(claimed.id)
            self._start(claimed)
        return claimed

    def close(self) -> None:
        """Forget the processes, which continue to run."""
        for process, _ in self._children:
            # without a return code Popen warns that the process is still running
            process.returncode = process.poll() or 0
        self._children.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _reap(self) -> None:
        ended = [child for child in self._children if child[0].poll() is not None]
        for child in ended:
            self._children.remove(child)
            _recover(self.library, child[1])  # does nothing if the job has written its result

    def _check_running(self, job: Job) -> None:
        # until the process has registered itself, the process that started it counts
        if not is_alive(job.process or job.runner):
            _recover(self.library, job)
        elif job.cancelled is not None and job.process is not None:
            since = time.time() - job.cancelled
            if since > _KILL_SECONDS:
                send_signal(job.process, signal.SIGKILL)
            elif since > _TERM_SECONDS:
                send_signal(job.process, signal.SIGTERM)

    def _start(self, job: Job) -> None:
        log = self.library.jobs.log(job.id)
        try:
            make_directory(log.parent)
            with open_private(log, "ab") as stream:
                # a session of its own, so that signals to the server do not reach it
                process = subprocess.Popen(  # noqa: S603  # our own module
                    [
                        sys.executable,
                        "-m",
                        "segue.pipeline.jobs.job_process",
                        str(self.library.directory),
                        str(job.id),
                        job.claim or "",
                    ],
                    env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
                    stdin=subprocess.DEVNULL,
                    stdout=stream,
                    stderr=stream,
                    start_new_session=True,
                )
        except OSError as error:
            reason = error.strerror or "for an unknown reason"
            sentence = f"The process of the job cannot be started ({reason}): try again later."
            self.library.jobs.finish(job, "failed", error=sentence)
            return
        self._children.append((process, job))


def run_waiting(library: Library, *, every: float = 0.5) -> Job | None:
    """Run the job that has waited longest and return it when it has ended.

    Return None if no job waits, or another process is running one.
    """
    with Runner(library) as runner:
        job = runner.tick()
        while job is not None and job.under_way:
            time.sleep(every)
            runner.look()
            job = library.jobs.get(job.id)
            if job is not None and job.state == "waiting":
                runner.start()
        return job


def _recover(library: Library, job: Job) -> None:
    """Restart or fail a job whose process is gone, unless it has written its result."""
    now = library.jobs.get(job.id)
    if now is None or now.state != "running" or now.claim != job.claim:
        return
    if now.cancelled is not None:
        library.jobs.finish(now, "cancelled")
    elif now.starts > MAX_RESTARTS:
        kind = JOB_KINDS.get(now.verb)
        command = kind.command if kind and kind.command else now.verb
        sentence = (
            f"The process of the job ended {now.starts} times without a result, maybe for lack of"
            f" memory: run segue {command} on the command line to see why."
        )
        library.jobs.finish(now, "failed", error=sentence)
    else:
        library.jobs.give_back(now)
