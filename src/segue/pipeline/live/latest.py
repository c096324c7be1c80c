"""What was worked out for a listener, kept for as long as it still holds.

It follows from a state, most often the listener's profile down to its last number. After feedback
that is another one, and what followed from the one before is of no more use: of a listener the
latest is kept, of somebody who only names tracks each.
"""

from collections.abc import Hashable
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

import numpy as np

from segue.pipeline.live.bounded import Bounded
from segue.signals import Profile

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MOST_DIGESTS: Final = 64

Value = TypeVar("Value")


class Latest(Generic[Value]):
    """A value of each name, for the latest state of it; those used last within so many bytes.

    >>> latest = Latest[str](10)
    >>> latest.put("ann", b"1", "one", 3), latest.get("ann", b"1"), latest.get("ann", b"2")
    (None, 'one', None)
    >>> latest.put("ann", b"2", "two", 3), latest.get("ann", b"1"), latest.holds("ann")
    (None, None, True)
    """

    def __init__(self, most_bytes: int) -> None:
        self._kept: Bounded[Hashable, tuple[bytes, Value]] = Bounded(most_bytes)

    def get(self, name: Hashable, state: bytes) -> Value | None:
        """Return what is kept for this state, None where it was for another."""
        kept = self._kept.get(name)
        return kept[1] if kept is not None and kept[0] == state else None

    def put(self, name: Hashable, state: bytes, value: Value, n_bytes: int) -> None:
        """Keep a value of so many bytes in the place of what was kept under the name."""
        self._kept.put(name, (state, value), n_bytes)

    def holds(self, name: Hashable) -> bool:
        """Return whether anything is kept under a name, if perhaps for an earlier state."""
        return self._kept.holds(name)


def whose(profile: Profile) -> tuple[Hashable, bytes]:
    """Return the name and the state that what follows from a profile is kept for."""
    told = digest(profile)
    return profile.user or told, told


def digest(profile: Profile) -> bytes:
    """Return by what two profiles are told to be the same."""
    return _digest_of(_TheProfile(profile))


@dataclass(frozen=True, slots=True, eq=False)
class _TheProfile:
    """A profile that is the same as itself alone: its arrays are not looked at."""

    profile: Profile

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _TheProfile) and other.profile is self.profile

    def __hash__(self) -> int:
        return id(self.profile)


@lru_cache(_MOST_DIGESTS)  # each is asked for several times for one list
def _digest_of(one: _TheProfile) -> bytes:
    told, profile = blake2b(digest_size=16), one.profile
    parts: tuple[NDArray[Any], ...] = (
        profile.positions,
        profile.weights,
        profile.known,
        profile.history,
        profile.ages,
        *profile.friends,
    )
    for part in parts:
        told.update(len(part).to_bytes(8, "little"))
        told.update(np.ascontiguousarray(part).data)
    return told.digest()
