"""Pool of worker processes: every task gets a result, even if its process dies or hangs.

A worker that dies (a crash in a codec, no memory left) or exceeds the time limit is replaced, and
the result of its task states the reason; other tasks continue. Workers run their numerical
libraries on one thread each, so that they do not compete for cores, and print nothing.
docs/decisions/worker-pool.md compares the pool with libraries.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from typing import Any, Final, Self, TypeVar

from segue.errors import SegueError
from segue.pipeline.analysis.results import MAX_BYTES, UnsafeResultError, read_result
from segue.pipeline.analysis.tasks import Failed
from segue.pipeline.analysis.worker import READY
from segue.task_runner import InProcess

Key = TypeVar("Key")
Task = tuple[Callable[..., Any], tuple[Any, ...]]

TIME_LIMIT: Final = 300.0
"""Seconds after which a task is stopped: an hour of music takes about 15."""

_TASKS_PER_WORKER: Final = 2  # one runs, one waits: the worker is never idle
_START_SECONDS: Final = 60.0
_DYING_SECONDS: Final = 5.0
_ONE_THREAD: Final = {
    f"{library}_NUM_THREADS": "1" for library in ("OPENBLAS", "OMP", "MKL", "NUMEXPR")
} | {"VECLIB_MAXIMUM_THREADS": "1"}


class Workers(InProcess):
    """Worker processes for tasks that read files; other tasks run in this process.

    They start when there is work and end with the context.

    Parameters
    ----------
    n_workers : int, optional
        By default one for each processor available to this process.
    seconds : float
        Time limit of one task.
    """

    def __init__(self, n_workers: int | None = None, seconds: float = TIME_LIMIT) -> None:
        self._n_workers = n_workers or _n_processors()
        self._seconds = seconds
        self._workers: list[_Worker] = []

    def answers(
        self, function: Callable[..., Any], work: Iterable[tuple[Key, tuple[Any, ...]]]
    ) -> Iterator[tuple[Key, Any]]:
        """Yield each key with the result of `function` for its arguments, in order of completion.

        Raises
        ------
        SegueError
            If worker processes cannot be started.
        """
        todo = deque(work)
        while True:
            self._hand_out(function, todo)
            busy = [worker for worker in self._workers if worker.held]
            if not busy:
                return
            first_end = min(worker.since for worker in busy) + self._seconds
            wait([worker.connection for worker in busy], max(first_end - time.monotonic(), 0.0))
            for worker in busy:
                answer = self._answer(worker)
                if answer is not None:
                    (key, _), result = worker.held.popleft(), answer[0]
                    worker.since = time.monotonic()
                    if not worker.alive:
                        self._workers.remove(worker)
                        todo.extendleft(reversed(worker.held))
                    yield key, result

    def _hand_out(self, function: Callable[..., Any], todo: deque[Any]) -> None:
        for worker in [one for one in self._workers if not one.held and one.has_ended()]:
            # it ended while idle: no task is at fault
            worker.end()
            self._workers.remove(worker)
        while todo and len(self._workers) < self._n_workers:
            # no more workers than tasks
            if sum(not worker.held for worker in self._workers) >= len(todo):
                break
            self._workers.append(_start())
        for room in range(1, _TASKS_PER_WORKER + 1):
            for worker in self._workers:
                while todo and len(worker.held) < room:
                    worker.hold(todo.popleft(), function)

    def _answer(self, worker: "_Worker") -> tuple[Any] | None:
        """Return the result of the task that a worker runs, in a tuple; None if it still runs."""
        try:
            if worker.connection.poll():
                return (worker.receive(),)
        except (EOFError, OSError):
            return (Failed(worker.death()),)
        except (UnsafeResultError, MemoryError):
            worker.end()
            return (Failed("the process that read it gave a result that cannot be: leave it out"),)
        if time.monotonic() - worker.since < self._seconds:
            return None
        worker.end()
        reason = f"it took more than {self._seconds:g} s and was stopped"
        reason += ": try again with a higher --time-limit"
        return (Failed(reason, after=self._seconds),)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            worker.end()
        self._workers.clear()


@dataclass(eq=False, slots=True)
class _Worker:
    """A process, the connection to it, and its tasks; the first one is running."""

    process: "subprocess.Popen[bytes]"
    connection: Connection
    held: deque[Any] = field(default_factory=deque)
    since: float = 0.0
    alive: bool = True

    def hold(self, task: tuple[Any, tuple[Any, ...]], function: Callable[..., Any]) -> None:
        if not self.held:
            self.since = time.monotonic()
        self.held.append(task)
        # a death is noticed when the result is awaited
        with suppress(OSError):
            self.connection.send((function, task[1]))

    def receive(self) -> Any:
        """Return the next result; see `segue.pipeline.analysis.results`."""
        return read_result(self.connection.recv_bytes(MAX_BYTES))

    def has_ended(self) -> bool:
        """Tell whether the process has ended or closed its end of the connection."""
        return self.process.poll() is not None or self.connection.poll()

    def death(self) -> str:
        """Return how a process ended that has closed its end of the connection."""
        try:
            code = self.process.wait(_DYING_SECONDS)
        except subprocess.TimeoutExpired:
            code = None
        self.end()
        return _how_it_ended(code)

    def end(self) -> None:
        """Stop the process."""
        self.alive = False
        self.connection.close()
        self.process.kill()
        self.process.wait()


def _start() -> _Worker:
    ours, theirs = socket.socketpair()
    with theirs:
        process = subprocess.Popen(  # noqa: S603  # our own module, by the Python that runs us
            [sys.executable, "-m", "segue.pipeline.analysis.worker", str(theirs.fileno())],
            env={
                **os.environ,
                **_ONE_THREAD,
                "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
            },
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
    worker = _Worker(process, Connection(ours.detach()))
    try:
        if worker.connection.poll(_START_SECONDS) and worker.receive() == READY:
            return worker
    except (EOFError, OSError, UnsafeResultError):
        pass
    worker.end()
    raise SegueError(
        "The worker processes that analyze audio do not start (the reason is above, if Python"
        " printed one): check that this Python can start programs, or install segue again."
    )


def _how_it_ended(code: int | None) -> str:
    if code == -signal.SIGKILL:
        way_out = "leave the file out, or free memory and try again with --retry"
        return (
            f"the process that read it was ended by SIGKILL, probably for lack of memory: {way_out}"
        )
    way_out = "leave the file out, or try again with --retry"
    if code is not None and code < 0:
        return (
            f"the process that read it was ended by {_name(-code)}, a fault in a codec: {way_out}"
        )
    return f"the process that read it ended (code {code}): {way_out}"


def _name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # real-time signals have numbers only
        return f"signal {number}"


def _n_processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
