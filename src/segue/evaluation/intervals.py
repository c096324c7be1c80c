"""Percentile bootstrap intervals of means and paired differences.

Conventions
-----------
- The resampled unit is the independent one: listeners for recommendations; tracks, or better their
  groups (artists), for classifiers.
- An interval is ``(low, high)`` in the unit of the metric; ``(nan, nan)`` if nothing was measured.
- Two models differ if the interval of their *paired* difference on the same units excludes 0.

Source: Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13. With few units
(under about 20) percentile intervals are too narrow: reports on fewer listeners resample held-out
tracks instead (`segue.evaluation.held_out_intervals`).
"""

from collections.abc import Iterator, Sequence
from typing import overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

Interval = tuple[float, float]
FloatArray = NDArray[np.float64]

DEFAULT_CONFIDENCE = 0.95
DEFAULT_RESAMPLES = 2000

# number of drawn indices in memory at a time: about 100 MB
MAX_DRAWN = 4_000_000


@overload
def bootstrap_interval(
    values: Sequence[float] | NDArray[np.floating],
    *,
    confidence: float = ...,
    n_resamples: int = ...,
    groups: ArrayLike | None = ...,
    seed: int,
) -> Interval: ...
@overload
def bootstrap_interval(
    values: dict[str, FloatArray],
    *,
    confidence: float = ...,
    n_resamples: int = ...,
    groups: ArrayLike | None = ...,
    seed: int,
) -> dict[str, Interval]: ...
def bootstrap_interval(
    values: Sequence[float] | NDArray[np.floating] | dict[str, FloatArray],
    *,
    confidence: float = DEFAULT_CONFIDENCE,
    n_resamples: int = DEFAULT_RESAMPLES,
    groups: ArrayLike | None = None,
    seed: int,
) -> Interval | dict[str, Interval]:
    """Return the percentile bootstrap interval of a mean.

    Parameters
    ----------
    values : float [n], or a dict of such arrays of one length
        One value per unit (a listener's nDCG, 1 for a correctly classified track). Several metrics
        of the same units share their resamples. NaN is left out of its metric's mean.
    confidence : float
        From 0 to 1, both excluded.
    n_resamples : int > 0
    groups : [n], optional
        The group of each unit; if given, whole groups are resampled.
    seed : int
        The same seed gives the same interval.

    Returns
    -------
    (low, high), or a dict of them

    Raises
    ------
    ValueError
        If an argument is out of range or lengths differ.

    Examples
    --------
    >>> low, high = bootstrap_interval([0.0, 1.0] * 50, seed=0)
    >>> 0.35 < low < 0.5 < high < 0.65
    True
    """
    if isinstance(values, dict):
        if not values:
            return {}
        table = np.column_stack(
            [np.asarray(column, dtype=np.float64) for column in values.values()]
        )
        bounds = _mean_bounds(table, confidence, n_resamples, groups, seed)
        return dict(zip(values, bounds, strict=True))
    column = np.asarray(values, dtype=np.float64)
    if column.ndim != 1:
        raise ValueError(f"values have shape {column.shape}: give one value a unit, [n].")
    return _mean_bounds(column[:, None], confidence, n_resamples, groups, seed)[0]


def paired_difference(
    first: ArrayLike,
    second: ArrayLike,
    *,
    confidence: float = DEFAULT_CONFIDENCE,
    n_resamples: int = DEFAULT_RESAMPLES,
    groups: ArrayLike | None = None,
    seed: int,
) -> Interval:
    """Return the interval of the mean of ``first - second``, measured on the same units.

    Parameters
    ----------
    first, second : float [n]
        The same metric of two models, unit by unit.
    confidence, n_resamples, groups, seed
        As `bootstrap_interval`.

    Raises
    ------
    ValueError
        As `bootstrap_interval`.

    Examples
    --------
    >>> paired_difference([0.75, 0.5, 1.0], [0.25, 0.0, 0.5], seed=0)
    (0.5, 0.5)
    """
    left, right = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    if left.shape != right.shape:
        raise ValueError(
            f"the two have shapes {left.shape} and {right.shape}: give both on the same units."
        )
    return bootstrap_interval(
        left - right, confidence=confidence, n_resamples=n_resamples, groups=groups, seed=seed
    )


