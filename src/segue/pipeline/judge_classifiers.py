"""Judging classifiers: the networks, the kNN vote, and the baselines they must beat.

All are judged on the same tracks: those of the split that have a class and were analysed. The
baselines learn from the same train tracks: the most frequent class, and logistic regression on the
descriptors' summary statistics (see `segue.pipeline.logistic`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segue.errors import ModelError
from segue.evaluation import (
    ClassifierReport,
    Mistake,
    classification_difference,
    classification_intervals,
    classification_metrics,
)
from segue.index import nearest
from segue.library import Catalogue, Library
from segue.pipeline.embeddings import ENCODERS, KNN, load_knn, probabilities
from segue.pipeline.heads import head_probabilities, is_head
from segue.pipeline.inputs import summaries
from segue.pipeline.labels import Labels, artist_groups
from segue.pipeline.logistic import fit_logistic
from segue.types import Split

MAJORITY = "majority"
LOGISTIC = "descriptors_logistic_regression"
_NEIGHBOURS = 10
_MOST_MISTAKES = 8

Chances = NDArray[np.float64]
"""Class probabilities of all tracks ``[n_tracks, n_classes]``, rows of NaN where there are none."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One classifier's say on all tracks."""

    name: str
    chances: Chances
    baseline: bool = False
    history: Mapping[str, Sequence[float]] | None = None


def judge_classifiers(
    library: Library,
    catalogue: Catalogue,
    labels: Labels,
    models: Sequence[str],
    split: Split,
    *,
    seed: int = 0,
) -> list[ClassifierReport]:
    """Judge `models` and the baselines on the tracks of `split`.

    Raises
    ------
    ModelError
        If the split holds no track that can be judged.
    """
    summary, _, _ = summaries(library, catalogue)
    chosen = _judged_tracks(labels, summary, split)
    found = baselines(labels, summary)
    found += [judged_model(library, catalogue, labels, model) for model in models]
    for judged in found:
        chosen &= ~np.isnan(judged.chances).any(axis=1)
    places = np.flatnonzero(chosen)
    if not len(places):
        raise ModelError(
            f"No track of the {split} split has both a {labels.target} and what the models need:"
            " choose another --split, or train again on the library as it is now."
        )
    groups = np.unique(artist_groups(catalogue.tracks), return_inverse=True)[1]
    return [
        _report(
            catalogue,
            labels,
            judged,
            found,
            places=places,
            groups=groups[places],
            split=split,
            seed=seed,
        )
        for judged in found
    ]


def _judged_tracks(labels: Labels, summary: NDArray[np.float32], split: Split) -> NDArray[np.bool_]:
    analysed = ~np.isnan(summary).all(axis=1) if summary.shape[1] else np.zeros(len(summary), bool)
    return labels.mask(split) & (labels.labels >= 0) & analysed


def judged_model(library: Library, catalogue: Catalogue, labels: Labels, model: str) -> Judged:
    """Return what a trained model says of all tracks."""
    manifest = library.models.manifest(model)
    if model == KNN:
        return Judged(model, _knn_vote(library, catalogue, labels))
    chances = np.full((len(catalogue), len(labels.class_names)), np.nan)
    judge = head_probabilities if is_head(model) else probabilities
    given = judge(library, catalogue, model)
    known = ~np.isnan(given).any(axis=1)
    chances[known] = 0
    # a class that came to the library after training keeps probability zero
    for column, name in enumerate(manifest["class_names"]):
        if name in labels.class_names:
            chances[known, labels.class_names.index(name)] = given[known, column]
    history = {
        key: values
        for key, values in manifest.get("history", {}).items()
        if isinstance(values, list) and values
    }
    return Judged(model, chances, history=history or None)


def baselines(labels: Labels, summary: NDArray[np.float32]) -> list[Judged]:
    """Return what the most frequent class, and logistic regression on descriptors, say."""
    return [_majority(labels, len(summary)), *_logistic(labels, summary)]


