"""Metrics of next-item prediction in sessions, as published session-based work measures it.

Conventions
-----------
- A session is revealed play by play. At each *point*, from its first to its last play but one, a
  model gets the plays so far and names up to k items. The *next* item is the one that was played
  then, the *rest* are all items that were played from then on, each once.
- Metrics are means over the points of all sessions, so that long sessions count more. Intervals
  resample sessions.

Metrics
-------
hit_rate@k    share of points whose next item is among the k
mrr@k         mean of 1 / (place + 1) of the next item, 0 where it is not among the k
precision@k   items among the k that are in the rest, divided by k
recall@k      items among the k that are in the rest, divided by the size of the rest

Source: Ludewig and Jannach, Evaluation of session-based recommendation algorithms, 2018.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from segue.evaluation.intervals import Interval
from segue.evaluation.significance import ratio_interval

DEFAULT_K = 20


@dataclass(frozen=True, slots=True)
class SessionResult:
    """The metrics of a model: sums over the points of each session, and the number of its points.

    `sums` maps each metric (``"mrr@20"``) to ``float64 [n_sessions]``; `counts` is
    ``float64 [n_sessions]``.
    """

    sums: Mapping[str, NDArray[np.float64]]
    counts: NDArray[np.float64]

    @property
    def mean(self) -> dict[str, float]:
        """The mean of each metric over all points."""
        n = max(float(self.counts.sum()), 1.0)
        return {name: float(own.sum()) / n for name, own in self.sums.items()}

    def intervals(self, *, seed: int) -> dict[str, Interval]:
        """Return the bootstrap interval of each mean, over sessions."""
        return {
            name: ratio_interval(own, self.counts, seed=seed) for name, own in self.sums.items()
        }

    def minus(self, other: "SessionResult", *, seed: int) -> dict[str, Interval]:
        """Return the paired interval of each difference from another model's mean."""
        return {
            name: ratio_interval(own - other.sums[name], self.counts, seed=seed)
            for name, own in self.sums.items()
        }


def session_metrics(
    lists: ArrayLike,
    rests: Sequence[NDArray[np.int64]],
    owners: ArrayLike,
    *,
    k: int = DEFAULT_K,
) -> SessionResult:
    """Return the metrics of a model at all points.

    Parameters
    ----------
    lists : int [n_points, at least k]
        Items in the order of the model, best first, padded with -1.
    rests
        The items played from each point on, the next one first, repeats kept.
    owners : int [n_points]
        The number of the session of each point, ascending from 0.
    k : int > 0

    Raises
    ------
    ValueError
        If shapes disagree, or nothing was played at a point.

    Examples
    --------
    >>> rests = [np.array([5, 7]), np.array([7])]
    >>> result = session_metrics([[7, 5], [1, -1]], rests, [0, 0], k=2)
    >>> result.mean
    {'hit_rate@2': 0.5, 'mrr@2': 0.25, 'precision@2': 0.5, 'recall@2': 0.5}
    """
    named, owner = np.asarray(lists, np.int64), np.asarray(owners, np.int64)
    if named.ndim != 2 or named.shape[1] < k or not len(named) == len(rests) == len(owner):
        raise ValueError(
            f"lists of shape {named.shape} do not fit {len(rests)} points of {len(owner)} sessions"
            f" and k = {k}: give a list of at least k items for each point."
        )
    values = np.array(
        [_point(row[:k].tolist(), own.tolist(), k) for row, own in zip(named, rests, strict=True)]
    )
    values = values.reshape(len(named), 4)
    n = int(owner.max(initial=-1)) + 1
    names = (f"{name}@{k}" for name in ("hit_rate", "mrr", "precision", "recall"))
    sums = {
        name: np.bincount(owner, column, n).astype(np.float64)
        for name, column in zip(names, values.T, strict=True)
    }
    return SessionResult(sums, np.bincount(owner, minlength=n).astype(np.float64))


def _point(row: Sequence[int], rest: Sequence[int], k: int) -> tuple[float, float, float, float]:
    if not rest:
        raise ValueError("nothing was played at a point: give the items from the next one on.")
    place = row.index(rest[0]) if rest[0] in row else -1
    later = set(rest)
    found = len(later.intersection(row))
    hit = place >= 0
    return float(hit), 1 / (place + 1) if hit else 0.0, found / k, found / len(later)
