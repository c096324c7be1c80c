"""Caches of the recommender and the server. All of them may be used by several threads.

`SizedCache` drops the least recently used values beyond a number of bytes. `VersionedCache` keeps
one value per owner, for the latest version of what it was computed from. `ResultCache` keeps lists
of recommendations. `Memo` keeps one value for one key. `StaleWhileRevalidate` keeps answering with
the previous value while a new one is computed.
"""

import threading
from collections.abc import Callable, Hashable, Sized
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar

from cachetools import LRUCache

from segue.engine import Recommendations

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")
Extra = TypeVar("Extra")
Source = TypeVar("Source", bound=Sized)

MAX_IMMEDIATE: Final = 5_000
"""Size of a source (tracks) up to which `StaleWhileRevalidate` computes its value at once."""
_BYTES_PER_RECOMMENDATION: Final = 2_500  # one track with its explanation, as Python objects


class SizedCache(Generic[Key, Value]):
    """Values by key; the least recently used are dropped beyond `max_bytes`.

    One value that is larger than `max_bytes` is kept alone.

    >>> cache = SizedCache[str, str](10)
    >>> cache.put("a", "one", 4), cache.put("b", "two", 4), cache.get("a")
    (None, None, 'one')
    >>> cache.put("c", "three", 4), "a" in cache, "b" in cache
    (None, True, False)
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._entries: LRUCache[Key, tuple[Value, int]] = LRUCache(max_bytes, _size_of_entry)
        self._lock = threading.Lock()

    def get(self, key: Key) -> Value | None:
        """Return the value of a key and mark it as used; None if there is none."""
        with self._lock:
            entry = self._entries.get(key)
        return None if entry is None else entry[0]

    def __contains__(self, key: object) -> bool:
        """Return whether a key has a value; this does not count as a use."""
        with self._lock:
            return key in self._entries

    def put(self, key: Key, value: Value, n_bytes: int) -> None:
        """Set the value of a key, which takes `n_bytes`."""
        with self._lock:
            self._entries[key] = (value, min(n_bytes, self._max_bytes))

    def drop(self, key: Key) -> None:
        """Remove the value of a key, if there is one."""
        with self._lock:
            self._entries.pop(key, None)

    def clear(self) -> None:
        """Remove all values."""
        with self._lock:
            self._entries.clear()


def _size_of_entry(entry: tuple[Any, int]) -> int:
    return entry[1]


class VersionedCache(Generic[Value]):
    """One value per owner, valid for one version of the data that it was computed from.

    A new version replaces the value of the old one, which is never needed again.

    >>> cache = VersionedCache[str](10)
    >>> cache.put("ann", b"1", "one", 3), cache.get("ann", b"1"), cache.get("ann", b"2")
    (None, 'one', None)
    >>> cache.put("ann", b"2", "two", 3), cache.get("ann", b"1"), "ann" in cache
    (None, None, True)
    """

    def __init__(self, max_bytes: int) -> None:
        self._entries: SizedCache[Hashable, tuple[Hashable, Value]] = SizedCache(max_bytes)

    def get(self, owner: Hashable, version: Hashable) -> Value | None:
        """Return the value of an owner, None if it has none of this version."""
        entry = self._entries.get(owner)
        return entry[1] if entry is not None and entry[0] == version else None

    def latest(self, owner: Hashable) -> Value | None:
        """Return the value of an owner, of whatever version; None if it has none."""
        entry = self._entries.get(owner)
        return None if entry is None else entry[1]

    def __contains__(self, owner: Hashable) -> bool:
        """Return whether an owner has a value, of whatever version."""
        return owner in self._entries

    def put(self, owner: Hashable, version: Hashable, value: Value, n_bytes: int) -> None:
        """Set the value of an owner, which takes `n_bytes`, in place of the previous one."""
        self._entries.put(owner, (version, value), n_bytes)


class ResultCache(Generic[Extra]):
    """Lists of recommendations by a digest of everything that they depend on.

    Something `extra` is kept with each list: what the service must restore when it gives the list
    out again.
    """

    def __init__(self, max_bytes: int) -> None:
        self._entries: SizedCache[bytes, tuple[Recommendations, Extra]] = SizedCache(max_bytes)

    def get(self, key: bytes) -> tuple[Recommendations, Extra] | None:
        """Return a list and its extra, None if there is none of this key."""
        return self._entries.get(key)

    def put(self, key: bytes, found: Recommendations, extra: Extra) -> None:
        """Keep a list and its extra."""
        n_bytes = _BYTES_PER_RECOMMENDATION * (len(found.tracks) + 1)
        self._entries.put(key, (found, extra), n_bytes)


@dataclass
class Memo(Generic[Value]):
    """The value of the latest key.

    Keys are compared by identity, strings by what they say.

    >>> memo = Memo[int]()
    >>> memo.get("a", lambda: 1), memo.get("a", lambda: 2), memo.get("b", lambda: 3)
    (1, 1, 3)
    """

    _key: Any = None
    _value: Value | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def get(self, key: Any, make: Callable[[], Value]) -> Value:
        """Return the value of `key`; `make` computes it unless the latest key was the same."""
        with self._lock:
            if self._value is None or not _same(self._key, key):
                self._key, self._value = key, make()
            return self._value


def _same(one: Any, other: Any) -> bool:
    return one is other or (isinstance(one, str) and one == other)


@dataclass
class StaleWhileRevalidate(Generic[Source, Value]):
    """A value computed from the latest source, which takes a while.

    While the value of a new source is computed in the background, the previous value is returned.
    The first value, and that of a source of less than `MAX_IMMEDIATE` elements, is waited for.
    """

    make: Callable[[Source], Value]
    _latest: tuple[Source, Value] | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def get(self, source: Source) -> Value:
        """Return the value of a source, or of the source before it."""
        latest = self._latest
        if latest is not None and latest[0] is source:
            return latest[1]
        if latest is None or len(source) < MAX_IMMEDIATE:
            with self._lock:
                return self._computed(source)
        if self._lock.acquire(blocking=False):
            threading.Thread(target=self._in_background, args=(source,), daemon=True).start()
        return latest[1]

    def _computed(self, source: Source) -> Value:
        if self._latest is None or self._latest[0] is not source:
            self._latest = (source, self.make(source))
        return self._latest[1]

    def _in_background(self, source: Source) -> None:
        try:
            self._computed(source)
        finally:
            self._lock.release()
