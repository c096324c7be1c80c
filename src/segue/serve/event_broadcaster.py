"""Broadcast changes of the library to the event streams of one process.

While there are subscribers, the library is polled every `POLL_SECONDS`, once for all of them, so
changes made by another process are noticed too. A slow subscriber gets the latest event of each
kind, not the ones in between.
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
from segue.pipeline.jobs.runner import job_document

POLL_SECONDS: Final = 0.5
"""Time between two polls of the library."""
KEEP_ALIVE_SECONDS: Final = 15.0
"""Time after which an idle stream gets a comment that keeps the connection open."""
_N_JOBS: Final = 20  # the latest jobs, whose changes are sent
_JOB_FIELDS: Final = (
    *("id", "verb", "state", "done", "total", "text", "stage", "stage_name"),
    *("remaining_seconds", "reason", "error"),
)
_LOG = logging.getLogger("segue.serve")


@dataclass(eq=False)
class _Subscriber:
    listener: str | None
    admin: bool
    waiting: dict[tuple[str, str], bytes] = field(default_factory=dict)
    woken: asyncio.Event = field(default_factory=asyncio.Event)

    def send(self, kind: str, about: str, document: Any) -> None:
        data = json.dumps(document, ensure_ascii=False)
        self.waiting[kind, about] = f"event: {kind}\ndata: {data}\n\n".encode()
        self.woken.set()


class _LibraryState(NamedTuple):
    """State of the library, number of its last feedback event, and the latest jobs by id."""

    state: str
    last_event: int
    jobs: Mapping[int, Job]


class EventBroadcaster:
    """The subscribers of one process, and what was seen last.

    `version` returns the version of recommendations, sent after feedback of the listener.
    """

    def __init__(self, library: Library, version: Callable[[], str]) -> None:
        self._library, self._version = library, version
        self._subscribers: set[_Subscriber] = set()
        self._polling: asyncio.Task[None] | None = None
        self._ready = asyncio.Event()
        self._stopped = False
        self._last = _LibraryState("", 0, {})

    async def follow(
        self, listener: str | None, *, admin: bool, may_follow: Callable[[], bool] = lambda: True
    ) -> AsyncIterator[bytes]:
        """Yield the events for one listener, encoded, until the server stops.

        `may_follow` returns whether the session or key is still valid; it is called now and then.
        """
        subscriber = _Subscriber(listener, admin)
        if self._polling is None:
            self._ready.clear()
            self._polling = asyncio.create_task(self._poll())
        self._subscribers.add(subscriber)
        try:
            await self._ready.wait()
            yield b"retry: 2000\n: hello\n\n"
            check = time.monotonic() + KEEP_ALIVE_SECONDS
            while not self._stopped:
                try:
                    async with asyncio.timeout(KEEP_ALIVE_SECONDS):
                        await subscriber.woken.wait()
                except TimeoutError:
                    yield b": alive\n\n"
                if time.monotonic() > check:
                    check = time.monotonic() + KEEP_ALIVE_SECONDS
                    if not await to_thread.run_sync(may_follow):
                        return
                subscriber.woken.clear()
                events, subscriber.waiting = subscriber.waiting, {}
                for event in events.values():
                    yield event
        finally:
            self._subscribers.discard(subscriber)
            if not self._subscribers and self._polling is not None:
                self._polling.cancel()
                self._polling = None

    @property
    def stopped(self) -> bool:
        """Whether the server is stopping."""
        return self._stopped

    def stop(self) -> None:
        """End all streams when the server stops. Call this in the event loop."""
        self._stopped = True
        for subscriber in self._subscribers:
            subscriber.woken.set()

    async def _poll(self) -> None:
        while True:
            try:
                seen = await to_thread.run_sync(self._read_state)
                if self._ready.is_set():
                    await self._send_changes(seen)
                self._last = seen
                self._ready.set()
            except SegueError as error:
                _LOG.warning("events: %s", error)
            await asyncio.sleep(POLL_SECONDS)

    def _read_state(self) -> _LibraryState:
        jobs = {job.id: job for job in self._library.jobs.all(most=_N_JOBS)}
        return _LibraryState(self._library.state(), self._library.feedback.last(), jobs)

    async def _send_changes(self, seen: _LibraryState) -> None:
        for number, job in seen.jobs.items():
            if job != self._last.jobs.get(number):
                shown = await to_thread.run_sync(job_document, self._library, job)
                document = {name: shown[name] for name in _JOB_FIELDS}
                self._send(
                    (each for each in self._subscribers if each.admin), "job", document, number
                )
        if seen.state != self._last.state:
            self._send(self._subscribers, "library", {"version": seen.state})
        if seen.last_event > self._last.last_event:
            events = await to_thread.run_sync(self._library.feedback.after, self._last.last_event)
            version = await to_thread.run_sync(self._version)
            users = {event.user for event in events}
            theirs = (each for each in self._subscribers if each.listener in users)
            self._send(theirs, "list", {"version": version})

    def _send(
        self, subscribers: Iterable[_Subscriber], kind: str, document: Any, about: object = ""
    ) -> None:
        for subscriber in list(subscribers):
            subscriber.send(kind, str(about), document)
