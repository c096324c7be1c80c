"""Choose the listeners whose scores are computed before they ask again.

Feedback makes the cached scores of a listener stale, and computing them is most of the cost of the
next list. Between two requests there is time to do it. A listener who gives feedback and never asks
for a list is scored a few times only.
"""

import threading
from collections.abc import Callable, Iterable
from typing import Final

MAX_UNUSED: Final = 3
"""Times that a listener is scored ahead without having asked for a list in between."""


class Prefetcher:
    """A queue of listeners to score, the earliest feedback first. Safe in several threads.

    `has_scores` returns whether scores of a listener are cached, current or not.

    >>> prefetcher = Prefetcher({"ann", "bob"}.__contains__)
    >>> prefetcher.note_feedback(["ann", "cem", "bob"]), prefetcher.note_request("ann")
    (True, None)
    >>> prefetcher.next_users(4), prefetcher.next_users(4)
    (['bob'], [])
    """

    def __init__(self, has_scores: Callable[[str], bool]) -> None:
        self._has_scores = has_scores
        self._queue: dict[str, None] = {}
        self._unused: dict[str, int] = {}
        self._lock = threading.Lock()

    def note_feedback(self, users: Iterable[str]) -> bool:
        """Queue the listeners who gave feedback; return whether the queue has any."""
        with self._lock:
            for user in users:
                if not self._has_scores(user):
                    self._unused.pop(user, None)
                elif self._unused.get(user, 0) < MAX_UNUSED:
                    self._queue[user] = None
            return bool(self._queue)

    def note_request(self, user: str) -> None:
        """Note that a listener asks for a list, which scores them if necessary."""
        with self._lock:
            self._queue.pop(user, None)
            self._unused.pop(user, None)

    def next_users(self, n: int) -> list[str]:
        """Return the next listeners to score, `n` at most, empty if the queue is."""
        found: list[str] = []
        with self._lock:
            while self._queue and len(found) < n:
                user = next(iter(self._queue))
                del self._queue[user]
                if self._has_scores(user):
                    self._unused[user] = self._unused.get(user, 0) + 1
                    found.append(user)
                else:
                    # dropped from the cache meanwhile: scoring them would drop others in the queue
                    self._unused.pop(user, None)
        return found
