"""Held-out metrics of a trained model for its model card."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

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

Part = Split | Literal["folds"]


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldOutMetrics:
    """Metrics of a model on the `n` tracks of one part: test, valid, or all folds.

    The tracks of the folds are those that the model was trained on, each predicted by the part of
    it that did not learn from its fold.

    `majority` is the most frequent training class, `majority_accuracy` the accuracy of always
    predicting it; None for tags.
    """

    split: Part
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
    """Return the metrics of a model on the test tracks, and on validation tracks or folds."""
    if len(labels.class_names) < 2 or not labels.counts()["train"]:
        return []
    output = model_output(library, catalogue, labels, name)
    chances = output.chances
    known = ~np.isnan(chances).any(axis=1) & (labels.labels >= 0) & output.held_out
    groups = np.unique(artist_groups(catalogue), return_inverse=True)[1]
    found = []
    in_folds = bool((known & labels.mask("train")).any())
    learned = labels.mask("valid") | (labels.mask("train") if in_folds else False)
    parts: list[tuple[Part, NDArray[np.bool_]]] = [
        ("test", labels.mask("test")),
        ("folds" if in_folds else "valid", learned),
    ]
    for part, mask in parts:
        places = np.flatnonzero(known & mask)
        if len(places):
            judge = _classes if labels.tags is None else _tags
            found.append(judge(labels, chances, places, groups[places], part))
    return found


def _classes(
    labels: Labels,
    chances: Probabilities,
    places: NDArray[np.int64],
    groups: NDArray[np.int64],
    split: Part,
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
    split: Part,
) -> HeldOutMetrics:
    truth = labels.taught(places.tolist())
    return HeldOutMetrics(
        split=split,
        n=len(places),
        metrics=tagging_metrics(truth, chances[places], labels.class_names).metrics,
        intervals=resample_tagging(truth, chances[places], groups=groups, seed=0).intervals(),
    )
