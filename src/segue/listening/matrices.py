"""Matrices of who listened to what, and of scores: read from what is given, and masked.

Rows are listeners or their histories, columns are items; what a value says is told in
`segue.listening.model`.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Matrix = Any
"""A `scipy.sparse` matrix or array in CSR format."""
Scores = NDArray[np.float32]
Ids = NDArray[np.int64]

_FEW = 8
"""Below this part of all columns, those that are not spoken for are named one by one."""


def as_matrix(user_items: Matrix) -> Matrix:
    """Return a matrix as CSR float32: duplicates summed, zeros left out, indices sorted.

    Raises
    ------
    ValueError
        If it is no matrix, or holds NaN or infinity.
    """
    with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinity, and is refused
        matrix = sparse.csr_array(user_items, dtype=np.float32, copy=True)
    if matrix.ndim != 2:
        raise ValueError(f"user_items has {matrix.ndim} dimensions: give [n_users, n_items].")
    matrix.sum_duplicates()
    matrix.eliminate_zeros()
    if not np.isfinite(matrix.data).all():
        raise ValueError("user_items holds NaN or infinity: give finite numbers only.")
    return matrix


def liked(user_items: Matrix) -> Matrix:
    """Return only what is above zero of a CSR matrix."""
    positive = user_items.copy()
    positive.data = np.maximum(positive.data, 0)
    positive.eliminate_zeros()
    return positive


def rows_with(histories: Matrix, entries: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which rows have any of the `entries`, a mask over what is stored.

    >>> histories = sparse.csr_array([[1, 0], [-1, 0], [0, 0]])
    >>> rows_with(histories, histories.data > 0).tolist()
    [True, False, False]
    """
    before = np.concatenate([[0], np.cumsum(entries)])
    return np.asarray(before[histories.indptr[1:]] > before[histories.indptr[:-1]])


def without(scores: Scores, spoken_for: NDArray[np.bool_]) -> Scores:
    """Return the same scores, NaN in the columns that are not spoken for."""
    silent = np.flatnonzero(~spoken_for)
    if len(silent) * _FEW < len(spoken_for):
        scores[:, silent] = np.nan
    else:
        np.copyto(scores, np.nan, where=~spoken_for)
    return scores
