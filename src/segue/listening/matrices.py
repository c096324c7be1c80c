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

MAX_STRENGTH = 3.0
"""Largest relative strength: no single like decides a list."""

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


def relative_strengths(opinions: Matrix, exponent: float) -> Matrix:
    """Return opinions relative to the mean like of their row, to a power, with their sign.

    Values are from `-MAX_STRENGTH` to `MAX_STRENGTH`. With an exponent of 0 they are signs. A row
    without likes is relative to its mean dislike.

    >>> opinions = sparse.csr_array(np.float32([[0.2, 0.6, -0.4, 0], [0, 0, -0.5, 0]]))
    >>> relative_strengths(opinions, 1.0).toarray().round(2).tolist()
    [[0.5, 1.5, -1.0, 0.0], [0.0, 0.0, -1.0, 0.0]]
    """
    if not exponent:
        values = np.sign(opinions.data)
    else:
        n = opinions.shape[0]
        rows = np.repeat(np.arange(n), np.diff(opinions.indptr))
        size = np.abs(opinions.data)
        by_sign = []
        for counted in (opinions.data > 0, opinions.data < 0):
            total = np.bincount(rows, size * counted, n)
            by_sign.append(total / np.maximum(np.bincount(rows, counted, n), 1))
        mean = np.where(by_sign[0] > 0, *by_sign)
        relative = size / np.maximum(mean, 1e-12)[rows]
        values = np.sign(opinions.data) * np.minimum(relative**exponent, MAX_STRENGTH)
    data = values.astype(np.float32)
    return sparse.csr_array((data, opinions.indices, opinions.indptr), shape=opinions.shape)


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
