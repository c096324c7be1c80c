"""How far a measured number can be trusted: percentile bootstrap intervals.

Conventions
-----------
- What is resampled is the unit that is independent: listeners for recommendations; tracks, or
  better the groups (artists) that they come in, for classifiers.
- An interval is ``(low, high)`` in the unit of the metric; ``(nan, nan)`` where nothing was
  measured.
- Two models are compared by the interval of their *paired* difference on the same units: if it
  leaves out 0, they differ.

Source: Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13. With few units
(under about 20) percentile intervals are too narrow; reports say where that is so.
"""

from collections.abc import Iterator, Sequence
from typing import overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from segue.evaluation.classification import class_scores, confusion_matrix, overall_metrics

Interval = tuple[float, float]
FloatArray = NDArray[np.float64]

DEFAULT_CONFIDENCE = 0.95
DEFAULT_RESAMPLES = 2000

# How many drawn indices are held at a time: bounds memory at some 100 MB.
_CHUNK = 4_000_000


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
        One value a unit (a listener's nDCG, 1 for a track named right). Several named metrics of
        the same units share their resamples. NaN is left out of its metric's mean.
    confidence : float
        From 0 to 1, both excluded.
    n_resamples : int > 0
    groups : [n], optional
        What each unit belongs to; whole groups are resampled then.
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


def classification_intervals(
    true: ArrayLike,
    predicted: ArrayLike,
    n_classes: int,
    *,
    confidence: float = DEFAULT_CONFIDENCE,
    n_resamples: int = DEFAULT_RESAMPLES,
    groups: ArrayLike | None = None,
    seed: int,
) -> tuple[dict[str, Interval], list[Interval]]:
    """Return intervals of the overall metrics by name, and of each class's F1.

    Resampling tracks is drawing their confusion matrix anew, so that the cost does not depend on
    how many tracks there are. With `groups`, whole groups (artists) are drawn: tracks of one
    artist are alike, and intervals that ignore it are too narrow. The F1 of a class is left out of
    the resamples that drew none of its tracks.

    Parameters
    ----------
    true, predicted : int [n_tracks]
    n_classes : int
    confidence, n_resamples, groups, seed
        As `bootstrap_interval`.

    Raises
    ------
    ValueError
        As `bootstrap_interval` and `confusion_matrix`.

    Examples
    --------
    >>> overall, per_class = classification_intervals([0, 0, 1, 1] * 9, [0, 0, 1, 0] * 9, 2, seed=0)
    >>> overall["accuracy"][0] < 0.75 < overall["accuracy"][1]
    True
    """
    _check(confidence, n_resamples)
    confusion_matrix(true, predicted, n_classes)  # raises on what cannot be judged
    cells = np.asarray(true, dtype=np.int64) * n_classes + np.asarray(predicted, dtype=np.int64)
    overall: dict[str, list[FloatArray]] = {}
    f1: list[FloatArray] = []
    for drawn in _redraw_cells(cells, n_classes**2, groups, n_resamples, seed):
        matrices = drawn.reshape(-1, n_classes, n_classes)
        for name, column in overall_metrics(matrices).items():
            overall.setdefault(name, []).append(column)
        support = matrices.sum(axis=-1)
        f1.append(np.where(support > 0, class_scores(matrices)[2], np.nan))
    names = list(overall)
    bounds = percentile_bounds(
        np.column_stack([np.concatenate(overall[name]) for name in names]), confidence
    )
    return dict(zip(names, bounds, strict=True)), percentile_bounds(np.concatenate(f1), confidence)


def classification_difference(
    true: ArrayLike,
    first: ArrayLike,
    second: ArrayLike,
    n_classes: int,
    *,
    confidence: float = DEFAULT_CONFIDENCE,
    n_resamples: int = DEFAULT_RESAMPLES,
    groups: ArrayLike | None = None,
    seed: int,
) -> dict[str, Interval]:
    """Return the interval of each overall metric's paired difference, first minus second.

    Parameters
    ----------
    true : int [n_tracks]
    first, second : int [n_tracks]
        What two classifiers predicted for the same tracks.
    n_classes, confidence, n_resamples, groups, seed
        As `classification_intervals`.

    Raises
    ------
    ValueError
        As `classification_intervals`.

    Examples
    --------
    >>> true = [0, 1] * 20
    >>> classification_difference(true, true, [0] * 40, 2, seed=0)["accuracy"][0] > 0
    True
    """
    _check(confidence, n_resamples)
    for predicted in (first, second):
        confusion_matrix(true, predicted, n_classes)
    truth, left, right = (np.asarray(a, dtype=np.int64) for a in (true, first, second))
    triples = (truth * n_classes + left) * n_classes + right
    kinds, cells = np.unique(triples, return_inverse=True)  # far fewer than n_classes ** 3
    to_first = np.zeros((len(kinds), n_classes**2))
    to_second = np.zeros_like(to_first)
    rows = np.arange(len(kinds))
    kind_true, kind_left, kind_right = kinds // n_classes**2, kinds // n_classes, kinds
    to_first[rows, kind_true * n_classes + kind_left % n_classes] = 1
    to_second[rows, kind_true * n_classes + kind_right % n_classes] = 1
    differences: dict[str, list[FloatArray]] = {}
    for drawn in _redraw_cells(cells, len(kinds), groups, n_resamples, seed):
        metrics = [
            overall_metrics((drawn @ mapping).reshape(-1, n_classes, n_classes))
            for mapping in (to_first, to_second)
        ]
        for name, column in metrics[0].items():
            differences.setdefault(name, []).append(column - metrics[1][name])
    table = np.column_stack([np.concatenate(columns) for columns in differences.values()])
    return dict(zip(differences, percentile_bounds(table, confidence), strict=True))


def _mean_bounds(
    table: FloatArray,
    confidence: float,
    n_resamples: int,
    groups: ArrayLike | None,
    seed: int,
) -> list[Interval]:
    """Return the interval of the mean of each column of ``table [n, m]``."""
    _check(confidence, n_resamples)
    measured = np.isfinite(table)
    # One count serves all columns where nothing is undefined.
    counted = measured[:, :1] if measured.all() else measured
    sums = np.concatenate([np.where(measured, table, 0.0), counted], axis=1)
    units = _group_sums(sums, groups)
    if len(units) == 0:
        return [(float("nan"), float("nan"))] * table.shape[1]
    m = table.shape[1]
    means = []
    for drawn in _redraw(units, n_resamples, seed):
        totals, counts = drawn[:, :m], drawn[:, m:]
        means.append(np.where(counts > 0, totals / np.maximum(counts, 1), np.nan))
    return percentile_bounds(np.concatenate(means), confidence)


def _redraw_cells(
    cells: NDArray[np.int64],
    n_cells: int,
    groups: ArrayLike | None,
    n_resamples: int,
    seed: int,
) -> Iterator[FloatArray]:
    """Yield resampled counts of `cells`, ``[some resamples, n_cells]``."""
    if groups is None:
        rng = np.random.default_rng(seed)
        shares = np.bincount(cells, minlength=n_cells) / len(cells)
        step = max(1, _CHUNK // n_cells)
        for start in range(0, n_resamples, step):
            size = min(step, n_resamples - start)
            yield rng.multinomial(len(cells), shares, size=size).astype(np.float64)
        return
    owner = _owners(groups, len(cells))
    counts = np.bincount(owner * n_cells + cells, minlength=(owner.max() + 1) * n_cells)
    yield from _redraw(counts.reshape(-1, n_cells).astype(np.float64), n_resamples, seed)


def redrawn(n: int, n_resamples: int, groups: ArrayLike | None, seed: int) -> Iterator[FloatArray]:
    """Yield how often each of `n` units is drawn ``[some resamples, n]``, with its whole group.

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
    _check(DEFAULT_CONFIDENCE, n_resamples)
    owner = np.arange(n) if groups is None else _owners(groups, n)
    n_groups = int(owner.max(initial=-1)) + 1
    # who asks for single units sorts and sums them, in several arrays of this size
    for times in _times(n_groups, n_resamples, seed, _CHUNK // (4 * max(n, 1))):
        yield times[:, owner]


def _redraw(units: FloatArray, n_resamples: int, seed: int) -> Iterator[FloatArray]:
    """Draw the rows of ``units [n, m]`` with replacement; yield sums ``[some resamples, m]``."""
    n = len(units)
    for times in _times(n, n_resamples, seed, _CHUNK // max(n, 1)):
        yield times @ units


def _times(n: int, n_resamples: int, seed: int, step: int) -> Iterator[FloatArray]:
    """Draw `n` of `n` with replacement; yield how often each came, `step` resamples at a time."""
    rng = np.random.default_rng(seed)
    step = max(1, step)
    for start in range(0, n_resamples, step):
        size = min(step, n_resamples - start)
        drawn = rng.integers(0, n, size=(size, n)) + np.arange(size)[:, None] * n
        times = np.bincount(drawn.ravel(), minlength=size * n).reshape(size, n)
        yield times.astype(np.float64)


def _owners(groups: ArrayLike, n: int) -> NDArray[np.int64]:
    """Return the number of each unit's group, in the order of the groups' names ``[n]``."""
    _, owner = np.unique(np.asarray(groups), return_inverse=True)
    if owner.shape != (n,):
        raise ValueError(f"groups have shape {owner.shape} for {n} units: give one group a unit.")
    return np.asarray(owner, np.int64)


def _group_sums(table: FloatArray, groups: ArrayLike | None) -> FloatArray:
    """Sum the rows of ``table [n, m]`` that belong together, in the order of the groups' names."""
    if groups is None:
        return table
    owner = _owners(groups, len(table))
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


def _check(confidence: float, n_resamples: int) -> None:
    if not 0 < confidence < 1:
        raise ValueError(f"confidence {confidence} is not between 0 and 1: give e.g. 0.95.")
    if n_resamples < 1:
        raise ValueError(f"n_resamples {n_resamples} is below 1: give e.g. 2000.")
