"""Helpers for user-item matrices and matrices of scores.

Rows are users or histories, columns are items; `segue.listening.model` defines the values.
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
"""If fewer than one in this many columns are masked, they are indexed instead of copied."""


def as_matrix(user_items: Matrix) -> Matrix:
    """Return a matrix as CSR float32: duplicates summed, zeros removed, indices sorted.

    Raises
    ------
    ValueError
        If it is not a matrix, or holds NaN or infinity.
    """
    with np.errstate(over="ignore"):  # overflow becomes infinity, which is refused
        matrix = sparse.csr_array(user_items, dtype=np.float32, copy=True)
    if matrix.ndim != 2:
        raise ValueError(f"user_items has {matrix.ndim} dimensions: give [n_users, n_items].")
    matrix.sum_duplicates()
    matrix.eliminate_zeros()
    if not np.isfinite(matrix.data).all():
        raise ValueError("user_items holds NaN or infinity: give finite numbers only.")
    return matrix


def liked(user_items: Matrix) -> Matrix:
    """Return a CSR matrix with only the values above zero."""
    positive = user_items.copy()
    positive.data = np.maximum(positive.data, 0)
    positive.eliminate_zeros()
    return positive


def rows_with(histories: Matrix, entries: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return a mask of the rows that have any of the `entries`, a mask of stored values.

    >>> histories = sparse.csr_array([[1, 0], [-1, 0], [0, 0]])
    >>> rows_with(histories, histories.data > 0).tolist()
    [True, False, False]
    """
    before = np.concatenate([[0], np.cumsum(entries)])
    return np.asarray(before[histories.indptr[1:]] > before[histories.indptr[:-1]])


def mask_columns(scores: Scores, scored: NDArray[np.bool_]) -> Scores:
    """Set the columns of `scores` that are not in the mask `scored` to NaN, and return them."""
    masked = np.flatnonzero(~scored)
    if len(masked) * _FEW < len(scored):
        scores[:, masked] = np.nan
    else:
        np.copyto(scores, np.nan, where=~scored)
    return scores
