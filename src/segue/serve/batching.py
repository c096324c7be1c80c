"""One thread that answers what costs most, so that requests do not get in each other's way.

Threads of one process take turns at each small step of numpy's, and wait more than they work. And
to score one listener a processor reads vectors of all tracks from memory, and waits for them most
of the time; to score eight it reads them once. So lists are made by one thread: whoever comes first
is answered at once; those who come meanwhile are answered together. Nobody waits for others to
come. While nobody asks, the thread does what will be asked for next, a piece at a time.
"""

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Generic, TypeVar

_LOG = logging.getLogger("segue.serve")

Request = TypeVar("Request")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class _PendingRequest(Generic[Request, Result]):
    """One question, and what its answer is waited for with."""

    asked: Request
    given: "asyncio.Future[Result]"
    since: float

    def settle(self, value: Result | None, error: BaseException | None) -> None:
        """Give the answer, or why there is none, to the loop that waits for it."""
        with suppress(RuntimeError):  # a loop that has ended waits for nothing
            self.given.get_loop().call_soon_threadsafe(self._settled, value, error)

    def _settled(self, value: Result | None, error: BaseException | None) -> None:
        if self.given.done():
            return  # answered, or gone
        if error is not None:
            self.given.set_exception(error)
        else:
            self.given.set_result(value)  # type: ignore[arg-type]


class BatchingExecutor(Generic[Request, Result]):
    """Questions of one event loop, answered by a thread, up to `most` together.

    `answer` is given some questions and gives for each, by its place among them, a function that
    makes its answer: those first that need nothing, then what is worked out for the others
    together. `idle_task` does a piece of what is to be done while nobody waits, and returns whether
    there was any.
    """

    def __init__(
        self,
        answer: Callable[[Sequence[Request]], Iterable[tuple[int, Callable[[], Result]]]],
        most: int,
        idle_task: Callable[[], bool] = lambda: False,
    ) -> None:
        self._answer, self._most, self._idle_task = answer, most, idle_task
        self._thread: ThreadPoolExecutor | None = None
        self._waiting: deque[_PendingRequest[Request, Result]] = deque()
        self._lock = threading.Lock()
        self._busy = self._to_look = self._closed = False
        self.waited = 0.0
        """Seconds for which those had waited who were answered last."""

    async def ask(self, asked: Request) -> Result:
        """Return the answer to one question.

        Raises
        ------
        Exception
            Whatever `answer`, or the function that makes this answer, raised.
        """
        given: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        turn: _PendingRequest[Request, Result] = _PendingRequest(asked, given, time.monotonic())
        with self._lock:
            self._waiting.append(turn)
            self._closed = False
            self._begin()
        return await turn.given

    def schedule_idle_task(self) -> None:
        """Look whether there is something to be done beside, now or when nobody waits."""
        with self._lock:
            if not self._closed:
                self._to_look = True
                self._begin()

    def close(self) -> None:
        """Let the thread end when it has answered, and do no more beside.

        Whoever asks after that is given another.
        """
        with self._lock:
            self._closed, self._to_look = True, False
            thread, self._thread = self._thread, None
        if thread is not None:
            thread.shutdown()

    def _begin(self) -> None:
        """Let the thread work, if it does not; the lock is held."""
        if not self._busy:
            self._thread = self._thread or ThreadPoolExecutor(1, "desk")
            self._thread.submit(self._work)
            self._busy = True

    def _work(self) -> None:
        while True:
            turns, look = self._next()
            if turns:
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
                left.pop(place).settle(*_tried(make))
        except BaseException as error:  # noqa: BLE001  # whoever waits is told
            failed = error
        for turn in left.values():
            turn.settle(None, failed or RuntimeError("A question was passed over."))

    def _run_idle_task(self) -> None:
        try:
            more = self._idle_task()
        except BaseException:  # noqa: BLE001  # nobody waits: it is done when it is asked for
            _LOG.exception("what was to be done beside the answers failed")
            return
        with self._lock:
            self._to_look = (self._to_look or more) and not self._closed

    def _next(self) -> tuple[list[_PendingRequest[Request, Result]], bool]:
        """Return the first of those who wait and are not gone; where none is, whether to look."""
        with self._lock:
            turns: list[_PendingRequest[Request, Result]] = []
            while self._waiting and len(turns) < self._most:
                turn = self._waiting.popleft()
                if not turn.given.done():
                    turns.append(turn)
            self.waited = time.monotonic() - turns[0].since if turns else 0.0
            look = self._to_look and not turns
            if look:
                self._to_look = False  # whoever has more to be done says so again
            self._busy = bool(turns) or look
            return turns, look


def _tried(make: Callable[[], Result]) -> tuple[Result | None, BaseException | None]:
    try:
        return make(), None
    except BaseException as error:  # noqa: BLE001  # of one question, not of all
        return None, error
