"""How memory is looked after in a process that goes on for weeks."""

import ctypes
import gc
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


def settle() -> None:
    """Let the garbage collector pass over all that is there now, since it stays.

    Some hundred thousand objects of modules and of the opened library would be looked through four
    times a minute, a tenth of a second each, in which nobody is answered. To be called again where
    much is replaced: what was passed over and is gone is then found.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()
