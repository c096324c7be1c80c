"""Diversity: no track in the list that is much like another.

Carbonell and Goldstein, "The use of MMR" (SIGIR 1998): a list is filled greedily, each time with
the candidate of highest *maximal marginal relevance*,
``(1 - strength) relevance - strength max(likeness to those in the list)``.

Likeness is in [0, 1]: the cosine of two tracks' vectors, where pointing apart is as unlike as can
be. Where either has no vector it is 1 for two tracks of one artist, else what their mixes of genres
have in common. As the list grows a candidate's largest likeness only rises, so scores still
descend.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from segue.engine.catalogue_arrays import CatalogueArrays, Matrix


@dataclass
class Likeness:
    """How like the candidates of a pool are: `nearest` ``[n_pool]`` is to those chosen so far."""

    facts: CatalogueArrays
    positions: NDArray[np.int64]
    nearest: NDArray[np.float64] = field(init=False)

    def __post_init__(self) -> None:
        """Gather what is known of the candidates, once."""
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
        """Take a candidate into the list."""
        np.maximum(self.nearest, self.row(candidate), out=self.nearest)

    def row(self, candidate: int) -> NDArray[np.float64]:
        """Return how like `candidate` each of the pool is, ``[n_pool]`` in [0, 1]."""
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
    """Leave out the columns that are zero: products cost by the columns that there are."""
    used, indices = np.unique(matrix.indices, return_inverse=True)
    return sparse.csr_array(
        (matrix.data, indices, matrix.indptr), shape=(matrix.shape[0], max(len(used), 1))
    )
