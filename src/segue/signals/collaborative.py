"""Collaborative: tracks that listeners with similar taste like.

Scores of listeners are standardized, and large scores are compressed logarithmically: a few tracks
have scores far above all others, and the weights of signals, which are linear, would follow these.
The order of tracks stays the same.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from segue.listening import Collaborative, ListeningModel
from segue.signals.definition import (
    ListeningInputs,
    SignalColor,
    SignalDefinition,
    SignalInfo,
)
from segue.signals.hybrid_matrix import narrow
from segue.signals.padded import padded
from segue.signals.signal import OPINIONS, Scores, Signal, UserProfile

NAME = "collaborative"


@dataclass(frozen=True)
class CollaborativeSignal:
    """Scores by a collaborative model that was fitted on the same catalogue."""

    model: ListeningModel

    name = NAME
    reads = OPINIONS

    def for_listeners(self, profiles: Sequence[UserProfile]) -> Scores:
        """Return ``[n_profiles, n_tracks]``; NaN rows if the model cannot score any track."""
        if not profiles:
            return np.zeros((0, self.model.n_items), np.float32)
        scores = self.model.score(opinions_of(profiles, self.model.n_items))
        for row in scores:
            _compress(row)
        return scores

    def for_track(self, position: int) -> Scores:
        """Return ``[n_tracks]``: similarity of each to the track at `position`."""
        row: Scores = self.model.item_scores(np.array([position]))[0]
        if not np.isnan(row).all():
            row[position] = np.nanmax(row)  # a track is most similar to itself
        return row

    def save(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Return settings and arrays of the model, as far as scoring needs them."""
        settings, arrays = self.model.scoring_state()
        return {"model": settings}, arrays

    @classmethod
    def load(cls, settings: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Return the signal that `save` gave."""
        return cls(Collaborative.from_scoring_state(settings["model"], arrays))


def _compress(row: Scores) -> None:
    """Standardize scores and compress large ones logarithmically, in place; NaN if all are equal.

    The scale is the largest deviation first, because squares of small numbers would be 0.
    """
    missing = np.isnan(row)
    n = len(row) - int(np.count_nonzero(missing))
    np.copyto(row, 0, where=missing)
    row -= np.float32(row.sum(dtype=np.float64) / max(n, 1))
    np.copyto(row, 0, where=missing)
    sizes = np.abs(row)
    largest = sizes.max(initial=0)
    if not largest > 0:
        row[:] = np.nan
        return
    sizes /= largest
    sizes *= np.float32(1 / np.sqrt(float(np.dot(sizes, sizes)) / n))
    # the logarithm is a vector instruction, log1p is not: five times as long
    sizes += np.float32(1)
    np.log(sizes, out=sizes)
    np.copysign(sizes, row, out=row)
    np.copyto(row, np.nan, where=missing)


def opinions_of(profiles: Sequence[UserProfile], n_tracks: int) -> sparse.csr_array:
    """Return ``[n_profiles, n_tracks]``: opinions, above zero for likes."""
    starts = np.cumsum([0, *(len(profile.positions) for profile in profiles)])
    columns = [np.zeros(0, np.int64), *(profile.positions for profile in profiles)]
    values = [np.zeros(0, np.float32), *(profile.weights for profile in profiles)]
    matrix = sparse.csr_array(
        (np.concatenate(values), narrow(np.concatenate(columns)), narrow(starts)),
        shape=(len(profiles), n_tracks),
    )
    matrix.sort_indices()
    return matrix


def _from_listens(given: ListeningInputs) -> Signal | None:
    model = given.collaborative
    return padded(CollaborativeSignal(model), model.n_items, given.n_tracks) if model else None


COLLABORATIVE = SignalDefinition(
    SignalInfo(
        NAME,
        title="Similar listeners",
        description="Liked by people with similar taste",
        color=SignalColor("#dc6faf", "#f4a0ac"),
    ),
    load=CollaborativeSignal.load,
    from_listens=_from_listens,
    mixes_listeners=True,
)
