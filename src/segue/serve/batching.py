"""Batch concurrent recommendation requests on one thread.

Several threads that score listeners slow each other down, because each small numpy call hands over
the interpreter lock. Scoring one listener is also bound by memory: the vectors of all tracks are
read once for one listener or for eight. So one thread makes all lists. The first request is
computed at once, requests that arrive meanwhile form the next batch; a batch never waits to fill
up. While no request waits, the thread runs an idle task in small pieces.
"""

import asyncio
import logging
import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

_LOG = logging.getLogger("segue.serve")

Request = TypeVar("Request")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class _PendingRequest(Generic[Request, Result]):
    """One request and the future of its result."""

    asked: Request
    given: "asyncio.Future[Result]"

    def resolve(self, value: Result | None, error: BaseException | None) -> None:
        """Set the result or the error in the event loop that waits for it."""
        with suppress(RuntimeError):  # the event loop has ended
            self.given.get_loop().call_soon_threadsafe(self._resolve_in_loop, value, error)

    def _resolve_in_loop(self, value: Result | None, error: BaseException | None) -> None:
        if self.given.done():
            return  # answered already, or the client is gone
        if error is not None:
            self.given.set_exception(error)
        else:
            self.given.set_result(value)  # type: ignore[arg-type]


class BatchObserver(Protocol):
    """Observes the queue and the batches of a `BatchingExecutor`."""

    def waiting(self, n_requests: int) -> None:
        """Note how many requests wait for the next batch."""

    def batch(self, n_requests: int) -> AbstractContextManager[object]:
        """Return a context in which a batch is answered."""


class BatchingExecutor(Generic[Request, Result]):
    """Answer the requests of one event loop on one thread, up to `max_batch` together.

    `answer` takes a batch of requests. For each it yields the index in the batch and a function
    that makes the result: first the requests that need no scoring, then the others, which it scores
    together. `idle_task` does one piece of background work and returns whether there is more.
    """

    def __init__(
        self,
        answer: Callable[[Sequence[Request]], Iterable[tuple[int, Callable[[], Result]]]],
        max_batch: int,
        idle_task: Callable[[], bool] = lambda: False,
        observer: BatchObserver | None = None,
    ) -> None:
        self._observer = observer
        self._answer, self._max_batch, self._idle_task = answer, max_batch, idle_task
        self._thread: ThreadPoolExecutor | None = None
        self._waiting: deque[_PendingRequest[Request, Result]] = deque()
        self._lock = threading.Lock()
        self._busy = self._idle_scheduled = self._closed = False

    async def ask(self, asked: Request) -> Result:
        """Return the result of one request.

        Raises
        ------
        Exception
            Raised by `answer`, or by the function that makes this result.
        """
        given: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        turn: _PendingRequest[Request, Result] = _PendingRequest(asked, given)
        with self._lock:
            self._waiting.append(turn)
            self._note_waiting()
            self._closed = False
            self._begin()
        return await turn.given

    def schedule_idle_task(self) -> None:
        """Run the idle task as soon as no request waits."""
        with self._lock:
            if not self._closed:
                self._idle_scheduled = True
                self._begin()

    def close(self) -> None:
        """End the thread after the waiting requests, without running the idle task again.

        A later request starts a new thread.
        """
        with self._lock:
            self._closed, self._idle_scheduled = True, False
            thread, self._thread = self._thread, None
        if thread is not None:
            thread.shutdown()

    def _begin(self) -> None:
        """Start the thread's work if it is not running. Call with the lock held."""
        if not self._busy:
            self._thread = self._thread or ThreadPoolExecutor(1, "recommend")
            self._thread.submit(self._work)
            self._busy = True

    def _note_waiting(self) -> None:
        if self._observer is not None:
            self._observer.waiting(len(self._waiting))

    def _work(self) -> None:
        while True:
            turns, look = self._next()
            if turns and self._observer is not None:
                with self._observer.batch(len(turns)):
                    self._give(turns)
            elif turns:
                self._give(turns)
            elif look:
                self._run_idle_task()
            else:
                return

    def _give(self, turns: Sequence[_PendingRequest[Request, Result]]) -> None:
        left = dict(enumerate(turns))
        failed: BaseException | None = None
        try:
            for place, make in self._answer([turn.asked for turn in turns]):
                left.pop(place).resolve(*_tried(make))
        except BaseException as error:  # noqa: BLE001  # set in all futures below
            failed = error
        for turn in left.values():
            turn.resolve(None, failed or RuntimeError("The batch has no result for this request."))

    def _run_idle_task(self) -> None:
        try:
            more = self._idle_task()
        except BaseException:  # noqa: BLE001  # no request depends on it
            _LOG.exception("the idle task failed")
            return
        with self._lock:
            self._idle_scheduled = (self._idle_scheduled or more) and not self._closed

    def _next(self) -> tuple[list[_PendingRequest[Request, Result]], bool]:
        """Return the next batch, and whether to run the idle task instead if the batch is empty."""
        with self._lock:
            turns: list[_PendingRequest[Request, Result]] = []
            while self._waiting and len(turns) < self._max_batch:
                turn = self._waiting.popleft()
                if not turn.given.done():
                    turns.append(turn)
            self._note_waiting()
            look = self._idle_scheduled and not turns
            if look:
                self._idle_scheduled = False  # the task asks again if it has more work
            self._busy = bool(turns) or look
            return turns, look


def _tried(make: Callable[[], Result]) -> tuple[Result | None, BaseException | None]:
    try:
        return make(), None
    except BaseException as error:  # noqa: BLE001  # of one question, not of all
        return None, error
