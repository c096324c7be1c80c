"""Limit BLAS to one thread, and run many small pieces of linear algebra in parallel threads.

Products of small matrices only lose time when BLAS splits them over threads: on a busy machine up
to hundreds of times their time. numpy and scipy release Python's lock inside products and solves,
so that a Python thread a core, each with a BLAS of one thread, is enough.

The number of BLAS threads belongs to the whole process. The first caller that enters
`one_blas_thread` sets it and the last that leaves restores it, so that overlapping callers do not
restore a wrong number.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Lock
from typing import TypeVar

from threadpoolctl import OpenBLASController, threadpool_limits

Part = TypeVar("Part")


class _Holders:
    """The number of callers inside, and the limits to restore."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.n = 0
        self.limits: threadpool_limits | None = None


_HOLDERS = _Holders()


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Limit BLAS to one thread inside the block; several threads may be inside at once."""
    with _HOLDERS.lock:
        if not _HOLDERS.n:
            _HOLDERS.limits = threadpool_limits(1, user_api="blas")
            _allow_other_threads()
        _HOLDERS.n += 1
    try:
        yield
    finally:
        with _HOLDERS.lock:
            _HOLDERS.n -= 1
            if not _HOLDERS.n and _HOLDERS.limits is not None:
                _HOLDERS.limits.restore_original_limits()
                _HOLDERS.limits = None
                _allow_other_threads()


def _allow_other_threads() -> None:
    """Let any thread set the number next: threadpoolctl 3.8 ties it to one thread."""
    clear = getattr(OpenBLASController, "clear_controlling_thread", None)
    if clear is not None:
        clear()


def for_each(work: Callable[[Part], None], parts: Iterable[Part]) -> None:
    """Call `work` on each of `parts`, in one thread a core if there are several parts.

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
    with one_blas_thread(), ThreadPoolExecutor(_n_cores()) as pool:
        for _ in pool.map(work, listed):
            pass  # raises what a thread raised


def _n_cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return max(len(os.sched_getaffinity(0)), 1)
    return os.cpu_count() or 1
