"""Metrics of classification.

Conventions
-----------
- Classes are integers from 0, `class_names[i]` is the name of class i.
- A confusion matrix has true classes in rows and predicted classes in columns, in track counts.
- Values lie in [0, 1]. NaN means undefined: the class occurs neither in truth nor in prediction.

Metrics
-------
accuracy          share of tracks whose predicted class is the true one
precision         of a class: correct / predicted as it; 0 where it was never predicted
recall            of a class: correct / truly it; 0 where there are none
f1                of a class: harmonic mean of the two, 2 correct / (predicted as it + truly it)
..._macro         plain mean over the classes that occur in truth or in prediction

These are scikit-learn's definitions with ``zero_division=0``; tests compare the two.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

CLASSIFICATION_METRICS = ("accuracy", "precision_macro", "recall_macro", "f1_macro")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassScore:
    """Precision, recall and F1 of one class, and its number of tracks (`support`)."""

    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassificationResult:
    """The metrics of a classifier on `n` tracks; `per_class` is in the order of `class_names`."""

    accuracy: float
    precision_macro: float
    recall_macro: float
    f1_macro: float
    class_names: tuple[str, ...]
    per_class: Mapping[str, ClassScore]
    confusion: IntArray

    @property
    def n(self) -> int:
        """The number of evaluated tracks."""
        return int(self.confusion.sum())

    @property
    def metrics(self) -> dict[str, float]:
        """The four overall metrics by name."""
        return {name: float(getattr(self, name)) for name in CLASSIFICATION_METRICS}


def confusion_matrix(true: ArrayLike, predicted: ArrayLike, n_classes: int) -> IntArray:
    """Count tracks by true class (rows) and predicted class (columns).

    Parameters
    ----------
    true, predicted : int [n_tracks]
        Classes, from 0 to ``n_classes - 1``.
    n_classes : int

    Returns
    -------
    int64 [n_classes, n_classes]

    Raises
    ------
    ValueError
        If the two differ in length, are empty, or hold a class out of range.

    Examples
    --------
    >>> confusion_matrix([0, 0, 1], [0, 1, 1], 2).tolist()
    [[1, 1], [0, 1]]
    """
    rows, columns = np.asarray(true), np.asarray(predicted)
    if rows.shape != columns.shape or rows.ndim != 1:
        raise ValueError(
            f"true and predicted have shapes {rows.shape} and {columns.shape}: "
            "give one class of each for every track."
        )
    if rows.size == 0:
        raise ValueError("there are no tracks to evaluate: give at least one.")
    if not (
        np.issubdtype(rows.dtype, np.integer) and np.issubdtype(columns.dtype, np.integer)
    ) or not (0 <= min(rows.min(), columns.min()) <= max(rows.max(), columns.max()) < n_classes):
        raise ValueError(
            f"a class is outside 0 to {n_classes - 1}: give the integer position of each class "
            "in class_names."
        )
    cells = rows.astype(np.int64) * n_classes + columns
    return np.bincount(cells, minlength=n_classes**2).reshape(n_classes, n_classes)


def classification_metrics(
    true: ArrayLike, predicted: ArrayLike, class_names: Sequence[str]
) -> ClassificationResult:
    """Evaluate predicted classes.

    Parameters
    ----------
    true, predicted : int [n_tracks]
        Positions in `class_names`.
    class_names : sequence of str
        All classes, including those without a track here.

    Returns
    -------
    ClassificationResult

    Raises
    ------
    ValueError
        As `confusion_matrix`.

    Examples
    --------
    >>> result = classification_metrics([0, 0, 1, 1], [0, 1, 1, 1], ["folk", "jazz"])
    >>> result.accuracy, round(result.f1_macro, 3), result.per_class["folk"].recall
    (0.75, 0.733, 0.5)
    """
    confusion = confusion_matrix(true, predicted, len(class_names))
    precision, recall, f1 = class_scores(confusion)
    overall = overall_metrics(confusion)
    return ClassificationResult(
        **{name: float(value) for name, value in overall.items()},
        class_names=tuple(class_names),
        per_class={
            name: ClassScore(
                precision=float(precision[i]),
                recall=float(recall[i]),
                f1=float(f1[i]),
                support=int(confusion[i].sum()),
            )
            for i, name in enumerate(class_names)
        },
        confusion=confusion,
    )


def class_scores(confusion: NDArray[np.number]) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return precision, recall and F1 of every class, of one or many confusion matrices.

    Parameters
    ----------
    confusion : number [..., n_classes, n_classes]

    Returns
    -------
    three float64 arrays [..., n_classes]
        NaN for a class that occurs neither in truth nor in prediction.
    """
    counts = np.asarray(confusion, dtype=np.float64)
    correct = np.diagonal(counts, axis1=-2, axis2=-1)
    truly, predicted = counts.sum(axis=-1), counts.sum(axis=-2)
    absent = truly + predicted == 0
    precision, recall, f1 = (
        np.where(absent, np.nan, numerator / np.maximum(denominator, 1.0))
        for numerator, denominator in (
            (correct, predicted),
            (correct, truly),
            (2 * correct, truly + predicted),
        )
    )
    return precision, recall, f1


def overall_metrics(confusion: NDArray[np.number]) -> dict[str, FloatArray]:
    """Return the metrics named in `CLASSIFICATION_METRICS`, of one or many confusion matrices.

    Parameters
    ----------
    confusion : number [..., n_classes, n_classes]
        Each holds at least one track.

    Returns
    -------
    dict of float64 arrays [...]
    """
    counts = np.asarray(confusion, dtype=np.float64)
    precision, recall, f1 = class_scores(counts)
    accuracy = np.diagonal(counts, axis1=-2, axis2=-1).sum(axis=-1) / counts.sum(axis=(-2, -1))
    means = (np.nanmean(scores, axis=-1) for scores in (precision, recall, f1))
    return dict(zip(CLASSIFICATION_METRICS, (accuracy, *means), strict=True))
