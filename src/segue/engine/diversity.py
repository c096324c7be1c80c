"""Diversity: penalize similarity to the tracks already in the list.

Carbonell and Goldstein, "The use of MMR" (SIGIR 1998): a list is filled greedily, each time with
the candidate of highest *maximal marginal relevance*,
``(1 - strength) relevance - strength max(similarity to those in the list)``.

Similarity is in [0, 1]: the cosine of two tracks' vectors, negative ones counting as 0. Where
either track has no vector it is 1 for two tracks of one artist, else the overlap of their mixes of
genres. A candidate's largest similarity only rises as the list grows, so scores still descend.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from segue.engine.catalogue_arrays import CatalogueArrays, Matrix


@dataclass
class PoolSimilarity:
    """Similarity within a pool; `nearest` ``[n_pool]`` is the largest to the chosen tracks."""

    facts: CatalogueArrays
    positions: NDArray[np.int64]
    nearest: NDArray[np.float64] = field(init=False)

    def __post_init__(self) -> None:
        """Collect vectors, artists and genres of the candidates."""
        self.nearest = np.zeros(len(self.positions))
        space = self.facts.space
        self._has = np.zeros(len(self.positions), bool)
        if space is not None:
            self._has = space.has_vector[self.positions]
            vectors = space.vectors[self.positions]
            self._vectors = _fewer_columns(vectors) if sparse.issparse(vectors) else vectors
        self._ids = self.facts.ids.take(self.positions)
        self._mixes = _fewer_columns(self.facts.mixes[self.positions])
        self._rows = np.repeat(np.arange(len(self.positions)), np.diff(self._mixes.indptr))

    def choose(self, candidate: int) -> None:
        """Add a candidate to the list."""
        np.maximum(self.nearest, self.row(candidate), out=self.nearest)

    def row(self, candidate: int) -> NDArray[np.float64]:
        """Return the similarity of each of the pool to `candidate`, ``[n_pool]`` in [0, 1]."""
        if not self._has[candidate]:
            return self._by_metadata(candidate)
        cosines = self._vectors @ _dense_row(self._vectors, candidate)
        likeness: NDArray[np.float64] = np.clip(cosines, 0, 1).astype(np.float64)
        if not self._has.all():
            likeness = np.where(self._has, likeness, self._by_metadata(candidate))
        return likeness

    def _by_metadata(self, candidate: int) -> NDArray[np.float64]:
        same = self._ids.with_artists(self._ids.of_track(candidate))
        own = _dense_row(self._mixes, candidate)
        less = np.minimum(self._mixes.data, own[self._mixes.indices])
        common = np.bincount(self._rows, less, minlength=len(self.positions))
        return np.where(same, 1.0, common)


def _dense_row(matrix: Matrix, row: int) -> NDArray[Any]:
    if not sparse.issparse(matrix):
        dense: NDArray[Any] = matrix[row]
        return dense
    found = np.zeros(matrix.shape[1], matrix.dtype)
    part = slice(matrix.indptr[row], matrix.indptr[row + 1])
    found[matrix.indices[part]] = matrix.data[part]
    return found


def _fewer_columns(matrix: Matrix) -> Matrix:
    """Drop empty columns: the cost of products grows with the number of columns."""
    used, indices = np.unique(matrix.indices, return_inverse=True)
    return sparse.csr_array(
        (matrix.data, indices, matrix.indptr), shape=(matrix.shape[0], max(len(used), 1))
    )
