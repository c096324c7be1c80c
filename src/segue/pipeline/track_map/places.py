"""Places of tracks on a plane, and what lies along a line over it.

Conventions
-----------
- Places are uint16 ``[n_tracks, 2]``, x and y from 0 to 65,534, in the order of the catalogue; one
  scale for both axes. A track that has none is at `UNPLACED`, 65,535, on both.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import cKDTree

UNPLACED: Final = 65_535
EDGE: Final = 65_534
"""The largest x and y of a track that has a place."""

Places = NDArray[np.uint16]


@dataclass(frozen=True)
class TrackMap:
    """A map of all tracks; `fingerprint` changes whenever it is laid out anew."""

    signal: str
    places: Places
    fingerprint: str

    @cached_property
    def placed(self) -> NDArray[np.bool_]:
        """Which tracks have a place, ``[n_tracks]``."""
        return np.asarray(self.places[:, 0] != UNPLACED)

    @cached_property
    def _tree(self) -> tuple[NDArray[np.int64], Any]:
        rows = np.flatnonzero(self.placed)
        return rows, cKDTree(self.places[rows].astype(np.float64))


def draw_path(
    track_map: TrackMap,
    points: ArrayLike,
    k: int,
    *,
    allowed: NDArray[np.bool_] | None = None,
) -> list[int]:
    """Return up to `k` different tracks along a line drawn on the map, in its direction.

    `k` points are spread evenly over the length of the line; each takes the track nearest to it
    that no other has taken.

    Parameters
    ----------
    points : float [m, 2]
        The corners of the line, from 0 to 65,534.
    allowed : bool [n_tracks], optional
        Which tracks may come; by default all that have a place.

    Returns
    -------
    list of int
        Positions in the catalogue; fewer than `k` where fewer tracks may come.

    Raises
    ------
    ValueError
        If there is no point, one is no pair of finite numbers, or `k` is below 1.
    """
    line = np.asarray(points, np.float64)
    if line.ndim != 2 or line.shape[1:] != (2,) or not len(line) or not np.isfinite(line).all():
        raise ValueError(
            "A line on the map needs at least one corner, each with two finite numbers: correct it."
        )
    if k < 1:
        raise ValueError(f"k is {k}: ask for at least 1 track.")
    rows, tree = track_map._tree
    if allowed is not None:
        rows = np.flatnonzero(track_map.placed & allowed)
        tree = cKDTree(track_map.places[rows].astype(np.float64)) if len(rows) else None
    if not len(rows):
        return []
    taken: dict[int, None] = {}
    for point in _along(line, k):
        found = _nearest_free(tree, point, taken, len(rows))
        if found is None:
            break
        taken[found] = None
    return [int(rows[one]) for one in taken]


def _along(line: NDArray[np.float64], k: int) -> NDArray[np.float64]:
    """Return `k` points at even distances along a line, its ends included."""
    lengths = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))])
    at = np.linspace(0.0, lengths[-1], k)
    return np.stack([np.interp(at, lengths, line[:, axis]) for axis in (0, 1)], axis=1)


def _nearest_free(
    tree: Any, point: NDArray[np.float64], taken: dict[int, None], n: int
) -> int | None:
    """Return the nearest to a point that is not taken yet."""
    asked = 8
    while True:
        # a query for one gives no list
        found = np.atleast_1d(tree.query(point, k=list(range(1, min(asked, n) + 1)))[1])
        free = next((one for one in found.tolist() if one not in taken), None)
        if free is not None or asked >= n:
            return free
        asked *= 4
