"""News of one process: what changed in the library, told to all who follow.

As long as anybody follows, the library is looked at every `EVERY` seconds, once for all followers.
What happened in another process is seen the same way as what happened in this one. A follower
who does not read is told the latest of each kind, not all that he missed.
"""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from anyio import to_thread

from segue.errors import SegueError

if TYPE_CHECKING:
    from segue.serve.held import Held

EVERY: Final = 0.5
"""Seconds between two looks."""
ALIVE: Final = 15.0
"""Seconds after which a comment shows that the server is there."""
_LOG = logging.getLogger("segue.serve")


@dataclass(eq=False)
class _Follower:
    listener: str | None
    admin: bool
    waiting: dict[tuple[str, str], bytes] = field(default_factory=dict)
    woken: asyncio.Event = field(default_factory=asyncio.Event)

    def tell(self, kind: str, about: str, document: Any) -> None:
        data = json.dumps(document, ensure_ascii=False)
        self.waiting[kind, about] = f"event: {kind}\ndata: {data}\n\n".encode()
        self.woken.set()


class News:
    """The followers of one process, and what was seen last."""

    def __init__(self, holding: "Held") -> None:
        self._holding = holding
        self._followers: set[_Follower] = set()
        self._looking: asyncio.Task[None] | None = None
        self._stopped = False
        self._state = ""
        self._heard = 0

    async def follow(self, listener: str | None, *, admin: bool) -> AsyncIterator[bytes]:
        """Give the events for one listener, as they are sent, until the server stops."""
        follower = _Follower(listener, admin)
        if self._looking is None:
            await self._begin()
        self._followers.add(follower)
        try:
            yield b"retry: 2000\n: hello\n\n"
            while not self._stopped:
                try:
                    async with asyncio.timeout(ALIVE):
                        await follower.woken.wait()
                except TimeoutError:
                    yield b": alive\n\n"
                    continue
                follower.woken.clear()
                told, follower.waiting = follower.waiting, {}
                for event in told.values():
                    yield event
        finally:
            self._followers.discard(follower)
            if not self._followers and self._looking is not None:
                self._looking.cancel()
                self._looking = None

    def stop(self) -> None:
        """Let all followers go: the server stops. To be called in its loop."""
        self._stopped = True
        for follower in self._followers:
            follower.woken.set()

    async def _begin(self) -> None:
        self._looking = asyncio.create_task(self._look_again())
        self._state, self._heard = await to_thread.run_sync(self._seen)

    def _seen(self) -> tuple[str, int]:
        return self._holding.library.state(), self._holding.library.feedback.last()

    async def _look_again(self) -> None:
        while True:
            await asyncio.sleep(EVERY)
            try:
                await self._look()
            except SegueError as error:
                _LOG.warning("news: %s", error)

    async def _look(self) -> None:
        state, heard = await to_thread.run_sync(self._seen)
        if state != self._state:
            self._state = state
            for follower in self._followers:
                follower.tell("library", "", {"version": state})
        if heard > self._heard:
            events = await to_thread.run_sync(self._holding.library.feedback.after, self._heard)
            self._heard = heard
            whose = {event.user for event in events}
            for follower in self._followers:
                if follower.listener in whose:
                    follower.tell("list", "", {"version": f"{state}-{heard}"})
