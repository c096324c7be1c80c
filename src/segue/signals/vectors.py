"""Signal of tracks as vectors: similarity is the cosine.

A listener's query vector is the weighted mean of the tracks they like minus that of the tracks they
dislike (Rocchio, 1971), and the score of a track is its dot product with it. Scores are linear in
the profile: a score is the sum of the contributions of the listener's own tracks.

With `hubs`, similarity is mutual proximity on the normal scale (see `segue.index.hubs`), so that a
track close to most others is not everybody's neighbor. For a listener it combines how unusual a
score is for the track with how unusual it is for the listener.
"""

from collections.abc import Mapping, Sequence
from dataclasses import InitVar, dataclass, field
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from segue.index import MIN_SPREAD, MutualProximity, normalise, probit_product
from segue.signals.hybrid_matrix import HybridMatrix, as_hybrid, matrix_from, matrix_parts
from segue.signals.products import RowSubset, dot_with_all
from segue.signals.signal import OPINIONS, Scores, UserProfile, profile_matrix

Matrix = Any
"""A dense float32 array or a `scipy.sparse.csr_array`, ``[n_tracks, d]``."""


@dataclass(frozen=True)
class VectorSignal:
    """Cosine similarity of vectors ``[n_tracks, d]``, dense or sparse, rows of length one or zero.

    With `hubs`, fitted on the same vectors, it is mutual proximity instead. `placed` is the mask of
    the tracks that have a vector, computed if not given.
    """

    name: str
    vectors: Matrix
    hubs: MutualProximity | None = None
    placed: InitVar[NDArray[np.bool_] | None] = None
    has_vector: NDArray[np.bool_] = field(init=False)

    reads = OPINIONS

    def __post_init__(self, placed: NDArray[np.bool_] | None) -> None:
        """Set `has_vector`, the mask of the tracks that have a vector."""
        if placed is None:
            placed = np.asarray((self.vectors * self.vectors).sum(axis=1)).ravel() > 0
        object.__setattr__(self, "has_vector", placed)

    def for_listeners(self, profiles: Sequence[UserProfile]) -> Scores:
        """Return ``[n_profiles, n_tracks]`` scores; NaN rows for profiles without a vector."""
        weights = profile_matrix(profiles, self.vectors.shape[0])
        scores = dot_with_all(self.vectors, _dense(self._query_vectors(weights)))
        if self.hubs is not None and len(profiles):
            totals = np.asarray(weights.sum(axis=1), np.float64).ravel()
            for row, profile, total in zip(scores, profiles, totals.tolist(), strict=True):
                for_tracks = self.hubs.of_tracks(row, total)
                row[:] = probit_product(self._unusual(row, profile), for_tracks)
        scores[:, self._missing] = np.nan
        known = np.array([self.has_vector[p.positions].any() for p in profiles], bool)
        scores[~known] = np.nan
        return scores

    def _query_vectors(self, weights: sparse.csr_array) -> Matrix:
        """Return ``weights @ vectors``, reading only the vectors with a weight."""
        used = np.unique(weights.indices)
        if isinstance(self.vectors, HybridMatrix):
            return self.vectors.left_product(weights)
        if sparse.issparse(self.vectors) or len(used) * 4 > self.vectors.shape[0]:
            return weights @ self.vectors
        columns = np.searchsorted(used, weights.indices)
        part = sparse.csr_array(
            (weights.data, columns, weights.indptr), shape=(weights.shape[0], len(used))
        )
        return part @ self.vectors[used]

    def for_track(self, position: int) -> Scores:
        """Return ``[n_tracks]`` similarities to a track; all NaN if it has no vector."""
        if not self.has_vector[position]:
            return np.full(self.vectors.shape[0], np.nan, np.float32)
        cosines = (self.vectors @ _dense(self.vectors[[position]]).T).T
        if self.hubs is not None:
            cosines = self.hubs.between(cosines, np.array([position]))
        scores: Scores = cosines[0]
        scores[~self.has_vector] = np.nan
        return scores

    def subset(self, tracks: NDArray[np.int64]) -> RowSubset:
        """Return the vectors of `tracks`, to compute their cosines with others."""
        return RowSubset.of(self.vectors, tracks)

    def save(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Return the name, and as arrays the vectors, hubs and derived values."""
        vectors = self.vectors
        kept = as_hybrid(vectors) if isinstance(vectors, np.ndarray) else vectors
        arrays = matrix_parts("vectors", kept) | {"placed": self.has_vector, "centre": self.center}
        if self.hubs is not None:
            arrays |= {"hubs.mean": self.hubs.mean, "hubs.spread": self.hubs.spread}
        return {"name": self.name}, arrays

    @classmethod
    def load(cls, settings: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Return the signal that `save` gave."""
        hubs = None
        if "hubs.mean" in arrays:
            hubs = MutualProximity(arrays["hubs.mean"], arrays["hubs.spread"])
        signal = cls(settings["name"], matrix_from(arrays, "vectors"), hubs, arrays["placed"])
        vars(signal)["center"] = arrays["centre"]  # the cached property
        return signal

    @cached_property
    def center(self) -> NDArray[np.float64]:
        """The mean of the vectors of all tracks that have one, ``[d]``."""
        total = np.asarray(self.vectors.sum(axis=0, dtype=np.float64)).ravel()
        mean: NDArray[np.float64] = total / max(self._n_vectors, 1)
        return mean

    def _unusual(self, row: Scores, profile: UserProfile) -> Scores:
        """Return a listener's scores ``[n_tracks]``, standardized.

        Mean and deviation are those of the tracks that the listener has no opinion of.
        """
        n = self._n_vectors
        own = profile.positions[self.has_vector[profile.positions]]
        if n > len(own):
            # tracks without a vector have a score of 0 and add nothing to either sum
            out = row[own].astype(np.float64)
            n -= len(own)
            mean = (row.sum(dtype=np.float64) - out.sum()) / n
            off = row - np.float32(mean)
            out -= mean
            n_missing = len(row) - n - len(own)
            square = float(np.dot(off, off)) - float(out @ out) - n_missing * mean**2
        elif n:
            counted = row[self.has_vector].astype(np.float64)
            mean = float(counted.mean())
            off, square = row - np.float32(mean), float(((counted - mean) ** 2).sum())
        else:
            return np.zeros(len(row), np.float32)
        spread = max(float(np.sqrt(max(square, 0) / n)), MIN_SPREAD)
        off *= np.float32(1 / spread)
        return off

    @cached_property
    def _n_vectors(self) -> int:
        return int(np.count_nonzero(self.has_vector))

    @cached_property
    def _missing(self) -> NDArray[np.int64]:
        """Positions of the tracks without a vector."""
        return np.flatnonzero(~self.has_vector)


def from_embeddings(
    name: str, embeddings: NDArray[np.float32], train: NDArray[np.bool_] | None = None
) -> VectorSignal:
    """Return the signal of `embeddings` ``[n_tracks, d]``, rows of NaN where a track has none.

    The mean over the `train` tracks ``[n_tracks]`` (all, if not given) is subtracted first: a
    common component (ReLU features are all positive) would make every cosine close to one.
    """
    has = ~np.isnan(embeddings).any(axis=1)
    learned = has if train is None or not (has & train).any() else has & train
    if not has.any():
        return VectorSignal(name, np.zeros_like(embeddings))
    centred = embeddings - embeddings[learned].mean(axis=0)
    centred[~has] = 0
    return VectorSignal(name, normalise(centred.astype(np.float32)))


def unit_rows(matrix: sparse.csr_array) -> sparse.csr_array:
    """Scale each row of a sparse matrix to length one; empty rows are unchanged."""
    lengths = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    scale = np.divide(1, lengths, out=np.zeros_like(lengths), where=lengths > 0)
    return sparse.csr_array(sparse.diags_array(scale) @ matrix, dtype=np.float32)


def _dense(matrix: Matrix) -> Scores:
    array = matrix.toarray() if sparse.issparse(matrix) else matrix
    return np.array(array, np.float32)
