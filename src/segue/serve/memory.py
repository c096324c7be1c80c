"""How memory is looked after in a process that goes on for weeks."""

import ctypes
import gc
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final

_ARENA_MAX: Final = -8
_ARENAS: Final = 2
TIDY_SECONDS: Final = 60.0
"""Between two times that all garbage is looked for, where there is time for that."""
_SELDOM: Final = 500
"""Collections of what is neither young nor old between two of everything, at the least: twenty
minutes of a server at its limit, which never has time."""


def keep_few_arenas() -> None:
    """Let all threads share two arenas.

    glibc gives threads up to eight arenas a core, and each keeps what was freed in it. Scores of
    all tracks for some listeners are tens of megabytes, and every thread works them out now and
    then, so that a server would hold many times what it needs. Elsewhere nothing is done.
    """
    with suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").mallopt(_ARENA_MAX, _ARENAS)


def freeze_gc() -> None:
    """Let the garbage collector pass over all that is there now, since it stays.

    Some hundred thousand objects of modules and of the opened library would be looked through four
    times a minute, a tenth of a second each, in which nobody is answered. To be called again where
    much is replaced: what was passed over and is gone is then found.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()


class IdleGarbageCollector:
    """Looks for garbage when it is called, which is when nobody waits, and not much otherwise.

    To look through all objects takes some hundredths of a second, in which nobody is answered, and
    the collector does it by itself whenever many lists have been made, which is when many wait.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._last = clock()

    def begin(self) -> None:
        """Leave the looking to this."""
        young, middle, _ = gc.get_threshold()
        gc.set_threshold(young, middle, _SELDOM)

    def __call__(self) -> bool:
        """Look for garbage, if that is long ago; there is never more to be done at once."""
        if self._clock() - self._last >= TIDY_SECONDS:
            gc.collect()
            self._last = self._clock()
        return False
