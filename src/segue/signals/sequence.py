"""Sequence: which tracks are likely to be played next.

It reads a profile's history, the order in which tracks were played. Scores are log probabilities
for all tracks, also those already played. Listeners whose order of plays is unknown get NaN.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from segue.listening.sequences import SequenceModel
from segue.signals.definition import (
    ListeningInputs,
    SignalColor,
    SignalDefinition,
    SignalInfo,
)
from segue.signals.padded import padded
from segue.signals.signal import Scores, Signal, UserProfile

NAME = "sequence"


@dataclass(frozen=True)
class SequenceSignal:
    """Scores by how likely a track is to be played next."""

    model: SequenceModel

    name = NAME
    reads = ("history",)

    def for_listeners(self, profiles: Sequence[UserProfile]) -> Scores:
        """Return ``[n_profiles, n_tracks]``; NaN rows where the order of plays is unknown."""
        scores = np.full((len(profiles), self.model.n_items_), np.nan, np.float32)
        for row, profile in zip(scores, profiles, strict=True):
            if len(profile.history):
                row[:] = self.model.score(profile.history)
        return scores

    def for_track(self, position: int) -> Scores:
        """Return ``[n_tracks]``: how likely each follows the track at `position`."""
        return self.model.score([position])

    def save(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Return settings and arrays of the model."""
        settings, arrays = self.model.scoring_state()
        return {"model": settings}, arrays

    @classmethod
    def load(cls, settings: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Return the signal that `save` gave."""
        return cls(SequenceModel.from_scoring_state(settings["model"], arrays))


def _from_listens(given: ListeningInputs) -> Signal | None:
    model = given.sequence
    return padded(SequenceSignal(model), model.n_items_, given.n_tracks) if model else None


SEQUENCE = SignalDefinition(
    SignalInfo(
        NAME,
        title="Often played next",
        description="Often played after the latest tracks",
        color=SignalColor("#640070", "#b43194"),
    ),
    load=SequenceSignal.load,
    from_listens=_from_listens,
    mixes_listeners=True,
)
