"""Progress bars on standard error, if that is a terminal."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from segue.types import Advance, Progress, no_progress


def terminal_progress() -> Progress:
    """Return progress bars with counts and remaining time; none for a pipe or a file."""
    return _bar if sys.stderr.isatty() else no_progress


@contextmanager
def _bar(description: str, total: int) -> Iterator[Advance]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as shown:
        task = shown.add_task(description, total=total)
        yield lambda steps: shown.advance(task, steps)
