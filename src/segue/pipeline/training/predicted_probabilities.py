"""Class probabilities of all tracks: networks, heads, the kNN vote, baselines, the ensemble.

Two baselines are fitted on the analyzed training tracks that have a class: the most frequent class,
and logistic regression on the summary statistics of the descriptors (`training.logistic`).
"""

import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from segue.errors import ModelError
from segue.index import nearest
from segue.library import Catalogue, Library
from segue.pipeline.analysis.embeddings import KNN, load_knn, probabilities
from segue.pipeline.analysis.inputs import model_summaries
from segue.pipeline.training.heads import head_probabilities, is_head
from segue.pipeline.training.labels import Labels
from segue.pipeline.training.logistic import Logistic, fit_logistic
from segue.types import Split

MAJORITY: Final = "majority"
LOGISTIC: Final = "descriptors_logistic_regression"
ENSEMBLE: Final = "ensemble"
WEIGHTS_FILE: Final = "weights.json"
DESCRIPTORS_FILE: Final = "descriptors.npz"

_NEIGHBOURS = 10

Probabilities = NDArray[np.float64]
"""Class probabilities of all tracks ``[n_tracks, n_classes]``; NaN rows where unknown."""


@dataclass(frozen=True, slots=True)
class ClassifierOutput:
    """Class probabilities of all tracks by one classifier."""

    name: str
    chances: Probabilities
    baseline: bool = False
    history: Mapping[str, Sequence[float]] | None = None


def evaluated_tracks(
    labels: Labels, summary: NDArray[np.float32], split: Split
) -> NDArray[np.bool_]:
    """Return a mask of the analyzed tracks of a split that have a class, ``[n_tracks]``."""
    analysed = ~np.isnan(summary).all(axis=1) if summary.shape[1] else np.zeros(len(summary), bool)
    return labels.mask(split) & (labels.labels >= 0) & analysed


def model_output(
    library: Library, catalogue: Catalogue, labels: Labels, model: str
) -> ClassifierOutput:
    """Return the class probabilities of a trained model."""
    manifest = library.models.manifest(model)
    if model == KNN:
        return ClassifierOutput(model, _knn_vote(library, catalogue, labels))
    if model == ENSEMBLE:
        return ClassifierOutput(model, _together(library, catalogue, labels))
    judge = head_probabilities if is_head(model) else probabilities
    chances = _aligned(judge(library, catalogue, model), manifest["class_names"], labels)
    history = {
        key: values
        for key, values in manifest.get("history", {}).items()
        if isinstance(values, list) and values
    }
    return ClassifierOutput(model, chances, history=history or None)


def _together(library: Library, catalogue: Catalogue, labels: Labels) -> Probabilities:
    """Return the weighted mean probabilities of the members of the ensemble."""
    manifest = library.models.manifest(ENSEMBLE)
    place = library.models.path(ENSEMBLE)
    for name, fingerprint in manifest["members"].items():
        there = library.models.manifest(name) if name in library.models else {}
        if there.get("fingerprint") != fingerprint:
            raise ModelError(
                f"The ensemble was fitted on an older version of the model '{name}':"
                " run segue train ensemble."
            )
    try:
        shares: dict[str, float] = json.loads((place / WEIGHTS_FILE).read_text("utf-8"))
        chances = {
            name: model_output(library, catalogue, labels, name).chances
            for name in manifest["members"]
        }
        if LOGISTIC in shares:
            summary = model_summaries(library, catalogue, manifest)
            fitted = Logistic.load(place / DESCRIPTORS_FILE)
            chances[LOGISTIC] = _aligned(
                fitted.probabilities(summary), manifest["class_names"], labels
            )
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile) as error:
        raise ModelError(
            "The model 'ensemble' cannot be read: run segue train ensemble --force."
        ) from error
    return weighted_mean(chances, shares)


def weighted_mean(
    chances: Mapping[str, Probabilities], shares: Mapping[str, float]
) -> Probabilities:
    """Return the weighted mean of class probabilities; NaN where one member has none."""
    return np.asarray(sum(share * chances[name] for name, share in shares.items()), np.float64)


def _aligned(
    given: NDArray[np.float32], class_names: Sequence[str], labels: Labels
) -> Probabilities:
    """Order the columns like the classes of `labels`."""
    chances = np.full((len(given), len(labels.class_names)), np.nan)
    if given.shape[1] != len(class_names):  # no track is embedded
        return chances
    known = ~np.isnan(given).any(axis=1)
    chances[known] = 0
    # a class added to the library after training keeps probability zero
    for column, name in enumerate(class_names):
        if name in labels.class_names:
            chances[known, labels.class_names.index(name)] = given[known, column]
    return chances


def baselines(labels: Labels, summary: NDArray[np.float32]) -> list[ClassifierOutput]:
    """Return the two baselines: most frequent class, logistic regression on descriptors."""
    return [_majority(labels, len(summary)), *_logistic(labels, summary)]


def _majority(labels: Labels, n_tracks: int) -> ClassifierOutput:
    learned = labels.labels[labels.mask("train") & (labels.labels >= 0)]
    shares = np.bincount(learned, minlength=len(labels.class_names)) / max(len(learned), 1)
    return ClassifierOutput(MAJORITY, np.tile(shares, (n_tracks, 1)), baseline=True)


def _logistic(labels: Labels, summary: NDArray[np.float32]) -> list[ClassifierOutput]:
    train, valid = (evaluated_tracks(labels, summary, split) for split in ("train", "valid"))
    fitted = fit_logistic(summary, labels.labels, train, valid, len(labels.class_names))
    if fitted is None:
        return []
    chances = fitted.probabilities(summary).astype(np.float64)
    return [ClassifierOutput(LOGISTIC, chances, baseline=True)]


def _knn_vote(library: Library, catalogue: Catalogue, labels: Labels) -> Probabilities:
    """Let the nearest training tracks vote; the kNN vector is used without genres and tags."""
    summary = model_summaries(library, catalogue, library.models.manifest(KNN))
    vectors = load_knn(library).transform(catalogue.tracks, summary, labels=False)
    train = np.flatnonzero(labels.mask("train") & (labels.labels >= 0))
    k = min(_NEIGHBOURS, len(train))
    places, similarity = nearest(vectors[train], vectors, k)
    classes = np.eye(len(labels.class_names))[labels.labels[train]]
    if labels.tags is not None:
        classes = labels.tags[train].astype(np.float64)  # each neighbour votes for all of its tags
    votes = np.maximum(similarity, 0).astype(np.float64) + 1e-9
    chances = np.zeros((len(catalogue), len(labels.class_names)))
    for neighbour in range(k):  # one neighbor at a time: all at once would need k such matrices
        chances += votes[:, neighbour, None] * classes[places[:, neighbour]]
    return np.asarray(chances / votes.sum(axis=1, keepdims=True))
