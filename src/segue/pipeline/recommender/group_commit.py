"""Write events of several threads to the disk together (group commit).

A thread that arrives while another writes waits, and then writes for all who wait. Each returns
when its events are on the disk.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from segue.library import Event

_MAX_EVENTS: Final = 1_000

Write = Callable[[Sequence[Event]], list[bool]]


@dataclass(eq=False, slots=True)
class _Batch:
    events: Sequence[Event]
    done: bool = False
    found: list[bool] = field(default_factory=list)
    error: BaseException | None = None


class GroupCommit:
    """Writes events with `write`, which stores all or none of them."""

    def __init__(self, write: Write) -> None:
        self._write = write
        self._writing = threading.Lock()
        self._waiting: list[_Batch] = []
        self._lock = threading.Lock()

    def add(self, events: Sequence[Event]) -> list[bool]:
        """Write events; return which were new, when they are on the disk."""
        batch = _Batch(events)
        with self._lock:
            self._waiting.append(batch)
        with self._writing:
            if not batch.done:
                self._write_waiting()
        if batch.error is not None:
            raise batch.error
        return batch.found

    def _write_waiting(self) -> None:
        with self._lock:
            group: list[_Batch] = []
            n = 0
            while self._waiting and (not group or n + len(self._waiting[0].events) <= _MAX_EVENTS):
                group.append(self._waiting.pop(0))
                n += len(group[-1].events)
        try:
            answers = iter(self._write([event for batch in group for event in batch.events]))
            for batch in group:
                batch.found = [next(answers) for _ in batch.events]
        except BaseException as error:  # noqa: BLE001  # every waiting thread raises it
            for batch in group:
                batch.error = error
        for batch in group:
            batch.done = True
