"""Keeping what was used last, within so many bytes."""

import threading
from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Bounded(Generic[Key, Value]):
    """Values by key, of which those used longest ago are let go where they take too much room.

    >>> held = Bounded[str, str](10)
    >>> held.put("a", "one", 4), held.put("b", "two", 4), held.get("a"), held.put("c", "three", 4)
    (None, None, 'one', None)
    >>> held.get("a"), held.get("b")
    ('one', None)
    """

    def __init__(self, most_bytes: int) -> None:
        self._most, self._bytes = most_bytes, 0
        self._held: OrderedDict[Key, tuple[Value, int]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Key) -> Value | None:
        """Return a value, None where it is not held."""
        with self._lock:
            found = self._held.get(key)
            if found is None:
                return None
            self._held.move_to_end(key)
            return found[0]

    def holds(self, key: Key) -> bool:
        """Return whether a value is held; that does not count as using it."""
        with self._lock:
            return key in self._held

    def put(self, key: Key, value: Value, n_bytes: int) -> None:
        """Hold a value of so many bytes, in the place of the one before."""
        with self._lock:
            self._drop(key)
            self._held[key] = (value, n_bytes)
            self._bytes += n_bytes
            while self._bytes > self._most and len(self._held) > 1:
                self._drop(next(iter(self._held)))

    def drop(self, key: Key) -> None:
        """Hold a value no longer."""
        with self._lock:
            self._drop(key)

    def clear(self) -> None:
        """Hold nothing."""
        with self._lock:
            self._held.clear()
            self._bytes = 0

    def _drop(self, key: Key) -> None:
        found = self._held.pop(key, None)
        if found is not None:
            self._bytes -= found[1]
