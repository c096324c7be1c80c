"""What was worked out for a profile, kept until the listener's profile is another one.

What is kept belongs to a profile down to its last number. After feedback a listener's profile is
another one, and the one before is of no more use: of a listener the latest is kept, of somebody who
only names tracks each.
"""

from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

import numpy as np

from segue.pipeline.live.bounded import Bounded
from segue.signals import Profile

if TYPE_CHECKING:
    from collections.abc import Hashable

    from numpy.typing import NDArray

_MOST_DIGESTS: Final = 64

Value = TypeVar("Value")


class Latest(Generic[Value]):
    """Values by profile, those that were used last within so many bytes."""

    def __init__(self, most_bytes: int) -> None:
        self._kept: Bounded[Hashable, tuple[bytes, Value]] = Bounded(most_bytes)

    def get(self, profile: Profile) -> Value | None:
        """Return what is kept for this profile, None where it was for another of the listener."""
        told = digest(profile)
        kept = self._kept.get(profile.user or told)
        return kept[1] if kept is not None and kept[0] == told else None

    def put(self, profile: Profile, value: Value, n_bytes: int) -> None:
        """Keep a value of so many bytes in the place of what was kept for the listener."""
        told = digest(profile)
        self._kept.put(profile.user or told, (told, value), n_bytes)

    def holds(self, user: str) -> bool:
        """Return whether anything is kept for a listener, if perhaps of an earlier profile."""
        return self._kept.holds(user)


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
