"""Tasks of fits and evaluations on the machines of a Ray cluster.

Shared values lie in the object store of Ray, which sends them to a node once. The tasks of a lost
node are run by others; results that have arrived stay. All nodes need the same version of segue.
"""

import logging
import os
import socket
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, Self, TypeVar
from urllib.parse import urlsplit

from threadpoolctl import threadpool_info, threadpool_limits

from segue import __version__
from segue.errors import ModelError, SegueError
from segue.task_runner import InProcess, Task
from segue.text import first_line

Result = TypeVar("Result")

MAX_TRIES: Final = 3
"""Number of nodes that may be lost with a task before the task is given up."""
_CONNECT_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class _Shared:
    """A value in the object store."""

    reference: Any


def _run(
    version: str, n_threads: int, function: Callable[..., Result], *arguments: Any
) -> Result | SegueError:
    """Run a task on a node; return its result, or its failure in one sentence."""
    if version != __version__:
        return SegueError(
            f"A node of the Ray cluster has segue {__version__}: install {version} there."
        )
    try:
        with threadpool_limits(n_threads, user_api="blas"):
            return function(*arguments)
    except SegueError as error:
        # errors with arguments of their own do not travel
        kind = ModelError if isinstance(error, ModelError) else SegueError
        return kind(str(error))


class RayTasks:
    """A connection to a Ray cluster while its context lasts; a `TaskRunner`.

    Raises
    ------
    ImportError
        If Ray is not installed.
    """

    def __init__(self, address: str | None = None) -> None:
        self._ray = _imported_ray()
        self._address = address
        self._connected = False

    def __enter__(self) -> Self:
        if not self._ray.is_initialized():
            address = self._address or os.environ.get("RAY_ADDRESS")
            own: dict[str, Any] = {} if address else {"include_dashboard": False}
            try:
                _check_port(address)
                self._ray.init(
                    self._address, log_to_driver=False, logging_level=logging.ERROR, **own
                )
            except (OSError, self._ray.exceptions.RayError, RuntimeError, ValueError) as error:
                raise SegueError(
                    f"There is no Ray cluster at {address or 'this machine'} ({error}):"
                    " start one with ray start --head, or correct --runner."
                ) from error
            self._connected = True
        return self

    def __exit__(self, *_: object) -> None:
        if self._connected:
            self._ray.shutdown()
            self._connected = False

    @property
    def n_parallel(self) -> int:
        """The number of processors of the cluster."""
        return max(int(self._ray.cluster_resources().get("CPU", 1)), 1)

    def share(self, value: Any) -> Any:
        """Put a value into the object store; return a reference to it."""
        return _Shared(self._ray.put(value))

    def map(
        self,
        function: Callable[..., Result],
        tasks: Iterable[Task],
        shared: Task = (),
        *,
        threads: bool = False,
    ) -> Iterator[Result]:
        """Start tasks; return their results in order. See `TaskRunner.map`.

        A task with `threads` has as many in its linear algebra as this process, so that its result
        is the same to the bit, and holds as many processors of a node, or all of the largest node.

        Raises
        ------
        SegueError
            If a task fails, or if its nodes were lost too often.
        """
        n_threads = _n_blas_threads() if threads else 1
        n_held = min(n_threads, self._largest_node())
        remote = self._ray.remote(num_cpus=n_held, max_retries=MAX_TRIES - 1)(_run)
        given = [one if isinstance(one, _Shared) else self.share(one) for one in shared]
        references = [
            remote.remote(__version__, n_threads, function, *map(_reference, (*task, *given)))
            for task in tasks
        ]
        return self._results(references)

    def _results(self, references: list[Any]) -> Iterator[Any]:
        """Yield the results of tasks; cancel the others where one failed."""
        waiting = deque(references)
        try:
            while waiting:
                try:
                    result = self._ray.get(waiting[0])
                except self._ray.exceptions.RayError as error:
                    raise SegueError(_why_failed(error)) from error
                if isinstance(result, SegueError):
                    raise result
                waiting.popleft()
                yield result
        finally:
            for reference in waiting:
                with suppress(self._ray.exceptions.RayError, ValueError):
                    self._ray.cancel(reference, force=True)

    def _largest_node(self) -> int:
        nodes = [node["Resources"].get("CPU", 0) for node in self._ray.nodes() if node["Alive"]]
        return max(int(max(nodes, default=1)), 1)

    def __reduce__(self) -> tuple[type[InProcess], tuple[()]]:
        return InProcess, ()


def _imported_ray() -> Any:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # read when Ray is imported
    import ray
    import ray.exceptions

    return ray


def _check_port(address: str | None) -> None:
    """Raise OSError where nothing answers at an address: Ray itself tries for minutes."""
    parts = urlsplit(address if address and "://" in address else f"ray://{address or ''}")
    if parts.hostname and parts.port:
        socket.create_connection((parts.hostname, parts.port), _CONNECT_SECONDS).close()


def _n_blas_threads() -> int:
    return max(
        (one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"), default=1
    )


def _reference(argument: Any) -> Any:
    return argument.reference if isinstance(argument, _Shared) else argument


def _why_failed(error: BaseException) -> str:
    """Return why a task of Ray has no result, in one sentence."""
    cause = getattr(error, "cause", None)
    if isinstance(cause, Exception):
        return (
            f"A task failed on the Ray cluster ({type(cause).__name__}: {first_line(cause)}):"
            f" install segue {__version__} with all that it needs on each node, or run it without"
            " --runner."
        )
    return (
        f"A task was lost on the Ray cluster {MAX_TRIES} times ({first_line(error)}): check the"
        " memory of its nodes, or run it without --runner."
    )
