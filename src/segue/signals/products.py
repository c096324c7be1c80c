"""Dot products of a few rows of a dense, sparse or hybrid matrix with a few others.

Explanations need some tens of rows by some tens, and scipy spends more time on checking a new
matrix than on such a product. So rows are copied once into a matrix of only their columns.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from segue.signals.hybrid_matrix import HybridMatrix

Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class RowSubset:
    """`n` rows of a matrix, copied to be multiplied with other rows of it many times.

    `dense` ``[n, d]`` is the dense part of these rows and `entries` the sparse part; either may be
    None.
    """

    matrix: Any
    n: int
    dense: NDArray[np.float32] | None
    entries: "_Entries | None"

    @classmethod
    def of(cls, matrix: Any, taken: Rows) -> "RowSubset":
        """Copy the rows `taken` of a matrix.

        Parameters
        ----------
        matrix
            ``[n, d]`` float32: dense, `scipy.sparse.csr_array` or `HybridMatrix`.
        """
        if isinstance(matrix, HybridMatrix):
            return cls(matrix, len(taken), matrix.full[taken], _Entries.of(matrix.rest, taken))
        if sparse.issparse(matrix):
            return cls(matrix, len(taken), None, _Entries.of(matrix, taken))
        return cls(matrix, len(taken), np.asarray(matrix[taken]), None)

    @property
    def n_bytes(self) -> int:
        """The size of the copies."""
        dense = 0 if self.dense is None else self.dense.nbytes
        return dense + (0 if self.entries is None else self.entries.n_bytes)

    def products(self, rows: Rows) -> NDArray[np.float32]:
        """Return the dot products of `rows` with the copied ones, ``[n_rows, n]``.

        >>> matrix = sparse.csr_array(np.array([[1, 2], [0, 0], [0, 3]], np.float32))
        >>> RowSubset.of(matrix, np.array([0, 1, 2])).products(np.array([0])).tolist()
        [[5.0, 0.0, 6.0]]
        """
        found = np.zeros((len(rows), self.n), np.float32)
        if self.dense is not None:
            whole = self.matrix.full if isinstance(self.matrix, HybridMatrix) else self.matrix
            np.matmul(whole[rows], self.dense.T, out=found)
        if self.entries is not None:
            rest = self.matrix.rest if isinstance(self.matrix, HybridMatrix) else self.matrix
            self.entries.add(rest, rows, found)
        return found


@dataclass(frozen=True, slots=True)
class _Entries:
    """Rows of a sparse matrix without columns that are empty in all of them.

    `columns` are the other columns, ascending, and `rows` ``[n, n_columns]`` their values.
    """

    columns: NDArray[Any]
    rows: sparse.csr_array

    @classmethod
    def of(cls, matrix: Any, taken: Rows) -> "_Entries":
        counts, columns, values = _entries(matrix, taken)
        distinct, place = np.unique(columns, return_inverse=True)
        starts = np.concatenate([[0], np.cumsum(counts)])
        parts = values, place.astype(np.int32), starts.astype(np.int32)
        return cls(distinct, sparse.csr_array(parts, shape=(len(taken), len(distinct))))

    @property
    def n_bytes(self) -> int:
        kept = self.rows
        return sum(part.nbytes for part in (self.columns, kept.data, kept.indices, kept.indptr))

    def add(self, matrix: Any, rows: Rows, into: NDArray[np.float32]) -> None:
        """Add the dot products of `rows` with these, ``[n_rows, n]``, in place."""
        if len(self.columns):
            into += (self.rows @ _columns_of(matrix, rows, self.columns)).T


def dot_with_all(matrix: Any, points: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the dot products of `points` ``[m, d]`` with all rows, ``[m, n]``.

    Points are the left factor: BLAS takes twice as long the other way round for a few points.
    """
    found: NDArray[np.float32]
    if isinstance(matrix, HybridMatrix):
        found = points[:, matrix.columns] @ matrix.full.T
        found += (matrix.rest @ points.T).T
        return found
    if sparse.issparse(matrix):
        return np.ascontiguousarray((matrix @ points.T).T)
    found = points @ matrix.T
    return found


def _columns_of(matrix: Any, rows: Rows, columns: NDArray[Any]) -> NDArray[np.float32]:
    """Return some `columns` (ascending) of some rows, transposed: ``[n_columns, n_rows]``."""
    counts, found, values = _entries(matrix, rows)
    place = np.searchsorted(columns, found)
    wanted = columns[np.minimum(place, len(columns) - 1)] == found
    dense = np.zeros((len(columns), len(rows)), np.float32)
    dense[place[wanted], np.repeat(np.arange(len(rows)), counts)[wanted]] = values[wanted]
    return dense


def _entries(matrix: Any, rows: Rows) -> tuple[Rows, NDArray[Any], NDArray[np.float32]]:
    """Return the number of entries of each row, and their columns and values, row by row."""
    starts = matrix.indptr[rows].astype(np.int64)
    counts = matrix.indptr[rows + 1] - starts
    before = np.cumsum(counts) - counts
    places = np.repeat(starts - before, counts) + np.arange(int(counts.sum()))
    return counts, matrix.indices[places], matrix.data[places]