def _mean_bounds(
    table: FloatArray,
    confidence: float,
    n_resamples: int,
    groups: ArrayLike | None,
    seed: int,
) -> list[Interval]:
    """Return the interval of the mean of each column of ``table [n, m]``."""
    check_bootstrap(confidence, n_resamples)
    measured = np.isfinite(table)
    # one count serves all columns if no value is NaN
    counted = measured[:, :1] if measured.all() else measured
    sums = np.concatenate([np.where(measured, table, 0.0), counted], axis=1)
    units = _group_sums(sums, groups)
    if len(units) == 0:
        return [(float("nan"), float("nan"))] * table.shape[1]
    m = table.shape[1]
    means = []
    for drawn in redraw(units, n_resamples, seed):
        totals, counts = drawn[:, :m], drawn[:, m:]
        means.append(np.where(counts > 0, totals / np.maximum(counts, 1), np.nan))
    return percentile_bounds(np.concatenate(means), confidence)


def redrawn(n: int, n_resamples: int, groups: ArrayLike | None, seed: int) -> Iterator[FloatArray]:
    """Yield how often each of `n` units is drawn, with its whole group: ``[n_chunk, n]``.

    Raises
    ------
    ValueError
        If `groups` are not ``[n]``, or `n_resamples` is below 1.

    Examples
    --------
    >>> [times] = redrawn(3, 2, ["a", "a", "b"], seed=0)
    >>> times.shape, bool((times[:, 0] == times[:, 1]).all())
    ((2, 3), True)
    """
    check_bootstrap(DEFAULT_CONFIDENCE, n_resamples)
    owner = np.arange(n) if groups is None else owners_of(groups, n)
    n_groups = int(owner.max(initial=-1)) + 1
    # callers that need single units sort and sum them, in several arrays of this size
    for times in _times(n_groups, n_resamples, seed, MAX_DRAWN // (4 * max(n, 1))):
        yield times[:, owner]


def redraw(units: FloatArray, n_resamples: int, seed: int) -> Iterator[FloatArray]:
    """Draw the rows of ``units [n, m]`` with replacement; yield their sums ``[n_chunk, m]``."""
    n = len(units)
    for times in _times(n, n_resamples, seed, MAX_DRAWN // max(n, 1)):
        yield times @ units


def _times(n: int, n_resamples: int, seed: int, step: int) -> Iterator[FloatArray]:
    """Draw `n` of `n` with replacement; yield the counts of `step` resamples at a time."""
    rng = np.random.default_rng(seed)
    step = max(1, step)
    for start in range(0, n_resamples, step):
        size = min(step, n_resamples - start)
        drawn = rng.integers(0, n, size=(size, n)) + np.arange(size)[:, None] * n
        times = np.bincount(drawn.ravel(), minlength=size * n).reshape(size, n)
        yield times.astype(np.float64)


def owners_of(groups: ArrayLike, n: int) -> NDArray[np.int64]:
    """Return the number of each unit's group, in the order of the groups' names ``[n]``."""
    _, owner = np.unique(np.asarray(groups), return_inverse=True)
    if owner.shape != (n,):
        raise ValueError(f"groups have shape {owner.shape} for {n} units: give one group a unit.")
    return np.asarray(owner, np.int64)


def _group_sums(table: FloatArray, groups: ArrayLike | None) -> FloatArray:
    """Sum the rows of ``table [n, m]`` that belong together, in the order of the groups' names."""
    if groups is None:
        return table
    owner = owners_of(groups, len(table))
    sums = np.zeros((owner.max(initial=-1) + 1, table.shape[1]))
    np.add.at(sums, owner, table)
    return sums


def percentile_bounds(table: FloatArray, confidence: float) -> list[Interval]:
    """Return the percentile interval of each column, over the resamples where it is defined."""
    tail = (1 - confidence) / 2
    bounds = []
    for column in table.T:
        defined = column[np.isfinite(column)]
        low, high = np.quantile(defined, [tail, 1 - tail]) if defined.size else (np.nan, np.nan)
        bounds.append((float(low), float(high)))
    return bounds


def check_bootstrap(confidence: float, n_resamples: int) -> None:
    """Raise `ValueError` if the arguments of a bootstrap are invalid."""
    if not 0 < confidence < 1:
        raise ValueError(f"confidence {confidence} is not between 0 and 1: give e.g. 0.95.")
    if n_resamples < 1:
        raise ValueError(f"n_resamples {n_resamples} is below 1: give e.g. 2000.")
