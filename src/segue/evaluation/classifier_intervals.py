"""Bootstrap intervals of classification metrics, and of differences of two classifiers.

These metrics are not means over tracks, so the confusion matrix is resampled. Conventions and
source are those of `segue.evaluation.intervals`.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray

from segue.evaluation.classification import class_scores, confusion_matrix, overall_metrics
from segue.evaluation.intervals import (
    DEFAULT_CONFIDENCE,
    DEFAULT_RESAMPLES,
    Interval,
    check_bootstrap,
    percentile_bounds,
)
from segue.evaluation.resamples import MAX_DRAWN, FloatArray, owners_of, resampled_counts


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

    Resampling the confusion matrix is equivalent to resampling tracks, at a cost that does not
    depend on their number. With `groups`, whole groups (artists) are drawn: tracks of one artist
    are similar, and intervals that ignore it are too narrow. Resamples without tracks of a class
    are left out of the interval of its F1.

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
    check_bootstrap(confidence, n_resamples)
    confusion_matrix(true, predicted, n_classes)  # raises on invalid arguments
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
        Predictions of two classifiers for the same tracks.
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
    check_bootstrap(confidence, n_resamples)
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
        step = max(1, MAX_DRAWN // n_cells)
        for start in range(0, n_resamples, step):
            size = min(step, n_resamples - start)
            yield rng.multinomial(len(cells), shares, size=size).astype(np.float64)
        return
    owner = owners_of(groups, len(cells))
    counts = np.bincount(owner * n_cells + cells, minlength=(owner.max() + 1) * n_cells)
    by_group = counts.reshape(-1, n_cells).astype(np.float64)
    step = max(1, MAX_DRAWN // max(by_group.shape))
    for times in resampled_counts(len(by_group), n_resamples, seed, step):
        yield times @ by_group
