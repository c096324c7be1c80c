"""Percentile bootstrap intervals of means and paired differences.

Conventions
-----------
- The resampled unit is the independent one: listeners for recommendations; tracks, or better their
  groups (artists), for classifiers.
- An interval is ``(low, high)`` in the unit of the metric; ``(nan, nan)`` if nothing was measured.
- Two models differ if the interval of their *paired* difference on the same units excludes 0.
- All values of the same number of units and seed share their resamples (`resamples`).

Source: Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13. With few units
(under about 20) percentile intervals are too narrow: reports on fewer listeners resample held-out
tracks instead (`segue.evaluation.held_out_intervals`).
"""

from collections.abc import Sequence
from typing import overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from segue.evaluation.resamples import FloatArray, group_sums, resampled_sums

Interval = tuple[float, float]

DEFAULT_CONFIDENCE = 0.95
DEFAULT_RESAMPLES = 2000


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
    units = group_sums(sums, groups)
    m = table.shape[1]
    if len(units) == 0:
        return [(float("nan"), float("nan"))] * m
    drawn = resampled_sums(units, n_resamples, seed)
    totals, counts = drawn[:, :m], drawn[:, m:]
    means = np.where(counts > 0, totals / np.maximum(counts, 1), np.nan)
    return percentile_bounds(means, confidence)


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
