"""Near neighbours of many vectors at once, by way of landmarks: nearly all of them, in little time.

Some of the vectors, drawn at random, are landmarks. Every vector belongs to the landmark nearest to
it, and its neighbours are sought among those that belong to the landmarks nearest to that one: an
inverted file (Jégou, Douze and Schmid, 2011) whose cells are drawn instead of learned. Of 100,000
vectors of 50 dimensions, 19 of 20 neighbours are found, in a hundredth of the work of looking at
all (`benchmarks/track_map.py`).

Conventions
-----------
- Rows of ``vectors [n, d]`` are compared by Euclidean distance.
- Neighbours are ordered from near to far; a vector is not its own neighbour.
"""

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from segue.index.threads import one_blas_thread

N_LANDMARKS: Final = 3_000
"""Up to so many vectors, neighbours are exact."""

_PROBES = 32  # landmarks whose vectors are looked at
_ROWS = 4_096  # at a time

Floats = NDArray[np.float32]
Places = NDArray[np.int64]


class Neighbours(NamedTuple):
    """The near neighbours of vectors.

    `near` ``[n, k]`` are their rows, `distances` ``[n, k]`` how far they are; `landmarks`
    ``[n_landmarks]`` are rows, `nearest` ``[n]`` is the place among them of each vector's own.
    """

    near: Places
    distances: Floats
    landmarks: Places
    nearest: Places


def near_neighbours(
    vectors: Floats, k: int, *, seed: int = 0, n_landmarks: int = N_LANDMARKS
) -> Neighbours:
    """Return nearly the `k` nearest neighbours of each of some vectors ``[n, d]``.

    Raises
    ------
    ValueError
        If there are not more than `k` vectors.
    """
    n = len(vectors)
    if n <= k:
        raise ValueError(f"{n} vectors have no {k} neighbours each: ask for fewer.")
    with one_blas_thread():
        if n <= n_landmarks:
            near, distances = _nearest_among(vectors, np.arange(n), np.arange(n), k)
            return Neighbours(near, distances, np.arange(n), np.arange(n))
        landmarks = np.sort(np.random.default_rng(seed).choice(n, n_landmarks, replace=False))
        nearest = _own_landmark(vectors, vectors[landmarks])
        near, distances = _by_cells(vectors, landmarks, nearest, k)
    return Neighbours(near, distances, landmarks, nearest)


def _own_landmark(vectors: Floats, points: Floats) -> Places:
    lengths = (points * points).sum(axis=1)
    own = np.empty(len(vectors), np.int64)
    for start in range(0, len(vectors), _ROWS):
        rows = vectors[start : start + _ROWS]
        own[start : start + _ROWS] = (lengths - 2 * rows @ points.T).argmin(axis=1)
    return own


def _by_cells(vectors: Floats, landmarks: Places, nearest: Places, k: int) -> tuple[Places, Floats]:
    n, n_cells = len(vectors), len(landmarks)
    members = np.argsort(nearest, kind="stable")
    bounds = np.searchsorted(nearest[members], np.arange(n_cells + 1))
    cells = [members[bounds[cell] : bounds[cell + 1]] for cell in range(n_cells)]
    around = _order_of(vectors[landmarks])
    near, distances = np.empty((n, k), np.int64), np.empty((n, k), np.float32)
    for cell, rows in enumerate(cells):
        if not len(rows):  # another landmark stands at the same place
            continue
        among = np.concatenate([cells[other] for other in around[cell, :_PROBES]])
        for probes in range(2 * _PROBES, 2 * n_cells, _PROBES):
            if len(among) > k:
                break
            among = np.concatenate([cells[other] for other in around[cell, :probes]])
        near[rows], distances[rows] = _nearest_among(vectors, rows, among, k)
    return near, distances


def _order_of(points: Floats) -> Places:
    """Return which points are nearest to each, itself first, ``[n, n]``."""
    lengths = (points * points).sum(axis=1)
    apart = lengths[:, None] + lengths - 2 * points @ points.T
    np.fill_diagonal(apart, -1.0)
    return np.asarray(np.argsort(apart, axis=1, kind="stable"))


def _nearest_among(vectors: Floats, rows: Places, among: Places, k: int) -> tuple[Places, Floats]:
    """Return the `k` nearest of `among` to each of `rows`, and their distances, ``[n_rows, k]``."""
    others = vectors[among]
    lengths = (others * others).sum(axis=1)
    near, distances = np.empty((len(rows), k), np.int64), np.empty((len(rows), k), np.float32)
    for start in range(0, len(rows), _ROWS):
        asked = rows[start : start + _ROWS]
        own: Any = vectors[asked]
        apart = lengths - 2 * own @ others.T + (own * own).sum(axis=1)[:, None]
        apart[asked[:, None] == among[None, :]] = np.inf
        found = np.argpartition(apart, k - 1, axis=1)[:, :k]
        values = np.take_along_axis(apart, found, axis=1)
        order = np.argsort(values, axis=1, kind="stable")
        near[start : start + _ROWS] = among[np.take_along_axis(found, order, axis=1)]
        squares = np.maximum(np.take_along_axis(values, order, axis=1), 0.0)
        distances[start : start + _ROWS] = np.sqrt(squares)
    return near, distances
