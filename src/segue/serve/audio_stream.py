"""Audio that is encoded anew while it is sent: by few threads, whoever waits for how many."""

from collections.abc import AsyncIterator, Iterator
from typing import Final

import anyio
from anyio import CapacityLimiter, to_thread
from anyio.lowlevel import RunVar

_AT_ONCE: Final = 2  # pieces that are encoded at the same time, a process
_ENCODING: RunVar[CapacityLimiter] = RunVar("segue_encoding")


async def given(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Give pieces as they are made; the work ends when nobody waits for more."""
    limiter = _ENCODING.get(None) or CapacityLimiter(_AT_ONCE)
    _ENCODING.set(limiter)
    try:
        while piece := await to_thread.run_sync(next, pieces, b"", limiter=limiter):
            yield piece
    finally:
        close = getattr(pieces, "close", None)
        if close is not None:
            with anyio.CancelScope(shield=True):
                await to_thread.run_sync(close)
