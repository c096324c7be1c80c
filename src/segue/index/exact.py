"""Exact nearest neighbors by cosine, and the best k of a row of scores.

Vectors are float32 ``[n, d]`` with rows of length one (or zero for a track without a vector). Work
is done in blocks of queries times all vectors, which bounds memory.
"""

import numpy as np
from numpy.typing import NDArray

_BLOCK = 512
_GROUPS = 8
"""Groups of values per requested one, whose maxima bound the requested ones from below."""


def contenders(row: NDArray[np.float32], k: int) -> NDArray[np.int64]:
    """Return the positions ``[at least k]`` of all values that may be among the `k` highest.

    Ascending; usually a few more than `k`, in a twentieth of the time of a partition. With equal
    values there may be many more.

    Parameters
    ----------
    row
        ``[n]`` without NaN, ``n >= k``.

    Notes
    -----
    Of groups of values, at least `k` have a maximum that reaches the `k`-th highest maximum, so at
    least `k` values do, and none of the `k` highest is below it.

    Examples
    --------
    >>> row = np.random.default_rng(0).random(10_000, np.float32)
    >>> found = contenders(row, 5)
    >>> len(found) < 20, np.isin(np.argsort(-row)[:5], found).all().item()
    (True, True)
    """
    n_groups = k * _GROUPS
    size = len(row) // n_groups
    if size < 2:
        return np.arange(len(row))
    maxima = row[: size * n_groups].reshape(size, n_groups).max(axis=0)
    bound = np.partition(maxima, n_groups - k)[n_groups - k]
    return np.flatnonzero(row >= bound)


def best(scores: NDArray[np.float32], k: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Return the positions and scores of the `k` highest of each row, best first.

    Equal scores are ordered by position, so that the result does not depend on the machine. NaN and
    -inf are never returned: if fewer than `k` are left, positions are -1 and scores -inf.

    Parameters
    ----------
    scores
        ``[n_rows, n]``.
    k
        Number to return, at least 1.

    Returns
    -------
    positions, scores
        ``[n_rows, k]`` int64 and float32.

    Examples
    --------
    >>> positions, scores = best(np.array([[0.5, np.nan, 0.9, 0.5]], np.float32), 4)
    >>> positions.tolist()
    [[2, 0, 3, -1]]
    """
    clean = np.where(np.isnan(scores), -np.inf, scores).astype(np.float32, copy=False)
    n_rows, n = clean.shape
    positions = np.full((n_rows, k), -1, np.int64)
    values = np.full((n_rows, k), -np.inf, np.float32)
    keep = min(k, n)
    for i, row in enumerate(clean):
        candidates = contenders(row, keep) if keep else np.zeros(0, np.int64)
        own = row[candidates]
        if keep < len(own):
            # all that reach the k-th value, so that ties there are broken by position
            own_k = np.partition(own, len(own) - keep)[len(own) - keep]
            candidates = candidates[own >= own_k]
        candidates = candidates[row[candidates] > -np.inf]
        order = candidates[np.argsort(-row[candidates], kind="stable")[:keep]]
        positions[i, : len(order)] = order
        values[i, : len(order)] = row[order]
    return positions, values


def nearest(
    vectors: NDArray[np.float32], queries: NDArray[np.float32], k: int
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Return the `k` vectors of highest cosine with each query, best first.

    Parameters
    ----------
    vectors
        ``[n, d]``, rows of length one.
    queries
        ``[n_queries, d]``, rows of length one. A query that is among the vectors finds
        itself first.

    Returns
    -------
    positions, similarities
        ``[n_queries, k]`` int64 (-1 where fewer than `k` are left) and float32 in [-1, 1].
    """
    positions = np.empty((len(queries), k), np.int64)
    similarities = np.empty((len(queries), k), np.float32)
    for start in range(0, len(queries), _BLOCK):
        block = slice(start, start + _BLOCK)
        positions[block], similarities[block] = best(queries[block] @ vectors.T, k)
    return positions, similarities


def normalise(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Scale each row to length one; rows of zeros are unchanged.

    >>> normalise(np.array([[3.0, 4.0], [0.0, 0.0]], np.float32)).round(2).tolist()
    [[0.6000000238418579, 0.800000011920929], [0.0, 0.0]]
    """
    length = np.sqrt((vectors * vectors).sum(axis=1, keepdims=True))
    return (vectors / np.where(length > 0, length, 1)).astype(np.float32, copy=False)
