"""What takes a while to work out of a catalogue, and is worked out beside the answers."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from segue.library import Catalogue

Value = TypeVar("Value")

_FEW: Final = 5_000  # tracks, of which all is worked out in no time


@dataclass
class Followed(Generic[Value]):
    """Something of the latest catalogue.

    Until it is worked out of a new one, what was worked out of the one before is given, which fits
    that one. The first of all is waited for.
    """

    make: Callable[[Catalogue], Value]
    _latest: tuple[Catalogue, Value] | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def of(self, catalogue: Catalogue) -> Value:
        """Return what belongs to a catalogue, or to the one before."""
        latest = self._latest
        if latest is not None and latest[0] is catalogue:
            return latest[1]
        if latest is None or len(catalogue) < _FEW:
            with self._lock:
                return self._made(catalogue)
        if self._lock.acquire(blocking=False):
            threading.Thread(target=self._make_beside, args=(catalogue,), daemon=True).start()
        return latest[1]

    def _made(self, catalogue: Catalogue) -> Value:
        if self._latest is None or self._latest[0] is not catalogue:
            self._latest = (catalogue, self.make(catalogue))
        return self._latest[1]

    def _make_beside(self, catalogue: Catalogue) -> None:
        try:
            self._made(catalogue)
        finally:
            self._lock.release()
