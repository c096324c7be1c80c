"""Answering calls that come at one time together.

To score one listener, a processor reads vectors of all tracks from memory, and waits for them most
of the time. To score eight it reads them once. So whoever comes first answers at once; those who
come meanwhile wait, and the first of them answers for all of them. Nobody waits for others to come.
"""

import threading
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

Asked = TypeVar("Asked")
Given = TypeVar("Given")


class _Turn(Generic[Asked, Given]):
    """One call: what it asks, what it is given or why not, and whether it answers for others."""

    def __init__(self, asked: Asked) -> None:
        self.asked = asked
        self.given: Given | None = None
        self.failed: BaseException | None = None
        self.leads = False
        self.woken = threading.Event()


class Together(Generic[Asked, Given]):
    """Calls of `answer` from several threads, up to `most` in one."""

    def __init__(self, answer: Callable[[Sequence[Asked]], Sequence[Given]], most: int) -> None:
        self._answer, self._most = answer, most
        self._lock = threading.Lock()
        self._waiting: list[_Turn[Asked, Given]] = []
        self._busy = False

    def __call__(self, asked: Asked) -> Given:
        """Return the answer to one question.

        Raises
        ------
        BaseException
            Whatever `answer` raised for those who were asked together.
        """
        turn: _Turn[Asked, Given] = _Turn(asked)
        with self._lock:
            self._waiting.append(turn)
            turn.leads, self._busy = not self._busy, True
        if not turn.leads:
            turn.woken.wait()
        if turn.leads:
            self._lead()
        if turn.failed is not None:
            raise turn.failed
        return turn.given  # type: ignore[return-value]

    def _lead(self) -> None:
        """Answer the first of those who wait, oneself among them, and hand on."""
        with self._lock:
            turns, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
        try:
            found = self._answer([turn.asked for turn in turns])
            for turn, given in zip(turns, found, strict=True):
                turn.given = given
        except BaseException as error:  # noqa: BLE001
            for turn in turns:
                turn.failed = error  # each is told in its own thread
        with self._lock:
            self._busy = bool(self._waiting)
            if self._waiting:
                self._waiting[0].leads = True
                self._waiting[0].woken.set()
        for turn in turns:
            turn.woken.set()
