"""Paths: from one track to another in even steps, each track more similar to the second.

Vectors of length one lie on a sphere, and the way between two of them is the arc of the great
circle (Shoemake's slerp, 1985). The arc is divided evenly; the candidates of each point are the
tracks nearest to it. The *progress* of a track is its place along the arc, 0 at the first track
and 1 at the second. It must grow along the path, so no track repeats. Dynamic programming finds
the path of least cost among all paths through the candidates. The cost is the sum of

- for every step, its squared chord divided by the mean one of the shortest path, to the fourth
  power: one long step costs more than several short ones;
- for every track, its squared chord to the arc's point in the same unit, and the squared difference
  of its progress from that point's, in steps.

*Evenness* is the largest step divided by the mean step, in angles: 1 is perfectly even.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import acos, cos, sin

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from segue.engine.catalogue_arrays import Matrix
from segue.index import one_blas_thread

_CANDIDATES = 64  # nearest tracks of each point of the arc; more did not make paths more even
_FEW = 32  # tracks: up to this, every length of a path is tried
_SAME = 1e-3  # radians: there is no path between two tracks that are closer than this

_POWER = 4  # 8 made steps slightly more even and progress less even

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Path:
    """Tracks from one to another: `positions` [n], `progress` [n] from 0 to 1.

    `steps` [n - 1] are angles between consecutive tracks, in radians.
    """

    positions: NDArray[np.int64]
    progress: Values
    steps: Values

    @property
    def evenness(self) -> float:
        """The largest step divided by the mean step; 1 is perfectly even."""
        return float(self.steps.max() / self.steps.mean())


def path(vectors: Matrix, start: int, end: int, k: int, allowed: NDArray[np.bool_]) -> Path:
    """Return up to `k` tracks from `start` to `end`, both included; fewer if too few lie between.

    Parameters
    ----------
    vectors
        ``[n_tracks, d]``, dense or sparse, rows of length one or zero.
    k
        At least 2.
    allowed
        Tracks that may be on the path, ``[n_tracks]``.

    Raises
    ------
    ValueError
        If the two tracks have the same vector, or one of them has none.
    """
    # the products are small: with several threads they were hundreds of times slower under load
    with one_blas_thread():
        return _path(vectors, (start, end), k, allowed)


def _path(vectors: Matrix, of: tuple[int, int], k: int, allowed: NDArray[np.bool_]) -> Path:
    start, end = of
    ends = _dense(vectors[[start, end]])
    if not ends.any(axis=1).all():
        raise ValueError("one of the two tracks is unknown to this signal: choose another signal.")
    to_ends = _dense(vectors @ ends.T).astype(np.float64)
    angle = acos(float(np.clip(ends[0] @ ends[1], -1, 1)))
    if angle < _SAME or np.pi - angle < _SAME:
        raise ValueError(
            "the two tracks are the same or exact opposites by this signal: choose another signal"
            " or"
            " track."
        )
    # coordinates in the plane of both ends: along the first, and orthogonal towards the second
    along, across = to_ends[:, 0], (to_ends[:, 1] - cos(angle) * to_ends[:, 0]) / sin(angle)
    progress = np.arctan2(across, along) / angle
    between = allowed & (np.hypot(along, across) > 0) & (progress > 0) & (progress < 1)
    between[[start, end]] = False
    places = np.flatnonzero(between)
    progress[[start, end]] = 0, 1

    def through(n: int) -> Path | None:
        """Return the path of `n` tracks, or None if there is none."""
        targets = np.arange(1, n - 1) * angle / (n - 1)
        stages, away = [np.array([start])], [np.zeros(1)]
        for target in targets.tolist():
            near = cos(target) * along[places] + sin(target) * across[places]
            order = np.argsort(-near, kind="stable")[:_CANDIDATES]
            stages.append(places[order])
            away.append(2 - 2 * near[order])
        stages.append(np.array([end]))
        away.append(np.zeros(1))
        shortest = _cheapest(vectors, stages, away, progress)
        if shortest is None:
            return None
        unit = _mean_chord(vectors, shortest)
        off = [
            chords / unit + ((n - 1) * progress[stage] - place) ** 2
            for place, (stage, chords) in enumerate(zip(stages, away, strict=True))
        ]
        found = _cheapest(vectors, stages, off, progress, unit=unit, power=_POWER) or shortest
        return _measured(vectors, np.array(found, np.int64), progress)

    longest = _longest(through, min(k, len(places) + 2))
    return longest or _measured(vectors, np.array([start, end], np.int64), progress)


def _longest(through: Callable[[int], Path | None], most: int) -> Path | None:
    """Return the longest path of 3 to `most` tracks.

    Up to `_FEW` every length is tried. Above, the length is doubled while there is a path, then
    bisected: trying all would take a day for a path of thousands.
    """
    few = range(min(most, _FEW), 2, -1)
    found = next((path for path in map(through, few) if path is not None), None)
    low, high = _FEW, most + 1
    while found is not None and low < most and high > most:
        n = min(2 * low, most)
        longer = through(n)
        low, high, found = (low, n, found) if longer is None else (n, high, longer)
    while found is not None and high <= most and high - low > 1:
        n = (low + high) // 2
        longer = through(n)
        low, high, found = (low, n, found) if longer is None else (n, high, longer)
    return found


def _cheapest(
    vectors: Matrix,
    stages: Sequence[NDArray[np.int64]],
    off: Sequence[Values],
    progress: Values,
    *,
    unit: float = 1.0,
    power: int = 1,
) -> list[int] | None:
    """Return one track of each stage, or None if progress cannot grow.

    `off` is the cost of each track of each stage; a step costs its squared chord in `unit`, to a
    `power`.
    """
    cost = np.zeros(1)
    came_from: list[NDArray[np.int64]] = []
    for previous, stage, own in zip(stages[:-1], stages[1:], off[1:], strict=True):
        squared = 2 - 2 * _dense(vectors[previous] @ vectors[stage].T).astype(np.float64)
        onward = progress[previous][:, None] < progress[stage]
        total = cost[:, None] + np.where(onward, (squared / unit) ** power, np.inf)
        came_from.append(total.argmin(axis=0))
        cost = total.min(axis=0) + own
    if not np.isfinite(cost[0]):
        return None
    place = 0
    chosen = [int(stages[-1][0])]
    for stage, origin in zip(stages[-2::-1], came_from[::-1], strict=True):
        place = int(origin[place])
        chosen.append(int(stage[place]))
    return chosen[::-1]


def _mean_chord(vectors: Matrix, positions: Sequence[int]) -> float:
    """Return the mean squared chord between consecutive tracks."""
    rows = _dense(vectors[np.array(positions)]).astype(np.float64)
    return max(float((2 - 2 * (rows[1:] * rows[:-1]).sum(axis=1)).mean()), _SAME**2)


def _measured(vectors: Matrix, positions: NDArray[np.int64], progress: Values) -> Path:
    rows = _dense(vectors[positions]).astype(np.float64)
    cosines = np.clip((rows[1:] * rows[:-1]).sum(axis=1), -1, 1)
    return Path(positions, progress[positions], np.arccos(cosines))


def _dense(matrix: Matrix) -> Values:
    return matrix.toarray() if sparse.issparse(matrix) else np.asarray(matrix)
