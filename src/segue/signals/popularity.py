"""Popularity: the number of listeners of this library who like a track.

A listener's own opinion is not counted for them, so that the signal needs two listeners.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from segue.signals.definition import (
    ListeningInputs,
    SignalColor,
    SignalDefinition,
    SignalInfo,
)
from segue.signals.signal import OPINIONS, Scores, UserProfile

NAME = "popularity"

MIN_LISTENERS = 2
"""With fewer listeners there is no popularity: the listener's own likes are not counted."""


@dataclass(frozen=True)
class PopularitySignal:
    """Scores by ``log(1 + listeners)``; NaN if the library has no listener."""

    listeners: NDArray[np.float32]
    """The number of listeners who like each track, ``[n_tracks]``."""

    name = NAME
    reads = OPINIONS

    def for_listeners(self, profiles: Sequence[UserProfile]) -> Scores:
        """Return ``[n_profiles, n_tracks]``: the same for all but for each listener's own likes."""
        scores = np.tile(self._logs, (len(profiles), 1))
        for row, profile in zip(scores, profiles, strict=True):
            row[profile.liked] = np.log1p(np.maximum(self.listeners[profile.liked] - 1, 0))
        if not self.listeners.any():
            scores[:] = np.nan
        return scores

    @cached_property
    def _logs(self) -> NDArray[np.float32]:
        return np.log1p(self.listeners)

    def for_track(self, position: int) -> Scores:  # noqa: ARG002
        """Return NaN: popularity does not compare tracks."""
        return np.full(len(self.listeners), np.nan, np.float32)

    def save(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Return settings (none) and arrays."""
        return {}, {"listeners": self.listeners}

    @classmethod
    def load(cls, settings: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Self:  # noqa: ARG003
        """Return the signal that `save` gave."""
        return cls(arrays["listeners"])


def popularity(profiles: Sequence[UserProfile], n_tracks: int) -> PopularitySignal:
    """Return the signal of the number of `profiles` that like each track."""
    counts = np.zeros(n_tracks, np.float32)
    for profile in profiles:
        counts[profile.liked] += 1
    return PopularitySignal(counts)


def _from_listens(given: ListeningInputs) -> PopularitySignal | None:
    """Return the signal, unless fewer than two listeners like anything.

    The popularity of a library with one listener would be that listener's own plays.
    """
    n_listeners = sum(bool(len(profile.liked)) for profile in given.profiles)
    return popularity(given.profiles, given.n_tracks) if n_listeners >= MIN_LISTENERS else None


POPULARITY = SignalDefinition(
    SignalInfo(
        NAME,
        title="Popularity",
        description="Liked by many listeners",
        color=SignalColor("#839233", "#c1f187"),
    ),
    load=PopularitySignal.load,
    from_listens=_from_listens,
    compares_tracks=False,
    mixes_listeners=True,
)
