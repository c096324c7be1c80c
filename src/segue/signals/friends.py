"""Friends: tracks that a listener's friends like.

The score of a track is the square root of the share of the listener's friends who like it, so that
each further friend adds less. Listeners without friends get NaN.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from segue.signals.definition import (
    ListeningInputs,
    SignalColor,
    SignalDefinition,
    SignalInfo,
)
from segue.signals.signal import Scores, UserProfile

NAME = "friends"


@dataclass(frozen=True)
class FriendsSignal:
    """Scores by the likes of the friends in a profile; `n_tracks` is the catalogue's size."""

    n_tracks: int

    name = NAME
    reads = ("friends",)

    def for_listeners(self, profiles: Sequence[UserProfile]) -> Scores:
        """Return ``[n_profiles, n_tracks]``."""
        scores = np.zeros((len(profiles), self.n_tracks), np.float32)
        for row, profile in zip(scores, profiles, strict=True):
            if len(profile.friends):
                for liked in profile.friends:
                    row[liked] += 1
                row[:] = np.sqrt(row / len(profile.friends))
            else:
                row[:] = np.nan
        return scores

    def for_track(self, position: int) -> Scores:  # noqa: ARG002
        """Return NaN: friends do not compare tracks."""
        return np.full(self.n_tracks, np.nan, np.float32)

    def save(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Return settings and arrays (none): the friends' likes are in the profiles."""
        return {"n_tracks": self.n_tracks}, {}

    @classmethod
    def load(cls, settings: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Self:  # noqa: ARG003
        """Return the signal that `save` gave."""
        return cls(settings["n_tracks"])


def _from_listens(given: ListeningInputs) -> FriendsSignal | None:
    return FriendsSignal(given.n_tracks) if any(one.friends for one in given.profiles) else None


FRIENDS = SignalDefinition(
    SignalInfo(
        NAME,
        title="Friends",
        description="Liked by friends",
        color=SignalColor("#7f3d6e", "#ffd9fc"),
    ),
    load=FriendsSignal.load,
    from_listens=_from_listens,
    compares_tracks=False,
)
