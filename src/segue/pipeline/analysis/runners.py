"""Where tasks run: in processes of this machine, or on a Ray cluster."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, Protocol, Self, TypeVar

from segue.errors import ContradictionError, MissingExtraError
from segue.pipeline.analysis.ray_workers import RayWorkers
from segue.pipeline.analysis.workers import TIME_LIMIT, Workers
from segue.task_runner import TaskRunner

Key = TypeVar("Key")

LOCAL: Final = "local"


class FileTaskRunner(TaskRunner, Protocol):
    """Runs tasks while its context lasts, also those that read files and may not end well."""

    def answers(
        self, function: Callable[..., Any], work: Iterable[tuple[Key, tuple[Any, ...]]]
    ) -> Iterator[tuple[Key, Any]]:
        """Yield each key with the result of `function` for its arguments, in order of completion.

        The result is a `Failed` where the process of a task died or exceeded its time limit.
        """

    def __enter__(self) -> Self:
        """Start."""

    def __exit__(self, *_: object) -> None:
        """Stop all tasks."""


def task_runner(
    name: str = LOCAL, n_workers: int | None = None, seconds: float = TIME_LIMIT
) -> FileTaskRunner:
    """Return the runner that a user names.

    Parameters
    ----------
    name
        ``local``; ``ray`` for the cluster that ``RAY_ADDRESS`` names or this machine is part of,
        else one of this machine alone; ``ray://HOST:PORT`` for the client port of a cluster.
    n_workers
        Files that are read at the same time, by default one for each processor.
    seconds
        Time limit of one file.

    Raises
    ------
    ContradictionError
        If there is no such runner.
    MissingExtraError
        If Ray is not installed.
    """
    if name == LOCAL:
        return Workers(n_workers, seconds)
    if name != "ray" and not name.startswith("ray://"):
        raise ContradictionError(f"{name} is no runner: use local, ray or ray://HOST:PORT.")
    try:
        return RayWorkers(None if name == "ray" else name, n_workers, seconds)
    except ImportError as error:
        raise MissingExtraError("Running tasks on a Ray cluster", "ray") from error
