"""Keep memory use of a long-running server low: malloc arenas and garbage collection."""

import ctypes
import gc
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final

_ARENA_MAX: Final = -8
_ARENAS: Final = 2
COLLECT_SECONDS: Final = 60.0
"""Time between two full collections of an idle server."""
_FULL_COLLECTION_THRESHOLD: Final = 500
"""Middle collections before Python starts a full one by itself: about twenty minutes of a server
that is never idle."""


def keep_few_arenas() -> None:
    """Limit glibc malloc to two arenas for all threads; do nothing with other C libraries.

    glibc uses up to eight arenas a core, and each keeps its freed memory. The scores of some
    listeners for all tracks are tens of megabytes and are computed in any thread, so the server
    would hold many times the memory it needs.
    """
    with suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").mallopt(_ARENA_MAX, _ARENAS)


def freeze_gc() -> None:
    """Exclude all objects that exist now from garbage collection.

    The modules and the opened library are some hundred thousand objects that stay. Traversing them
    took 0.1 s, four times a minute, during which no request was answered. Call this again after the
    library was opened again: objects frozen before are then collected if they are unreachable.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()


class IdleGarbageCollector:
    """Run full garbage collections while the server is idle, and rarely at other times.

    A full collection takes some hundredths of a second during which no request is answered. Python
    starts one after many allocations, which is when many requests wait.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._last = clock()

    def raise_threshold(self) -> None:
        """Make Python start full collections by itself only rarely."""
        young, middle, _ = gc.get_threshold()
        gc.set_threshold(young, middle, _FULL_COLLECTION_THRESHOLD)

    def __call__(self) -> bool:
        """Collect garbage if `COLLECT_SECONDS` have passed. Return False: no work is left."""
        if self._clock() - self._last >= COLLECT_SECONDS:
            gc.collect()
            self._last = self._clock()
        return False
