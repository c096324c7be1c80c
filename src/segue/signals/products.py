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

_MOST_NUMBERS = 4_000_000
"""Numbers that the rows may have written out in full; with more, scipy multiplies them."""


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
    if len(rows) * matrix.shape[1] > _MOST_NUMBERS:
        found: NDArray[np.float32] = (matrix[rows] @ matrix[others].T).toarray()
        return found
    return _sparse(matrix, rows, others)


def _sparse(matrix: Any, rows: Rows, others: Rows) -> NDArray[np.float32]:
    counts, columns, values = _entries(matrix, rows)
    written = np.zeros((len(rows), matrix.shape[1]), np.float32)
    written[np.repeat(np.arange(len(rows)), counts), columns] = values
    counts, columns, values = _entries(matrix, others)
    ends = np.cumsum(counts)
    # a sum of each other row's part is the difference of two sums from the beginning
    sums = np.zeros((len(rows), len(columns) + 1))
    np.cumsum(written[:, columns] * values, axis=1, dtype=np.float64, out=sums[:, 1:])
    return np.asarray(sums[:, ends] - sums[:, ends - counts], np.float32)


def _entries(matrix: Any, rows: Rows) -> tuple[Rows, NDArray[Any], NDArray[np.float32]]:
    """Return how many entries each row has, and columns and values of all, row after row."""
    starts = matrix.indptr[rows].astype(np.int64)
    counts = matrix.indptr[rows + 1] - starts
    before = np.cumsum(counts) - counts
    places = np.repeat(starts - before, counts) + np.arange(int(counts.sum()))
    return counts, matrix.indices[places], matrix.data[places]
