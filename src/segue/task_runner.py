"""Run independent tasks: one after another in this process, or on other machines.

Conventions
-----------
- A task is a module-level function and its arguments, so that processes of other machines can
  import it. Its result depends on its arguments alone: it is the same wherever the task runs.
- `shared` values are the last arguments of all tasks of a call. They travel to a machine once.
- A runner that is an argument of a task runs the tasks of that task in its process.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, Protocol, TypeVar

Result = TypeVar("Result")
Task = tuple[Any, ...]


class TaskRunner(Protocol):
    """Runs the tasks of a fit or an evaluation."""

    @property
    def n_parallel(self) -> int:
        """Number of tasks that run at the same time; 1 in this process."""

    def share(self, value: Any) -> Any:
        """Return a reference to `value` for the tasks of several calls, which get the value."""

    def map(
        self,
        function: Callable[..., Result],
        tasks: Iterable[Task],
        shared: Task = (),
        *,
        threads: bool = False,
    ) -> Iterator[Result]:
        """Start tasks; return their results ``function(*task, *shared)`` in the order of tasks.

        Parameters
        ----------
        threads
            Whether a task uses as many threads as this machine has processors; else one.

        Raises
        ------
        SegueError
            If a task fails on another machine; in this process, what the task raises.
        """


class InProcess:
    """Runs tasks one after another in this process, each when its result is wanted."""

    @property
    def n_parallel(self) -> int:
        """One task runs at a time; it may use all processors."""
        return 1

    def share(self, value: Any) -> Any:
        """Return the value itself."""
        return value

    def map(
        self,
        function: Callable[..., Result],
        tasks: Iterable[Task],
        shared: Task = (),
        *,
        threads: bool = False,  # noqa: ARG002
    ) -> Iterator[Result]:
        """Yield the results of the tasks; see `TaskRunner.map`."""
        return (function(*task, *shared) for task in tasks)

    def __reduce__(self) -> tuple[type["InProcess"], tuple[()]]:
        return InProcess, ()


IN_PROCESS: Final = InProcess()
