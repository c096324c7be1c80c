"""News of one process: what changed in the library, told to all who follow.

As long as anybody follows, the library is looked at every `EVERY` seconds, once for all followers.
What happened in another process is seen the same way as what happened in this one. A follower
who does not read is told the latest of each kind, not all that he missed.
"""

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from anyio import to_thread

from segue.errors import SegueError
from segue.library import Job, Library
from segue.pipeline.jobs import shown as shown_job

EVERY: Final = 0.5
"""Seconds between two looks."""
ALIVE: Final = 15.0
"""Seconds after which a comment shows that the server is there."""
_JOBS: Final = 20  # the latest, of which news is told
_TOLD: Final = ("id", "verb", "state", "done", "total", "text", "error")
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


class _Seen(NamedTuple):
    """The state of the library, the number of its last event, and the latest jobs by id."""

    state: str
    heard: int
    jobs: Mapping[int, Job]


class EventBroadcaster:
    """The followers of one process, and what was seen last.

    `version` returns what listeners are told lists belong to, when their feedback changed them.
    """

    def __init__(self, library: Library, version: Callable[[], str]) -> None:
        self._library, self._version = library, version
        self._followers: set[_Follower] = set()
        self._looking: asyncio.Task[None] | None = None
        self._begun = asyncio.Event()
        self._stopped = False
        self._last = _Seen("", 0, {})

    async def follow(
        self, listener: str | None, *, admin: bool, holds: Callable[[], bool] = lambda: True
    ) -> AsyncIterator[bytes]:
        """Give the events for one listener, as they are sent, until the server stops.

        `holds` tells whether whoever follows may still; it is asked now and then.
        """
        follower = _Follower(listener, admin)
        if self._looking is None:
            self._begun.clear()
            self._looking = asyncio.create_task(self._look_again())
        self._followers.add(follower)
        try:
            await self._begun.wait()
            yield b"retry: 2000\n: hello\n\n"
            check = time.monotonic() + ALIVE
            while not self._stopped:
                try:
                    async with asyncio.timeout(ALIVE):
                        await follower.woken.wait()
                except TimeoutError:
                    yield b": alive\n\n"
                if time.monotonic() > check:
                    check = time.monotonic() + ALIVE
                    if not await to_thread.run_sync(holds):
                        return
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

    async def _look_again(self) -> None:
        while True:
            try:
                seen = await to_thread.run_sync(self._seen)
                if self._begun.is_set():
                    await self._tell(seen)
                self._last = seen
                self._begun.set()
            except SegueError as error:
                _LOG.warning("news: %s", error)
            await asyncio.sleep(EVERY)

    def _seen(self) -> _Seen:
        jobs = {job.id: job for job in self._library.jobs.all(most=_JOBS)}
        return _Seen(self._library.state(), self._library.feedback.last(), jobs)

    async def _tell(self, seen: _Seen) -> None:
        for number, job in seen.jobs.items():
            if job != self._last.jobs.get(number):
                shown = await to_thread.run_sync(shown_job, self._library, job)
                document = {name: shown[name] for name in _TOLD}
                self._to((each for each in self._followers if each.admin), "job", document, number)
        if seen.state != self._last.state:
            self._to(self._followers, "library", {"version": seen.state})
        if seen.heard > self._last.heard:
            events = await to_thread.run_sync(self._library.feedback.after, self._last.heard)
            version = await to_thread.run_sync(self._version)
            whose = {event.user for event in events}
            theirs = (each for each in self._followers if each.listener in whose)
            self._to(theirs, "list", {"version": version})

    def _to(
        self, followers: Iterable[_Follower], kind: str, document: Any, about: object = ""
    ) -> None:
        for follower in list(followers):
            follower.tell(kind, str(about), document)
