"""Leaderboard: validation metrics of the models of one target and of the baselines.

Classifiers and baselines are evaluated on the same tracks: the validation tracks for which all have
probabilities. A model without classes, or with another target, has no metrics.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from segue.evaluation import classification_metrics
from segue.library import Catalogue, Library
from segue.pipeline.analysis.embeddings import ENCODERS, KNN
from segue.pipeline.analysis.inputs import summaries
from segue.pipeline.training.encoder_selection import EncoderSelection, select_encoders
from segue.pipeline.training.heads import heads
from segue.pipeline.training.labels import labels_of
from segue.pipeline.training.predicted_probabilities import (
    ENSEMBLE,
    LOGISTIC,
    baselines,
    model_output,
)
from segue.pipeline.training.spaces import DESCRIPTORS


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaderboardEntry:
    """One model or baseline: its validation metrics and the signal that uses it."""

    name: str
    metrics: Mapping[str, float]
    precision: float | None = None
    used_for: str | None = None
    baseline: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaderboard:
    """The models and baselines of a target, evaluated on `n` validation tracks."""

    target: str
    n: int
    models: tuple[LeaderboardEntry, ...]
    choice: EncoderSelection

    def to_dict(self) -> dict[str, Any]:
        """Return the leaderboard as a JSON-compatible dictionary."""
        return asdict(self)


def leaderboard(library: Library, target: str) -> Leaderboard:
    """Compare the models trained on `target`, and the encoders without a target."""
    catalogue = library.catalogue()
    choice = select_encoders(library, catalogue)
    metrics, n = _metrics(library, catalogue, target)
    used = {model: signal for signal, model in choice.used.items() if model}
    names = dict.fromkeys([*metrics, *(one for one in choice.precision if one != DESCRIPTORS)])
    return Leaderboard(
        target=target,
        n=n,
        models=tuple(
            LeaderboardEntry(
                name=name,
                metrics=metrics.get(name, {}),
                precision=choice.precision.get(DESCRIPTORS if name == LOGISTIC else name),
                used_for=used.get(name, "knn" if name == KNN else None),
                baseline=name in (LOGISTIC, "majority"),
            )
            for name in names
        ),
        choice=choice,
    )


def _metrics(
    library: Library, catalogue: Catalogue, target: str
) -> tuple[dict[str, Mapping[str, float]], int]:
    """Return the metrics of every classifier and baseline, and the number of tracks."""
    labels = labels_of(library, catalogue, target)
    if labels.objective != "classes" or len(labels.class_names) < 2:
        return {}, 0
    there = [name for name in (*ENCODERS, KNN, *heads(library), ENSEMBLE) if name in library.models]
    names = [name for name in there if library.models.manifest(name)["target"] == target]
    summary = summaries(library, catalogue)[0]
    found = [model_output(library, catalogue, labels, name) for name in names]
    found += reversed(baselines(labels, summary))
    known = labels.mask("valid") & (labels.labels >= 0)
    for judged in found:
        known &= ~np.isnan(judged.chances).any(axis=1)
    places = np.flatnonzero(known)
    if not len(places):
        return {judged.name: {} for judged in found}, 0
    truth = labels.labels[places]
    return {
        judged.name: classification_metrics(
            truth, judged.chances[places].argmax(axis=1), labels.class_names
        ).metrics
        for judged in found
    }, len(places)
