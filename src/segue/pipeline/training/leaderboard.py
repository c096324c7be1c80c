"""Leaderboard: validation metrics of the models of one target and of the baselines.

Classifiers and baselines are evaluated on the same tracks: those of train and valid that no
prediction learned from. With folds these are all tracks, otherwise the validation tracks. A model
without classes, or with another target, has no metrics.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from segue.errors import ModelError
from segue.evaluation import Interval, classification_intervals, classification_metrics
from segue.library import Catalogue, Library
from segue.pipeline.analysis.embeddings import ENCODERS, KNN
from segue.pipeline.analysis.inputs import summaries
from segue.pipeline.training.encoder_selection import EncoderSelection, select_encoders
from segue.pipeline.training.folds import folds_of
from segue.pipeline.training.heads import heads
from segue.pipeline.training.labels import artist_groups, labels_of
from segue.pipeline.training.predicted_probabilities import (
    ENSEMBLE,
    LOGISTIC,
    baselines,
    compared_parts,
    model_output,
)
from segue.pipeline.training.spaces import DESCRIPTORS


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaderboardEntry:
    """One model or baseline: its held-out metrics, and the signal that uses it.

    `interval` is the 95 % interval of the accuracy over artists.
    """

    name: str
    metrics: Mapping[str, float]
    interval: Interval | None = None
    precision: float | None = None
    used_for: str | None = None
    baseline: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaderboard:
    """The models and baselines of a target, evaluated on `n` held-out tracks.

    With `folds`, those are train and validation tracks, each predicted without its fold.
    """

    target: str
    n: int
    models: tuple[LeaderboardEntry, ...]
    choice: EncoderSelection
    folds: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Return the leaderboard as a JSON-compatible dictionary."""
        return asdict(self)


def leaderboard(library: Library, target: str) -> Leaderboard:
    """Compare the models trained on `target`, and the encoders without a target."""
    catalogue = library.catalogue()
    choice = select_encoders(library, catalogue)
    metrics, intervals, n, folds = _metrics(library, catalogue, target)
    used = {model: signal for signal, model in choice.used.items() if model}
    names = dict.fromkeys([*metrics, *(one for one in choice.precision if one != DESCRIPTORS)])
    return Leaderboard(
        target=target,
        n=n,
        models=tuple(
            LeaderboardEntry(
                name=name,
                metrics=metrics.get(name, {}),
                interval=intervals.get(name),
                precision=choice.precision.get(DESCRIPTORS if name == LOGISTIC else name),
                used_for=used.get(name, "knn" if name == KNN else None),
                baseline=name in (LOGISTIC, "majority"),
            )
            for name in names
        ),
        choice=choice,
        folds=folds,
    )


def _metrics(
    library: Library, catalogue: Catalogue, target: str
) -> tuple[dict[str, Mapping[str, float]], dict[str, Interval], int, bool]:
    """Return metrics and intervals of all classifiers, the number of tracks, whether in folds."""
    labels = labels_of(library, catalogue, target)
    if labels.objective != "classes" or len(labels.class_names) < 2:
        return {}, {}, 0, False
    there = [name for name in (*ENCODERS, KNN, *heads(library), ENSEMBLE) if name in library.models]
    names = [name for name in there if library.models.manifest(name)["target"] == target]
    summary = summaries(library, catalogue)[0]
    found, parts = [], compared_parts(library, names)
    for name in names:
        # an ensemble of a network that was trained since cannot predict until it is fitted again
        with suppress(ModelError):
            found.append(model_output(library, catalogue, labels, name, parts=parts))
    found += reversed(baselines(labels, summary, folds_of(labels, catalogue, parts=parts)))
    known = ~labels.mask("test") & (labels.labels >= 0)
    for judged in found:
        known &= ~np.isnan(judged.chances).any(axis=1) & judged.held_out
    places = np.flatnonzero(known)
    if not len(places):
        return {judged.name: {} for judged in found}, {}, 0, False
    truth = labels.labels[places]
    groups = np.unique(np.array(artist_groups(catalogue))[places], return_inverse=True)[1]
    metrics: dict[str, Mapping[str, float]] = {}
    intervals: dict[str, Interval] = {}
    for judged in found:
        predicted = judged.chances[places].argmax(axis=1)
        metrics[judged.name] = classification_metrics(truth, predicted, labels.class_names).metrics
        intervals[judged.name] = classification_intervals(
            truth, predicted, len(labels.class_names), groups=groups, seed=0
        )[0]["accuracy"]
    return metrics, intervals, len(places), bool(labels.mask("train")[places].any())
