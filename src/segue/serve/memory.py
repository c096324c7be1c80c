"""How the C library keeps memory that was given back, for a process that goes on for weeks."""

import ctypes
from contextlib import suppress
from typing import Final

_ARENA_MAX: Final = -8
_ARENAS: Final = 2


def keep_few_arenas() -> None:
    """Let all threads share two arenas.

    glibc gives threads up to eight arenas a core, and each keeps what was freed in it. Scores of
    all tracks for some listeners are tens of megabytes, and every thread works them out now and
    then, so that a server would hold many times what it needs. Elsewhere nothing is done.
    """
    with suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").mallopt(_ARENA_MAX, _ARENAS)
