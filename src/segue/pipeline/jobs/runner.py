"""Jobs: verbs that a server is asked for, each run by a process of its own.

Any number of servers may serve one library, and each keeps a `Runner` that it lets look from time
to time. Which of them starts a job makes no difference, and none needs to live until it has ended:
the process goes on by itself and tells the table how far it is. A job whose process is gone without
a word is started again, three times at most; verbs do only what is not done yet.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Final, Self

from segue.errors import JobError, UnknownJobError
from segue.library import Job, Library
from segue.pipeline.jobs.job_arguments import check_arguments, hidden
from segue.pipeline.jobs.processes import identity, is_alive, send

MOST_WAITING: Final = 20
MOST_RESTARTS: Final = 3
COMMANDS: Final[Mapping[str, str]] = {"map": "train map"}
"""What does a job's verb on the command line, where it is called otherwise."""
_TERM_SECONDS, _KILL_SECONDS = 10.0, 30.0
"""How long after it was asked to end a process is told so in a louder voice."""


def ask(
    library: Library,
    verb: str,
    arguments: Mapping[str, Any] | None = None,
    *,
    by: str | None = None,
    admin: bool = False,
    once: bool = False,
) -> Job:
    """Ask for a job; it waits for a `Runner`. What waits already is not asked for twice.

    Parameters
    ----------
    arguments
        What the verb takes: see `segue.pipeline.jobs.job_arguments`.
    by
        The listener who asks.
    admin
        Whether who asks may name paths of this machine.
    once
        Whether the same job that runs already will do, as one that waits does.

    Raises
    ------
    JobError
        If there is no such verb, it does not take these arguments, or too many jobs wait.
    """
    checked = check_arguments(library, verb, arguments or {}, admin=admin)
    if sum(job.state == "waiting" for job in library.jobs.under_way()) >= MOST_WAITING:
        raise JobError(f"{MOST_WAITING} jobs wait already: cancel one, or wait until one is done.")
    job = library.jobs.add(verb, checked, by, once=once)
    library.audit.note("job asked for", by, detail=f"{job.id}: {verb}")
    return job


def find_job(library: Library, job: int) -> Job:
    """Return a job.

    Raises
    ------
    UnknownJobError
        If the library does not know it.
    """
    found = library.jobs.get(job)
    if found is None:
        raise UnknownJobError(f"There is no job {job}: list them for their numbers.")
    return found


def cancel(library: Library, job: int, *, by: str | None = None) -> Job:
    """Ask for a job's end: at once if it waits, else as soon as its process heeds it.

    What the verb has done until then is kept.

    Raises
    ------
    UnknownJobError
        If the library does not know it.
    """
    find_job(library, job)
    found = library.jobs.cancel(job) or find_job(library, job)
    if found.cancelled is not None:
        library.audit.note("job cancelled", by, detail=f"{job}: {found.verb}")
    if found.state == "running":
        send(found.process, signal.SIGINT)
    return found


def shown(library: Library, job: Job) -> dict[str, Any]:
    """Return a job as others may see it: without processes and paths of this machine."""
    return {
        "id": job.id,
        "verb": job.verb,
        "arguments": hidden(library, job.arguments),
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
        "result": job.result,
        "error": job.error,
    }


class Runner:
    """Starts the jobs of a library, and looks after those that run. For one thread at a time."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self._children: list[tuple[subprocess.Popen[bytes], Job]] = []

    def tick(self) -> Job | None:
        """Look once: end what is to end, start again what was lost, start what waits.

        Meant to be called every second or so; returns the job that was started, if one was.

        Raises
        ------
        LibraryError
            If the disk refuses.
        """
        self.look()
        return self.start()

    def look(self) -> None:
        """End what is to end, and let what was lost wait again."""
        self._reap()
        for job in self.library.jobs.under_way():
            if job.state == "running":
                self._look_after(job)

    def start(self) -> Job | None:
        """Start the job that has waited longest, if none runs; return it."""
        states = {job.state for job in self.library.jobs.under_way()}
        if states != {"waiting"}:
            return None
        claimed = self.library.jobs.claim(identity(os.getpid()) or "")
        if claimed is not None:
            self._start(claimed)
        return claimed

    def close(self) -> None:
        """Let go: processes that run go on."""
        for process, _ in self._children:
            # it is none of ours any more, which Popen would warn of
            process.returncode = process.poll() or 0
        self._children.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _reap(self) -> None:
        ended = [child for child in self._children if child[0].poll() is not None]
        for child in ended:
            self._children.remove(child)
            _lost(self.library, child[1])  # which does nothing if it has told its end

    def _look_after(self, job: Job) -> None:
        # a process that was started and is not in the table yet is its starter's business
        if not is_alive(job.process or job.runner):
            _lost(self.library, job)
        elif job.cancelled is not None and job.process is not None:
            since = time.time() - job.cancelled
            if since > _KILL_SECONDS:
                send(job.process, signal.SIGKILL)
            elif since > _TERM_SECONDS:
                send(job.process, signal.SIGTERM)

    def _start(self, job: Job) -> None:
        log = self.library.jobs.log(job.id)
        try:
            log.parent.mkdir(mode=0o700, exist_ok=True)
            with log.open("ab") as stream:
                # a session of its own: what ends the server does not end it
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
            sentence = f"The job's process cannot be started ({reason}): try it again later."
            self.library.jobs.finish(job, "failed", error=sentence)
            return
        self._children.append((process, job))


def run_waiting(library: Library, *, every: float = 0.5) -> Job | None:
    """Start the job that has waited longest and wait for its end; return it as it is then.

    None where none waits, or another process runs one.
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


def _lost(library: Library, job: Job) -> None:
    """See to a job whose process is gone; nothing if it has said how it ended."""
    now = library.jobs.get(job.id)
    if now is None or now.state != "running" or now.claim != job.claim:
        return
    if now.cancelled is not None:
        library.jobs.finish(now, "cancelled")
    elif now.starts > MOST_RESTARTS:
        sentence = (
            f"The job's process has ended {now.starts} times without a word, as if memory ran out:"
            f" run segue {COMMANDS.get(now.verb, now.verb)} on the command line to see why."
        )
        library.jobs.finish(now, "failed", error=sentence)
    else:
        library.jobs.give_back(now)
