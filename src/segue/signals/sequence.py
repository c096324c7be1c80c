"""What comes next: the mixture of what follows what, of runs, and of what one comes back to.

It reads a profile's history, the order in which tracks were played. Scores are log chances, tracks
played before included: who wants only new ones leaves out what is known, as ever. Where the order
is unknown, it says nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from segue.listening.sequences import SequenceModel
from segue.signals.signal import Profile, Scores

NAME = "sequence"


@dataclass(frozen=True)
class SequenceSignal:
    """Scores by how likely a track is to be played next."""

    model: SequenceModel

    name = NAME

    def for_listeners(self, profiles: Sequence[Profile]) -> Scores:
        """Return ``[n_profiles, n_tracks]``; NaN rows for those whose order is unknown."""
        scores = np.full((len(profiles), self.model.n_items_), np.nan, np.float32)
        for row, profile in zip(scores, profiles, strict=True):
            if len(profile.history):
                row[:] = self.model.score(profile.history)
        return scores

    def for_track(self, position: int) -> Scores:
        """Return ``[n_tracks]``: how likely each follows the track at `position`."""
        return self.model.score([position])


def sequence(model: SequenceModel) -> SequenceSignal:
    """Return the signal of a fitted model of sequences."""
    return SequenceSignal(model)
