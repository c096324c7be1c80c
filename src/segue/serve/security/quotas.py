"""Limits of work per listener, so that one cannot keep others waiting.

docs/security.md has a table of them. They count per process. A listener is the account or chosen
listener of a request; requests without one count by the address of the client.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Final

from fastapi import Depends, Request

from segue.serve.dependencies import Anyone
from segue.serve.problems import ProblemError
from segue.serve.security.proxies import client_address

MAX_STREAMS: Final = 16
"""Event streams of one listener that are open at the same time."""
MAX_ALL_STREAMS: Final = 256
"""Event streams of all listeners; a process has 512 connections."""
MAX_WAITING: Final = 4
"""Expensive requests of one listener that run or wait; one runs at a time."""
PARALLEL: Final = 2
"""Expensive requests that run at the same time, of all listeners."""
_RETRY_SECONDS: Final = 5


class Quotas:
    """Counts of open streams and of expensive requests, by listener."""

    def __init__(self) -> None:
        self._streams: Counter[str] = Counter()
        self._expensive: Counter[str] = Counter()
        self._turns: dict[str, asyncio.Lock] = {}
        self._parallel = asyncio.Semaphore(PARALLEL)

    @contextmanager
    def stream(self, who: str) -> Iterator[None]:
        """Count an event stream while the context lasts.

        Raises
        ------
        ProblemError
            If the listener, or all together, have too many.
        """
        if self._streams[who] >= MAX_STREAMS:
            detail = f"You have {MAX_STREAMS} event streams open: close a page of segue."
            raise ProblemError("too-many", detail, headers=_RETRY)
        if self._streams.total() >= MAX_ALL_STREAMS:
            detail = "The server has too many open event streams: try again later."
            raise ProblemError("unavailable", detail, headers=_RETRY)
        with _counted(self._streams, who):
            yield

    @asynccontextmanager
    async def expensive(self, who: str) -> AsyncIterator[None]:
        """Wait for the turn of an expensive request, and count it while the context lasts.

        A listener's requests run one after another. Listeners take turns.

        Raises
        ------
        ProblemError
            If too many of this listener are waiting.
        """
        if self._expensive[who] >= MAX_WAITING:
            detail = "Your earlier requests are still being computed: try again when they are done."
            raise ProblemError("too-many", detail, headers=_RETRY)
        with _counted(self._expensive, who):
            turn = self._turns.setdefault(who, asyncio.Lock())
            try:
                async with turn, self._parallel:
                    yield
            finally:
                if self._expensive[who] == 1:
                    self._turns.pop(who, None)


_RETRY: Final = {"Retry-After": str(_RETRY_SECONDS)}


@contextmanager
def _counted(counts: Counter[str], who: str) -> Iterator[None]:
    counts[who] += 1
    try:
        yield
    finally:
        counts[who] -= 1
        if not counts[who]:
            del counts[who]


def counted_as(request: Request, listener: str | None) -> str:
    """Return the key that a request is counted under."""
    address = client_address(request) or ""
    return f"listener {listener}" if listener is not None else f"address {address}"


async def _expensive(request: Request, principal: Anyone) -> AsyncIterator[None]:
    quotas: Quotas = request.app.state.quotas
    async with quotas.expensive(counted_as(request, principal.listener)):
        yield


EXPENSIVE: Final = Depends(_expensive)
"""Dependency of routes that compute for seconds: see `Quotas.expensive`."""
