"""Stream transcoded audio, with a limit on the number of encoding threads."""

from collections.abc import AsyncIterator, Iterator
from typing import Final

import anyio
from anyio import CapacityLimiter, to_thread
from anyio.lowlevel import RunVar

_MAX_ENCODING: Final = 2  # streams that are encoded at the same time, in each process
_ENCODING: RunVar[CapacityLimiter] = RunVar("segue_encoding")


async def stream_chunks(chunks: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Yield chunks as they are encoded; stop encoding when the client disconnects."""
    limiter = _ENCODING.get(None) or CapacityLimiter(_MAX_ENCODING)
    _ENCODING.set(limiter)
    try:
        while chunk := await to_thread.run_sync(next, chunks, b"", limiter=limiter):
            yield chunk
    finally:
        close = getattr(chunks, "close", None)
        if close is not None:
            with anyio.CancelScope(shield=True):
                await to_thread.run_sync(close)
