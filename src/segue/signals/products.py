"""Scalar products of a few rows of a matrix with a few others, however it is kept.

An explanation asks for some tens by some tens, and scipy looks at a matrix that it makes for longer
than such a product takes. So rows are taken out once, into a matrix of their own columns.
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
    """Some rows of a matrix, taken out to be multiplied with others of it, as often as is asked.

    `dense` are the taken rows ``[n_taken, d]`` of what is kept in full, `entries` those of what is
    kept sparse; either may be None.
    """

    matrix: Any
    n: int
    dense: NDArray[np.float32] | None
    entries: "_Entries | None"

    @classmethod
    def of(cls, matrix: Any, taken: Rows) -> "RowSubset":
        """Take rows out.

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
        """How much room they take."""
        dense = 0 if self.dense is None else self.dense.nbytes
        return dense + (0 if self.entries is None else self.entries.n_bytes)

    def products(self, rows: Rows) -> NDArray[np.float32]:
        """Return the scalar products of `rows` with those taken out, ``[n_rows, n_taken]``.

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
    """What is not zero in rows taken out of a sparse matrix.

    `columns` are the distinct columns of these rows, ascending, and `rows` ``[n_taken, n_columns]``
    what stands in them.
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
        """Add the products of `rows` with these, ``[n_rows, n_taken]``."""
        if len(self.columns):
            into += (self.rows @ _written(matrix, rows, self.columns)).T


def with_all(matrix: Any, points: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the scalar products of `points` ``[m, d]`` with all rows, ``[m, n]``.

    The rows are not multiplied from the right, which takes BLAS twice as long for a few points.
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


def _written(matrix: Any, rows: Rows, asked: NDArray[Any]) -> NDArray[np.float32]:
    """Return of some rows the columns that are `asked` for, ascending: ``[n_asked, n_rows]``."""
    counts, columns, values = _entries(matrix, rows)
    place = np.searchsorted(asked, columns)
    there = asked[np.minimum(place, len(asked) - 1)] == columns
    written = np.zeros((len(asked), len(rows)), np.float32)
    written[place[there], np.repeat(np.arange(len(rows)), counts)[there]] = values[there]
    return written


def _entries(matrix: Any, rows: Rows) -> tuple[Rows, NDArray[Any], NDArray[np.float32]]:
    """Return how many entries each row has, and columns and values of all, row after row."""
    starts = matrix.indptr[rows].astype(np.int64)
    counts = matrix.indptr[rows + 1] - starts
    before = np.cumsum(counts) - counts
    places = np.repeat(starts - before, counts) + np.arange(int(counts.sum()))
    return counts, matrix.indices[places], matrix.data[places]
