"""Tasks that read files, on the machines of a Ray cluster.

An actor of Ray holds one processor of a node and runs its tasks in a worker process of
its own (`segue.pipeline.analysis.workers`), so that a fault in a codec, a time limit and a lack of
memory have the same results as on one machine. The tasks of an actor that is lost with its node are
run by others.

All nodes need the same version of segue, and the music under the same paths.
"""

import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from segue import __version__
from segue.errors import SegueError
from segue.pipeline.analysis.ray_tasks import MAX_TRIES, RayTasks
from segue.pipeline.analysis.tasks import Failed
from segue.pipeline.analysis.workers import TIME_LIMIT, Workers
from segue.text import first_line

Key = TypeVar("Key")

_TASKS_PER_ACTOR: Final = 2  # one runs, one waits: the actor is never idle
_MAX_FAILED_STARTS: Final = 8
_POLL_SECONDS: Final = 1.0


class _Analyzer:
    """Runs tasks one by one in a worker process of a node."""

    def __init__(self, seconds: float) -> None:
        self._workers = Workers(1, seconds)

    def version(self) -> str:
        """Return the version of segue on the node."""
        return __version__

    def run(self, function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        """Return the result of a task, or the reason why there is none."""
        ((_, result),) = self._workers.answers(function, [(0, arguments)])
        return result


@dataclass(eq=False, slots=True)
class _Task:
    key: Any
    arguments: tuple[Any, ...]
    tries: int = 0
    reference: Any = None


@dataclass(eq=False, slots=True)
class _Actor:
    """A handle of Ray, and its tasks in their order; `started` becomes ready when it runs."""

    handle: Any
    started: Any
    ready: bool = False
    tasks: deque[_Task] = field(default_factory=deque)


class RayWorkers(RayTasks):
    """Worker processes on the nodes of a Ray cluster; a `FileTaskRunner`.

    Parameters
    ----------
    address : str, optional
        Of a cluster, as `ray.init` takes it.
    n_workers : int, optional
        By default one for each processor of the cluster.
    seconds : float
        Time limit of one task.

    Raises
    ------
    ImportError
        If Ray is not installed.
    """

    def __init__(
        self, address: str | None = None, n_workers: int | None = None, seconds: float = TIME_LIMIT
    ) -> None:
        super().__init__(address)
        self._n_workers, self._seconds = n_workers, seconds
        self._actors: list[_Actor] = []
        self._failed_starts = 0

    def __exit__(self, *_: object) -> None:
        for actor in self._actors:
            with suppress(self._ray.exceptions.RayError):
                self._ray.kill(actor.handle)
        self._actors.clear()
        super().__exit__()

    def answers(
        self, function: Callable[..., Any], work: Iterable[tuple[Key, tuple[Any, ...]]]
    ) -> Iterator[tuple[Key, Any]]:
        """Yield each key with the result of `function` for its arguments, in order of completion.

        Raises
        ------
        SegueError
            If no node can run tasks.
        """
        todo = deque(_Task(key, arguments) for key, arguments in work)
        while True:
            self._start_actors(len(todo))
            self._hand_out(function, todo)
            busy = [actor for actor in self._actors if actor.tasks]
            if not busy and not todo:
                return
            waiting = [actor.tasks[0].reference for actor in busy]
            waiting += [actor.started for actor in self._actors if not actor.ready]
            done, _ = self._ray.wait(waiting, timeout=_POLL_SECONDS)
            for actor in [one for one in self._actors if not one.ready and one.started in done]:
                self._note_start(actor)
            for actor in [one for one in busy if one.tasks[0].reference in done]:
                task = actor.tasks.popleft()
                try:
                    result = self._ray.get(task.reference)
                except self._ray.exceptions.RayTaskError:
                    raise
                except self._ray.exceptions.RayError:
                    # the node or the actor is gone, not the file at fault
                    self._actors.remove(actor)
                    task.tries += 1
                    todo.extendleft(reversed(actor.tasks))
                    if task.tries < MAX_TRIES:
                        todo.appendleft(task)
                        continue
                    result = Failed(
                        f"{task.tries} machines were lost while they read it: try again with"
                        " --retry",
                        passing=True,
                    )
                yield task.key, result

    def _start_actors(self, n_tasks: int) -> None:
        """Start an actor for each processor of the cluster, but no more than there are tasks."""
        n_wanted = self._n_workers or self.n_parallel
        n_idle = sum(not actor.tasks for actor in self._actors)
        for _ in range(min(n_wanted - len(self._actors), n_tasks - n_idle)):
            remote = self._ray.remote(num_cpus=1, max_restarts=0, scheduling_strategy="SPREAD")
            handle: Any = remote(_Analyzer).remote(self._seconds)
            self._actors.append(_Actor(handle, handle.version.remote()))

    def _note_start(self, actor: _Actor) -> None:
        try:
            version = self._ray.get(actor.started)
        except self._ray.exceptions.RayError as error:
            self._actors.remove(actor)
            self._failed_starts += 1
            if self._failed_starts >= _MAX_FAILED_STARTS:
                raise SegueError(
                    f"The nodes of the Ray cluster start no tasks ({first_line(error)}): install"
                    f" segue {__version__} with Python {sys.version_info.major}."
                    f"{sys.version_info.minor} on each of them."
                ) from error
            return
        if version != __version__:
            raise SegueError(
                f"A node of the Ray cluster has segue {version}: install {__version__} there."
            )
        actor.ready = True

    def _hand_out(self, function: Callable[..., Any], todo: deque[_Task]) -> None:
        for room in range(1, _TASKS_PER_ACTOR + 1):
            for actor in self._actors:
                while actor.ready and todo and len(actor.tasks) < room:
                    task = todo.popleft()
                    task.reference = actor.handle.run.remote(function, task.arguments)
                    actor.tasks.append(task)
