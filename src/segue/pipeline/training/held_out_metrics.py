"""Held-out metrics of a trained model for its model card."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segue.evaluation import (
    Interval,
    classification_intervals,
    classification_metrics,
    resample_tagging,
    tagging_metrics,
)
from segue.library import Catalogue, Library
from segue.pipeline.training.labels import Labels, artist_groups
from segue.pipeline.training.predicted_probabilities import Probabilities, model_output
from segue.types import Split

GUESSING = 0.5
"""The ROC AUC of random guessing."""

_JUDGED: tuple[Split, ...] = ("test", "valid")


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldOutMetrics:
    """Metrics of a model on the `n` tracks of one split.

    `majority` is the most frequent training class, `majority_accuracy` the accuracy of always
    predicting it; None for tags.
    """

    split: Split
    n: int
    metrics: Mapping[str, float]
    intervals: Mapping[str, Interval]
    majority: str | None = None
    majority_accuracy: float = float("nan")


def training_counts(labels: Labels) -> dict[str, int]:
    """Return the number of training tracks of each class or tag."""
    counts = dict.fromkeys(labels.class_names, 0)
    for track, name in labels.pairs():
        counts[name] += labels.splits[track] == "train"
    return counts


def held_out_metrics(
    library: Library, catalogue: Catalogue, labels: Labels, name: str
) -> list[HeldOutMetrics]:
    """Return the metrics of a model on the test and validation tracks."""
    if len(labels.class_names) < 2 or not labels.counts()["train"]:
        return []
    chances = model_output(library, catalogue, labels, name).chances
    known = ~np.isnan(chances).any(axis=1) & (labels.labels >= 0)
    groups = np.unique(artist_groups(catalogue), return_inverse=True)[1]
    found = []
    for split in _JUDGED:
        places = np.flatnonzero(known & labels.mask(split))
        if len(places):
            judge = _classes if labels.tags is None else _tags
            found.append(judge(labels, chances, places, groups[places], split))
    return found


def _classes(
    labels: Labels,
    chances: Probabilities,
    places: NDArray[np.int64],
    groups: NDArray[np.int64],
    split: Split,
) -> HeldOutMetrics:
    counts = training_counts(labels)
    majority = max(counts, key=lambda each: (counts[each], each))
    truth, predicted = labels.labels[places], chances[places].argmax(axis=1)
    return HeldOutMetrics(
        split=split,
        n=len(places),
        metrics=classification_metrics(truth, predicted, labels.class_names).metrics,
        intervals=classification_intervals(
            truth, predicted, len(labels.class_names), groups=groups, seed=0
        )[0],
        majority=majority,
        majority_accuracy=float((truth == labels.class_names.index(majority)).mean()),
    )


def _tags(
    labels: Labels,
    chances: Probabilities,
    places: NDArray[np.int64],
    groups: NDArray[np.int64],
    split: Split,
) -> HeldOutMetrics:
    truth = labels.taught(places.tolist())
    return HeldOutMetrics(
        split=split,
        n=len(places),
        metrics=tagging_metrics(truth, chances[places], labels.class_names).metrics,
        intervals=resample_tagging(truth, chances[places], groups=groups, seed=0).intervals(),
    )
