"""Whom to score before they ask: those whose scores are kept here, and who did something since.

After feedback what signals said to a listener is out of date, and to ask them again is most of what
a list costs. Whoever asks then would wait for it; but between two requests there is time. Somebody
who does things and never asks for a list is not scored for nothing again and again.
"""

import threading
from collections.abc import Callable, Iterable
from typing import Final

MOST_IN_VAIN: Final = 3
"""Times that a listener is scored without having asked for a list in between."""


class Ahead:
    """Listeners to be scored, those first who did something first. Safe in several threads.

    `remembers` tells whether what signals said to a listener is kept, current or not.

    >>> ahead = Ahead({"ann", "bob"}.__contains__)
    >>> ahead.heard(["ann", "cem", "bob"]), ahead.asked("ann")
    (True, None)
    >>> ahead.next(), ahead.next()
    ('bob', None)
    """

    def __init__(self, remembers: Callable[[str], bool]) -> None:
        self._remembers = remembers
        self._waiting: dict[str, None] = {}
        self._in_vain: dict[str, int] = {}
        self._lock = threading.Lock()

    def heard(self, users: Iterable[str]) -> bool:
        """Note who did something; return whether anybody is to be scored."""
        with self._lock:
            for user in users:
                if not self._remembers(user):
                    self._in_vain.pop(user, None)
                elif self._in_vain.get(user, 0) < MOST_IN_VAIN:
                    self._waiting[user] = None
            return bool(self._waiting)

    def asked(self, user: str) -> None:
        """Note who asks for a list, and is scored now if they were not yet."""
        with self._lock:
            self._waiting.pop(user, None)
            self._in_vain.pop(user, None)

    def next(self) -> str | None:
        """Return whom to score now, None for nobody."""
        with self._lock:
            while self._waiting:
                user = next(iter(self._waiting))
                del self._waiting[user]
                if self._remembers(user):
                    self._in_vain[user] = self._in_vain.get(user, 0) + 1
                    return user
                # pushed out meanwhile: to score them would push out others who wait
                self._in_vain.pop(user, None)
            return None
