"""What takes a while to work out of a catalogue: done beside the answers."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from segue.library import Catalogue

Value = TypeVar("Value")

_FEW: Final = 5_000  # tracks, of which all is worked out in no time


@dataclass
class Followed(Generic[Value]):
    """Something of a catalogue that takes a while to work out: done beside the answers.

    Until it is done for a new catalogue, what was worked out of the one before is given, which
    fits that one. The first of all is waited for.
    """

    make: Callable[[Catalogue], Value]
    _of: Catalogue | None = None
    _value: Value | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def of(self, catalogue: Catalogue) -> Value:
        """Return what belongs to a catalogue, or to the one before."""
        value = self._value
        if value is not None and self._of is catalogue:
            return value
        if value is None or len(catalogue) < _FEW:
            with self._lock:
                return self._made(catalogue)
        if self._lock.acquire(blocking=False):
            threading.Thread(target=self._make_beside, args=(catalogue,), daemon=True).start()
        return value

    def _made(self, catalogue: Catalogue) -> Value:
        if self._value is None or self._of is not catalogue:
            self._value, self._of = self.make(catalogue), catalogue
        return self._value

    def _make_beside(self, catalogue: Catalogue) -> None:
        try:
            self._made(catalogue)
        finally:
            self._lock.release()
