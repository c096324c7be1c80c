"""The signal of everything that places tracks in a space: likeness is the cosine.

A listener stands at the weighted mean of what they like, pushed away from what they dislike
(Rocchio, 1971); a track's score is its scalar product with that point. It is linear in the history,
so a score is the sum of what each known track adds to it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from segue.index import normalise
from segue.signals.signal import Profile, Scores, profile_matrix

Matrix = Any
"""A dense float32 array or a `scipy.sparse.csr_array`, ``[n_tracks, d]``."""


@dataclass(frozen=True)
class VectorSignal:
    """Cosine likeness of vectors ``[n_tracks, d]``, dense or sparse, rows of length one or zero."""

    name: str
    vectors: Matrix
    has_vector: NDArray[np.bool_] = field(init=False)

    def __post_init__(self) -> None:
        """Note which tracks have a vector at all."""
        sums = np.asarray((self.vectors * self.vectors).sum(axis=1))
        object.__setattr__(self, "has_vector", sums.ravel() > 0)

    def for_listeners(self, profiles: Sequence[Profile]) -> Scores:
        """Return ``[n_profiles, n_tracks]`` scores; NaN rows for those who have met no vector."""
        weights = profile_matrix(profiles, self.vectors.shape[0])
        scores = _dense((weights @ self.vectors) @ self.vectors.T)
        scores[:, ~self.has_vector] = np.nan
        speaks = np.array([self.has_vector[p.positions].any() for p in profiles], bool)
        scores[~speaks] = np.nan
        return scores

    def for_track(self, position: int) -> Scores:
        """Return ``[n_tracks]`` cosines with the track at `position`; all NaN if it has none."""
        if not self.has_vector[position]:
            return np.full(self.vectors.shape[0], np.nan, np.float32)
        scores: Scores = _dense(self.vectors[[position]] @ self.vectors.T)[0]
        scores[~self.has_vector] = np.nan
        return scores


def from_embeddings(
    name: str, embeddings: NDArray[np.float32], train: NDArray[np.bool_] | None = None
) -> VectorSignal:
    """Return the signal of `embeddings` ``[n_tracks, d]``, rows of NaN where a track has none.

    The mean over the `train` tracks ``[n_tracks]`` (all, if not given) is taken away first: what
    all tracks share (ReLU features all point one way) would make every cosine close to one.
    """
    has = ~np.isnan(embeddings).any(axis=1)
    learned = has if train is None or not (has & train).any() else has & train
    if not has.any():
        return VectorSignal(name, np.zeros_like(embeddings))
    centred = embeddings - embeddings[learned].mean(axis=0)
    centred[~has] = 0
    return VectorSignal(name, normalise(centred.astype(np.float32)))


def _dense(matrix: Matrix) -> Scores:
    array = matrix.toarray() if sparse.issparse(matrix) else matrix
    return np.array(array, np.float32)
