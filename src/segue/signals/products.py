"""Scalar products of a few rows of a matrix with a few others, however it is kept.

An explanation asks for some tens by some tens. scipy would look at each of its arguments for longer
than the product takes.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from segue.signals.mixed import MixedMatrix

Rows = NDArray[np.int64]


def products(matrix: Any, rows: Rows, others: Rows) -> NDArray[np.float32]:
    """Return the scalar products of `rows` with `others`, ``[n_rows, n_others]``.

    Parameters
    ----------
    matrix
        ``[n, d]`` float32: dense, `scipy.sparse.csr_array` or `MixedMatrix`.

    Examples
    --------
    >>> matrix = np.array([[1, 2], [0, 0], [0, 3]], np.float32)
    >>> products(sparse.csr_array(matrix), np.array([0]), np.array([0, 1, 2])).tolist()
    [[5.0, 0.0, 6.0]]
    """
    if isinstance(matrix, MixedMatrix):
        full: NDArray[np.float32] = matrix.full[rows] @ matrix.full[others].T
        return full + products(matrix.rest, rows, others)
    if not sparse.issparse(matrix):
        dense: NDArray[np.float32] = matrix[rows] @ matrix[others].T
        return dense
    return _sparse(matrix, rows, others)


def with_all(matrix: Any, points: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the scalar products of `points` ``[m, d]`` with all rows, ``[m, n]``.

    The rows are not multiplied from the right, which takes BLAS twice as long for a few points.
    """
    found: NDArray[np.float32]
    if isinstance(matrix, MixedMatrix):
        found = points[:, matrix.columns] @ matrix.full.T
        found += (matrix.rest @ points.T).T
        return found
    if sparse.issparse(matrix):
        return np.ascontiguousarray((matrix @ points.T).T)
    found = points @ matrix.T
    return found


def _sparse(matrix: Any, rows: Rows, others: Rows) -> NDArray[np.float32]:
    counts, columns, values = _entries(matrix, others)
    if not len(columns):
        return np.zeros((len(rows), len(others)), np.float32)
    asked, place = np.unique(columns, return_inverse=True)
    parts = _written(matrix, rows, asked).T[place] * values[:, None]
    sums = np.zeros((len(others), len(rows)), np.float32)
    some = counts > 0
    sums[some] = np.add.reduceat(parts, (np.cumsum(counts) - counts)[some], axis=0)
    return sums.T


def _written(matrix: Any, rows: Rows, asked: NDArray[Any]) -> NDArray[np.float32]:
    """Return rows with zeros and all, of the columns that are `asked` for, in ascending order."""
    counts, columns, values = _entries(matrix, rows)
    place = np.searchsorted(asked, columns)
    there = asked[np.minimum(place, len(asked) - 1)] == columns
    written = np.zeros((len(rows), len(asked)), np.float32)
    written[np.repeat(np.arange(len(rows)), counts)[there], place[there]] = values[there]
    return written


def _entries(matrix: Any, rows: Rows) -> tuple[Rows, NDArray[Any], NDArray[np.float32]]:
    """Return how many entries each row has, and columns and values of all, row after row."""
    starts = matrix.indptr[rows].astype(np.int64)
    counts = matrix.indptr[rows + 1] - starts
    before = np.cumsum(counts) - counts
    places = np.repeat(starts - before, counts) + np.arange(int(counts.sum()))
    return counts, matrix.indices[places], matrix.data[places]
