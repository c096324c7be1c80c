"""Letting clients of a process that cannot keep up move to another one.

Connections last, and they are dealt out by chance: of two processes, one may have those who ask for
most. A process whose lists are waited for closes some connections after their answers, as HTTP
provides for; the client connects anew, and the kernel deals that connection out again. Few at a
time, so that those who move are not too many, and nobody is sent around where all are busy.
"""

import time
from collections.abc import Callable
from typing import Final

WAITED: Final = 0.1
"""Seconds of waiting for a list, from which on a process is behind."""
PAUSE: Final = 0.1
"""Seconds between two connections that are let go."""


class Moving:
    """Tells after which answers a connection is to be closed, in one of `workers` processes."""

    def __init__(self, workers: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._several, self._clock = workers > 1, clock
        self._last = clock()

    def now(self, waited: float) -> bool:
        """Return whether somebody should connect anew whose process let others wait so long."""
        if not self._several or waited < WAITED or self._clock() - self._last < PAUSE:
            return False
        self._last = self._clock()
        return True
