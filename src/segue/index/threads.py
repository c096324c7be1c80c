"""Holding the linear algebra of the process to one thread, for as long as somebody needs it.

Products of small matrices only lose time when BLAS splits them over threads; on a busy machine,
hundreds of times their time. How many threads it may use is one number for the whole process: while
it is held, products elsewhere in the process run on one thread, too. So the number is not set and
set back by each who needs it, which would leave it wrong where two of them overlap: who comes first
sets it, who leaves last gives back what was before.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from threadpoolctl import OpenBLASController, threadpool_limits


class _Hold:
    """How many hold it, and what is to be given back."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.holders = 0
        self.limits: threadpool_limits | None = None


_HOLD = _Hold()


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Hold BLAS to one thread while inside; any number of threads may be inside at once."""
    with _HOLD.lock:
        if not _HOLD.holders:
            _HOLD.limits = threadpool_limits(1, user_api="blas")
            _let_go()
        _HOLD.holders += 1
    try:
        yield
    finally:
        with _HOLD.lock:
            _HOLD.holders -= 1
            if not _HOLD.holders and _HOLD.limits is not None:
                _HOLD.limits.restore_original_limits()
                _HOLD.limits = None
                _let_go()


def _let_go() -> None:
    """Let another thread than this one set the number next: threadpoolctl 3.8 keeps it to one."""
    clear = getattr(OpenBLASController, "clear_controlling_thread", None)
    if clear is not None:
        clear()
