"""Metrics of next-item prediction, at every position of a history.

Conventions
-----------
- Items are integers from 0. At each *point* a model scores all items from the plays before it; the
  truth is the item that was played. The *place* of the truth is its rank from 0; equal scores are
  ordered by item, as in `segue.index.best`. NaN and -inf are never recommended: such a truth is
  behind all places.
- *All*: every point counts, including repeats, and every item may be recommended. *New only*: only
  points whose truth is not in the history, and items of the history are left out of the ranking.
- Metrics are means over the points of a listener first, then over listeners.

Metrics
-------
hit_rate@k      share of points whose truth is among the first k
mrr@k           mean of 1 / (place + 1), 0 where the truth is not among the first k
new_hit_rate@k, new_mrr@k
                the same, new only
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

DEFAULT_K = 20
NOT_FOUND = np.iinfo(np.int64).max
"""The place of an item that is never recommended."""
NOT_NEW = -1
"""The place, new only, of a truth in the history: the point does not count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NextItemResult:
    """The metrics of a model.

    `mean` maps each metric (``"mrr@20"``) to its value, `per_user` to ``float64 [n_users]``, NaN
    for listeners without such a point; `users` are the listeners with any point.
    """

    mean: Mapping[str, float]
    per_user: Mapping[str, FloatArray]
    users: IntArray


def places(
    scores: ArrayLike, truths: ArrayLike, excluded: NDArray[np.bool_] | None = None
) -> IntArray:
    """Return the place of each truth in its row of scores.

    Parameters
    ----------
    scores : float [n_points, n_items]
    truths : int [n_points]
    excluded : bool [n_points, n_items], optional
        Items that are not recommended at each point.

    Returns
    -------
    int64 [n_points]

    Raises
    ------
    ValueError
        If shapes disagree or a truth is not an item.

    Examples
    --------
    >>> places([[0.1, 0.5, 0.5, 0.9]] * 2, [2, 3]).tolist()
    [2, 0]
    >>> places([[0.1, 0.5, 0.5, 0.9]], [2], np.array([[False, True, False, True]])).tolist()
    [0]
    """
    table, items = np.asarray(scores), np.asarray(truths, np.int64)
    if table.ndim != 2 or items.shape != table.shape[:1]:
        raise ValueError(
            f"scores of shape {table.shape} do not fit truths of shape {items.shape}: give one row"
            " of scores for each truth."
        )
    if items.size and (items.min() < 0 or items.max() >= table.shape[1]):
        raise ValueError(f"truths hold an item outside 0 to {table.shape[1] - 1}.")
    found = np.empty(len(items), np.int64)
    for point, (row, truth) in enumerate(zip(table, items, strict=True)):
        value = row[truth]
        if not value > -np.inf or (excluded is not None and excluded[point, truth]):
            found[point] = NOT_FOUND
            continue
        ahead = row > value  # NaN is ahead of nothing
        ahead[:truth] |= row[:truth] == value
        if excluded is not None:
            ahead &= ~excluded[point]
        found[point] = np.count_nonzero(ahead)
    return found


def next_item_metrics(
    all_places: ArrayLike, new_places: ArrayLike, owners: ArrayLike, *, k: int = DEFAULT_K
) -> NextItemResult:
    """Return the metrics of a model from the places of the truths.

    Parameters
    ----------
    all_places : int [n_points]
    new_places : int [n_points]
        Places without the items of the history; `NOT_NEW` if the truth is one of them.
    owners : int [n_points]
        The listener of each point.
    k : int > 0

    Raises
    ------
    ValueError
        If lengths differ or `k` is below 1.

    Examples
    --------
    >>> result = next_item_metrics([0, 3, 50], [-1, 1, 30], [7, 7, 8])
    >>> result.mean["hit_rate@20"], result.mean["mrr@20"], result.mean["new_mrr@20"]
    (0.5, 0.3125, 0.25)
    """
    everything, new, of = (np.asarray(a, np.int64) for a in (all_places, new_places, owners))
    if not everything.shape == new.shape == of.shape or everything.ndim != 1:
        raise ValueError(
            f"{everything.shape} places, {new.shape} new places and {of.shape} owners: give one of"
            " each for every point."
        )
    if k < 1:
        raise ValueError(f"k is {k}: it must be at least 1.")
    users, owner = np.unique(of, return_inverse=True)
    per_user: dict[str, FloatArray] = {}
    for prefix, found, counted in (("", everything, everything >= 0), ("new_", new, new >= 0)):
        n = np.bincount(owner[counted], minlength=len(users))
        hits = counted & (found < k)
        for name, gains in (
            ("hit_rate", np.ones(int(hits.sum()))),
            ("mrr", 1 / (found[hits] + 1)),
        ):
            sums = np.bincount(owner[hits], gains, minlength=len(users))
            per_user[f"{prefix}{name}@{k}"] = np.where(n > 0, sums / np.maximum(n, 1), np.nan)
    means = {name: _mean(values) for name, values in per_user.items()}
    return NextItemResult(mean=means, per_user=per_user, users=users)


def _mean(values: FloatArray) -> float:
    defined = values[np.isfinite(values)]
    return float(defined.mean()) if defined.size else float("nan")