def _majority(labels: Labels, n_tracks: int) -> Judged:
    learned = labels.labels[labels.mask("train") & (labels.labels >= 0)]
    shares = np.bincount(learned, minlength=len(labels.class_names)) / max(len(learned), 1)
    return Judged(MAJORITY, np.tile(shares, (n_tracks, 1)), baseline=True)


def _logistic(labels: Labels, summary: NDArray[np.float32]) -> list[Judged]:
    train, valid = (_judged_tracks(labels, summary, split) for split in ("train", "valid"))
    fitted = fit_logistic(summary, labels.labels, train, valid, len(labels.class_names))
    if fitted is None:
        return []
    chances = fitted.probabilities(summary).astype(np.float64)
    return [Judged(LOGISTIC, chances, baseline=True)]


def _knn_vote(library: Library, catalogue: Catalogue, labels: Labels) -> Chances:
    """Let the nearest train tracks vote, by the combined vector without genres and tags."""
    summary = summaries(library, catalogue, library.models.manifest(KNN)["input"])[0]
    vectors = load_knn(library).transform(catalogue.tracks, summary, labels=False)
    train = np.flatnonzero(labels.mask("train") & (labels.labels >= 0))
    k = min(_NEIGHBOURS, len(train))
    places, similarity = nearest(vectors[train], vectors, k)
    chances = np.zeros((len(catalogue), len(labels.class_names)))
    rows = np.repeat(np.arange(len(catalogue)), k)
    np.add.at(
        chances,
        (rows, labels.labels[train[places.ravel()]]),
        np.maximum(similarity.ravel(), 0) + 1e-9,
    )
    return np.asarray(chances / chances.sum(axis=1, keepdims=True))


def _report(
    catalogue: Catalogue,
    labels: Labels,
    judged: Judged,
    rivals: Sequence[Judged],
    *,
    places: NDArray[np.int64],
    groups: NDArray[np.int64],
    split: Split,
    seed: int,
) -> ClassifierReport:
    truth = labels.labels[places]
    predicted = judged.chances[places].argmax(axis=1)
    n_classes = len(labels.class_names)
    intervals, f1_intervals = classification_intervals(
        truth, predicted, n_classes, groups=groups, seed=seed
    )
    differences = {
        rival.name: classification_difference(
            truth,
            predicted,
            rival.chances[places].argmax(axis=1),
            n_classes,
            groups=groups,
            seed=seed,
        )
        for rival in rivals
        if rival.baseline and rival is not judged
    }
    learned = labels.labels[labels.mask("train") & (labels.labels >= 0)]
    counts = np.bincount(learned, minlength=n_classes).tolist()
    return ClassifierReport(
        name=judged.name,
        target=labels.target,
        split=split,
        result=classification_metrics(truth, predicted, labels.class_names),
        intervals=intervals,
        f1_intervals=f1_intervals,
        baseline=judged.baseline,
        history=judged.history,
        differences=differences,
        trained_on=dict(zip(labels.class_names, counts, strict=True)),
        mistakes=_mistakes(catalogue, labels, judged, places),
    )


def _mistakes(
    catalogue: Catalogue, labels: Labels, judged: Judged, places: NDArray[np.int64]
) -> list[Mistake]:
    """Return the mistakes made with most confidence, the surest first."""
    if judged.name not in ENCODERS and not is_head(judged.name):
        return []
    chances = judged.chances[places]
    predicted = chances.argmax(axis=1)
    wrong = np.flatnonzero(predicted != labels.labels[places])
    order = wrong[np.argsort(-chances[wrong].max(axis=1), kind="stable")][:_MOST_MISTAKES]
    return [
        Mistake(
            title=catalogue.tracks[places[i]].title or catalogue.tracks[places[i]].track_id,
            artist=catalogue.tracks[places[i]].artist,
            true=labels.class_names[labels.labels[places[i]]],
            predicted=labels.class_names[predicted[i]],
            confidence=float(chances[i].max()),
        )
        for i in order.tolist()
    ]
