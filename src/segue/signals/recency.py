"""Recency: artists that a listener has played often and recently.

The score of an artist is the base-level activation ``ln sum over plays of t^-d``, where `t` is the
days since a play and ``d = .5`` (ACT-R: Anderson and Schooler, 1991). Plays of a track itself are
added to those of its artist. If listens have an order but no time, `t` is the number of plays
since; if they have neither, the strength of opinions replaces the sum.
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
from segue.signals.signal import OPINIONS, Scores, UserProfile

NAME = "recency"

DECAY = 0.5
_MIN_AGE_DAYS = 1 / 24  # a play within the last hour counts as an hour ago


@dataclass(frozen=True)
class RecencySignal:
    """Scores by plays of a track's artist; `artists` ``[n_tracks]`` are ids, -1 where unknown."""

    artists: NDArray[np.int64]

    name = NAME
    reads = (*OPINIONS, "history", "ages")

    def for_listeners(self, profiles: Sequence[UserProfile]) -> Scores:
        """Return ``[n_profiles, n_tracks]``; NaN for artists that a listener never played."""
        scores = np.full((len(profiles), len(self.artists)), np.nan, np.float32)
        n_artists = int(self.artists.max(initial=-1)) + 1
        for row, profile in zip(scores, profiles, strict=True):
            places, strengths = _strengths(profile)
            if not len(places):
                continue
            artists = self.artists[places]
            known = artists >= 0
            # the last element is for tracks with an unknown artist, -1
            level = np.bincount(artists[known], strengths[known], minlength=n_artists + 1)
            levels = level.astype(np.float32)
            row[:] = np.log1p(levels).take(self.artists)
            own, first = np.unique(places, return_inverse=True)
            plays = np.bincount(first, strengths).astype(np.float32)
            row[own] = np.log1p(levels[self.artists[own]] + plays)
        return scores

    def for_track(self, position: int) -> Scores:  # noqa: ARG002
        """Return NaN: recency does not compare tracks."""
        return np.full(len(self.artists), np.nan, np.float32)

    def save(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Return settings (none) and arrays."""
        return {}, {"artists": self.artists}

    @classmethod
    def load(cls, settings: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Self:  # noqa: ARG003
        """Return the signal that `save` gave."""
        return cls(arrays["artists"])


def _strengths(profile: UserProfile) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the positions of plays (or liked tracks) and the strength of each."""
    if not len(profile.history):
        likes = profile.weights > 0
        return profile.positions[likes], profile.weights[likes].astype(np.float64)
    ages = profile.ages if len(profile.ages) else np.arange(len(profile.history), 0, -1)
    return profile.history, np.maximum(ages, _MIN_AGE_DAYS).astype(np.float64) ** -DECAY


def _from_listens(given: ListeningInputs) -> RecencySignal | None:
    """Return the signal, unless there are no listeners or every track has its own artist."""
    shared = len(np.unique(given.artists)) < given.n_tracks
    return RecencySignal(given.artists) if given.profiles and shared else None


RECENCY = SignalDefinition(
    SignalInfo(
        NAME,
        title="Recent artists",
        description="By artists played recently",
        color=SignalColor("#5e7e68", "#78907c"),
    ),
    load=RecencySignal.load,
    from_listens=_from_listens,
    compares_tracks=False,
)
