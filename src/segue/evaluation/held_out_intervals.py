"""Intervals for few listeners: resample the held-out tracks of each, not the listeners.

A bootstrap over one listener has no width, over three it is far too narrow. What can be measured
then is how much the numbers depend on the tracks that happened to be held out: every listener's
held-out tracks are drawn with replacement, and each list is evaluated again. Such an interval is
about these listeners, not about listeners in general.

Conventions
-----------
- A track that is drawn twice counts as two hits; precision, nDCG and MAP are at most 1.
- The draws depend only on the seed and the numbers of held-out tracks, so those of two models on
  the same listeners are paired.
- Metrics that do not depend on held-out tracks, and intervals without width, are undefined
  ``(nan, nan)``.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from segue.evaluation.intervals import DEFAULT_CONFIDENCE, Interval, percentile_bounds

FloatArray = NDArray[np.float64]

N_RESAMPLES = 1000
_UNDEFINED = (float("nan"), float("nan"))


def held_out_resamples(
    lists: Mapping[str, ArrayLike],
    held_out: Sequence[Collection[int] | NDArray[np.integer]],
    *,
    ks: Sequence[int],
    n_resamples: int = N_RESAMPLES,
    seed: int,
) -> dict[str, dict[str, FloatArray]]:
    """Return each model's mean of each metric over all listeners in each resample.

    A listener's held-out tracks are drawn once for all models.

    Parameters
    ----------
    lists : int [n_users, k_max] by model
        Tracks, best first, padded with -1.
    held_out : sequence of n_users collections of int
        Listeners without any are left out.
    ks : sequence of int > 0

    Returns
    -------
    arrays ``[n_resamples]`` by model and metric

    Examples
    --------
    >>> found = held_out_resamples({"a": [[0, 1, 2]]}, [{1, 3}], ks=[2], n_resamples=4, seed=0)
    >>> sorted(found["a"])
    ['hit_rate@2', 'map@2', 'ndcg@2', 'precision@2', 'recall@2']
    """
    tables = {name: np.asarray(own, np.int64) for name, own in lists.items()}
    by_listener: dict[str, list[dict[str, FloatArray]]] = {name: [] for name in tables}
    for place, held in enumerate(held_out):
        wanted = np.unique(np.fromiter(held, np.int64))
        n = len(wanted)
        if n:
            rng = np.random.default_rng([seed, place])
            times = rng.multinomial(n, np.full(n, 1 / n), n_resamples)
            for name, rows in tables.items():
                by_listener[name].append(_resampled(rows[place], wanted, times, ks))
    return {
        name: {metric: np.mean([one[metric] for one in own], axis=0) for metric in own[0]}
        if own
        else {}
        for name, own in by_listener.items()
    }


def resample_intervals(
    resamples: Mapping[str, FloatArray],
    metrics: Iterable[str],
    other: Mapping[str, FloatArray] | None = None,
) -> dict[str, Interval]:
    """Return the 95 % interval of each metric, or of its difference from another model's.

    Undefined for metrics that were not resampled, and where all resamples agree.

    >>> resample_intervals({"recall@5": np.array([0.5, 0.5])}, ["recall@5", "gini@5"])
    {'recall@5': (nan, nan), 'gini@5': (nan, nan)}
    """
    found = {}
    for metric in metrics:
        values = resamples.get(metric)
        if values is not None and other is not None:
            values = values - other[metric]
        bounds = _UNDEFINED
        if values is not None:
            (bounds,) = percentile_bounds(values[:, None], DEFAULT_CONFIDENCE)
        found[metric] = bounds if bounds[0] < bounds[1] else _UNDEFINED
    return found


def _resampled(
    row: NDArray[np.int64],
    wanted: NDArray[np.int64],
    times: NDArray[np.int64],
    ks: Sequence[int],
) -> dict[str, FloatArray]:
    """Return the metrics of one list where held-out tracks count `times` ``[n_resamples, n]``."""
    n = len(wanted)
    places = np.flatnonzero(np.isin(row, wanted))
    drawn = times[:, np.searchsorted(wanted, row[places])].astype(np.float64)  # [n_resamples, hits]
    discount = 1 / np.log2(places + 2)
    before = np.cumsum(drawn, axis=1) - drawn
    found: dict[str, FloatArray] = {}
    for k in ks:
        top = drawn[:, places < k]
        n_hits, first = top.sum(axis=1), places[places < k]
        ideal = (1 / np.log2(np.arange(min(n, k)) + 2)).sum()
        precisions = np.minimum((before[:, : len(first)] + 1) / (first + 1), 1)
        found |= {
            f"precision@{k}": np.minimum(n_hits / k, 1),
            f"recall@{k}": n_hits / n,
            f"ndcg@{k}": np.minimum((top * discount[: len(first)]).sum(axis=1) / ideal, 1),
            f"map@{k}": np.minimum((top * precisions).sum(axis=1) / n, 1),
            f"hit_rate@{k}": (n_hits > 0).astype(np.float64),
        }
    return found
