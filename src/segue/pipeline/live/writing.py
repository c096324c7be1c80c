"""Group commit: what several threads want written at once goes to the disk together.

Whoever comes while another writes waits, and then writes for all who wait. Each is answered when
what they gave is on the disk.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from segue.library import Event

_MOST: Final = 1_000

Write = Callable[[Sequence[Event]], list[bool]]


@dataclass(eq=False, slots=True)
class _Wish:
    events: Sequence[Event]
    done: bool = False
    found: list[bool] = field(default_factory=list)
    error: BaseException | None = None


class GroupCommit:
    """Writes events by `write`, which takes all or none of what it is given."""

    def __init__(self, write: Write) -> None:
        self._write = write
        self._writing = threading.Lock()
        self._waiting: list[_Wish] = []
        self._lock = threading.Lock()

    def add(self, events: Sequence[Event]) -> list[bool]:
        """Write events together with others'; return which were new, when they are on the disk."""
        wish = _Wish(events)
        with self._lock:
            self._waiting.append(wish)
        with self._writing:
            if not wish.done:
                self._write_waiting()
        if wish.error is not None:
            raise wish.error
        return wish.found

    def _write_waiting(self) -> None:
        with self._lock:
            group: list[_Wish] = []
            n = 0
            while self._waiting and (not group or n + len(self._waiting[0].events) <= _MOST):
                group.append(self._waiting.pop(0))
                n += len(group[-1].events)
        try:
            answers = iter(self._write([event for wish in group for event in wish.events]))
            for wish in group:
                wish.found = [next(answers) for _ in wish.events]
        except BaseException as error:  # noqa: BLE001  whoever waits is told, and raises it
            for wish in group:
                wish.error = error
        for wish in group:
            wish.done = True
