"""Many small pieces of linear algebra at once: a thread a core, each with a BLAS of one thread.

numpy and scipy let go of Python's lock inside matrix products, solves and sparse products, so that
threads are enough. A BLAS that splits small matrices over threads only loses time by it; it is held
to one for the whole process while the work lasts (`segue.index.one_blas_thread`).
"""

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from segue.index import one_blas_thread

Part = TypeVar("Part")


def for_each(work: Callable[[Part], None], parts: Iterable[Part]) -> None:
    """Do `work` on each of `parts`, in threads where there is more than one.

    >>> squares = {}
    >>> for_each(lambda n: squares.update({n: n * n}), [1, 2, 3])
    >>> sorted(squares.values())
    [1, 4, 9]
    """
    listed = list(parts)
    if len(listed) < 2:
        for part in listed:
            work(part)
        return
    with one_blas_thread(), ThreadPoolExecutor(_cores()) as pool:
        for _ in pool.map(work, listed):
            pass  # what a thread raises is raised here


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return max(len(os.sched_getaffinity(0)), 1)
    return os.cpu_count() or 1
