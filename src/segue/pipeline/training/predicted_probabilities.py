"""Class probabilities of all tracks: networks, heads, the kNN vote, baselines, the ensemble.

Predictions for tracks that a model was trained on are those of the part of it that was not
(`training.out_of_fold`), so that figures on them are those of new artists.

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

from segue.encoders.mixtures import mix
from segue.errors import ModelError
from segue.index import nearest
from segue.library import Catalogue, Library
from segue.pipeline.analysis.embeddings import KNN, load_knn, probabilities
from segue.pipeline.analysis.inputs import model_summaries
from segue.pipeline.training.folds import LEARNED, NO_FOLD, folds_of, usable_folds
from segue.pipeline.training.heads import head_probabilities, is_head
from segue.pipeline.training.labels import Labels
from segue.pipeline.training.logistic import Logistic, fit_in_folds, fit_logistic
from segue.pipeline.training.out_of_fold import OutOfFold, learned_parts, learned_tracks
from segue.types import Split

MAJORITY: Final = "majority"
LOGISTIC: Final = "descriptors_logistic_regression"
ENSEMBLE: Final = "ensemble"
WEIGHTS_FILE: Final = "weights.json"
DESCRIPTORS_FILE: Final = "descriptors.npz"

LOG_LINEAR: Final = "log-linear"
"""The mixture of an ensemble whose weights are exponents; older ones have weighted means."""

_NEIGHBOURS = 10

Probabilities = NDArray[np.float64]
"""Class probabilities of all tracks ``[n_tracks, n_classes]``; NaN rows where unknown."""


@dataclass(frozen=True, slots=True)
class ClassifierOutput:
    """Class probabilities of all tracks by one classifier.

    `held_out` is a mask of the tracks that their prediction did not learn from.
    """

    name: str
    chances: Probabilities
    held_out: NDArray[np.bool_]
    baseline: bool = False
    history: Mapping[str, Sequence[float]] | None = None


def evaluated_tracks(
    labels: Labels, summary: NDArray[np.float32], split: Split
) -> NDArray[np.bool_]:
    """Return a mask of the analyzed tracks of a split that have a class, ``[n_tracks]``."""
    analyzed = ~np.isnan(summary).all(axis=1) if summary.shape[1] else np.zeros(len(summary), bool)
    return labels.mask(split) & (labels.labels >= 0) & analyzed


def comparable_tracks(
    outputs: Sequence[ClassifierOutput], chosen: NDArray[np.bool_], split: Split
) -> NDArray[np.bool_]:
    """Return the `chosen` tracks ``[n_tracks]`` that all classifiers can be compared on.

    All classifiers have probabilities for them and none learned from them; or all learned from
    them, so that the figures are those of the fit.

    Raises
    ------
    ModelError
        If some classifiers learned from the tracks and others did not.
    """
    given = chosen.copy()
    for one in outputs:
        given &= ~np.isnan(one.chances).any(axis=1)
    fitted = [one for one in outputs if one.name != MAJORITY]
    learned = [one.name for one in fitted if not (given & one.held_out).any()]
    if given.any() and 0 < len(learned) < len(fitted):
        raise ModelError(
            f"The figures of the {split} split cannot be compared, because {', '.join(learned)}"
            " learned from its tracks: choose another --split, or train again with --force."
        )
    for one in fitted if not learned else ():
        given &= one.held_out
    return given


def model_output(
    library: Library,
    catalogue: Catalogue,
    labels: Labels,
    model: str,
    *,
    parts: Sequence[Split] = LEARNED,
) -> ClassifierOutput:
    """Return the class probabilities of a trained model.

    The kNN vote has no training: the tracks of `parts` vote.
    """
    manifest = library.models.manifest(model)
    if model == KNN:
        return _knn_vote(library, catalogue, labels, parts)
    if model == ENSEMBLE:
        given = _together(library, catalogue, labels)
    else:
        judge = head_probabilities if is_head(model) else probabilities
        given = _aligned(judge(library, catalogue, model), manifest["class_names"], labels)
    chances, held_out = _out_of_fold(library, catalogue, labels, model, given)
    history = {
        key: values
        for key, values in manifest.get("history", {}).items()
        if isinstance(values, list) and values
    }
    return ClassifierOutput(model, chances, held_out, history=history or None)


def _out_of_fold(
    library: Library, catalogue: Catalogue, labels: Labels, model: str, given: Probabilities
) -> tuple[Probabilities, NDArray[np.bool_]]:
    """Replace the predictions for tracks that the model learned from; mask the others."""
    found = OutOfFold.load(library.models.path(model))
    learned = learned_tracks(labels, library.models.manifest(model))
    if found is None:
        return given, ~learned
    folds, own = found.on(catalogue)
    class_names = library.models.manifest(model)["class_names"]
    chances = np.where((folds >= 0)[:, None], _aligned(own, class_names, labels), given)
    return chances, (folds >= 0) | ~learned


def compared_parts(library: Library, models: Sequence[str]) -> tuple[Split, ...]:
    """Return the parts that baselines and votes learn from in a comparison with `models`.

    Train alone if all of them learned from train alone, so that the comparison is fair.
    """
    there = [name for name in models if name != KNN and name in library.models]
    parts = {learned_parts(library.models.manifest(name)) for name in there}
    return ("train",) if parts == {("train",)} else LEARNED


def _together(library: Library, catalogue: Catalogue, labels: Labels) -> Probabilities:
    """Return the joined probabilities of the members of the ensemble, as for new tracks."""
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
    if manifest.get("mixture") == LOG_LINEAR:
        return mix([chances[name] for name in shares], list(shares.values()))
    return weighted_mean(chances, shares)


def weighted_mean(
    chances: Mapping[str, Probabilities], shares: Mapping[str, float]
) -> Probabilities:
    """Return the weighted mean of class probabilities; NaN where one member has none."""
    parts = [share * chances[name] for name, share in shares.items() if share]
    return np.asarray(sum(parts), np.float64)


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


def baselines(
    labels: Labels, summary: NDArray[np.float32], folds: NDArray[np.int64] | None
) -> list[ClassifierOutput]:
    """Return the two baselines: most frequent class, logistic regression on descriptors.

    With `folds` (`training.folds.folds_of`) the regression learns from all tracks in folds, and
    predicts these by the regression without their fold.
    """
    fitted = descriptor_regression(labels, summary, folds)
    found = [_majority(labels, len(summary))]
    return [*found, regression_output(labels, summary, *fitted)] if fitted else found


def _majority(labels: Labels, n_tracks: int) -> ClassifierOutput:
    learned = labels.labels[labels.mask("train") & (labels.labels >= 0)]
    shares = np.bincount(learned, minlength=len(labels.class_names)) / max(len(learned), 1)
    every = np.ones(n_tracks, bool)  # one class for all tracks is not fitted to any of them
    return ClassifierOutput(MAJORITY, np.tile(shares, (n_tracks, 1)), every, baseline=True)


def regression_output(
    labels: Labels,
    summary: NDArray[np.float32],
    fitted: Logistic,
    held_out: NDArray[np.float32] | None,
) -> ClassifierOutput:
    """Return the class probabilities of a `descriptor_regression`."""
    chances = fitted.probabilities(summary).astype(np.float64)
    known = ~labels.mask("train")
    if held_out is not None:
        inside = ~np.isnan(held_out).any(axis=1)
        chances[inside] = held_out[inside]
        known[:] = True
    return ClassifierOutput(LOGISTIC, chances, known, baseline=True)


def descriptor_regression(
    labels: Labels, summary: NDArray[np.float32], folds: NDArray[np.int64] | None
) -> tuple[Logistic, NDArray[np.float32] | None] | None:
    """Fit logistic regression on descriptors; return it and its out-of-fold predictions.

    Without folds there are no such predictions; None if there are fewer than two classes.
    """
    n_classes = len(labels.class_names)
    train, valid = (evaluated_tracks(labels, summary, split) for split in ("train", "valid"))
    own = usable_folds(labels, folds, train | valid)
    if own is None:
        fitted = fit_logistic(summary, labels.labels, train, valid, n_classes)
        return None if fitted is None else (fitted, None)
    return fit_in_folds(summary, labels.labels, own, n_classes)


def _knn_vote(
    library: Library, catalogue: Catalogue, labels: Labels, parts: Sequence[Split]
) -> ClassifierOutput:
    """Let the nearest training tracks vote; the kNN vector is used without genres and tags.

    With folds, the tracks of all other folds vote.
    """
    summary = model_summaries(library, catalogue, library.models.manifest(KNN))
    vectors = load_knn(library).transform(catalogue.tracks, summary, labels=False)
    folds = folds_of(labels, catalogue, parts=parts)
    if folds is None:
        train = np.flatnonzero(labels.mask("train") & (labels.labels >= 0))
        return ClassifierOutput(KNN, _votes(labels, vectors, train, vectors), ~labels.mask("train"))
    chances = np.empty((len(vectors), len(labels.class_names)))
    for fold in (NO_FOLD, *range(int(folds.max()) + 1)):
        voters = np.flatnonzero((folds >= 0) & (folds != fold))
        chances[folds == fold] = _votes(labels, vectors, voters, vectors[folds == fold])
    return ClassifierOutput(KNN, chances, np.ones(len(catalogue), bool))


def _votes(
    labels: Labels,
    vectors: NDArray[np.float32],
    voters: NDArray[np.int64],
    queries: NDArray[np.float32],
) -> Probabilities:
    """Return the votes of the tracks at `voters` for each of `queries` ``[n, d]``."""
    k = min(_NEIGHBOURS, len(voters))
    places, similarity = nearest(vectors[voters], queries, k)
    classes = np.eye(len(labels.class_names))[labels.labels[voters]]
    if labels.tags is not None:
        classes = labels.tags[voters].astype(np.float64)  # each neighbor votes for all of its tags
    votes = np.maximum(similarity, 0).astype(np.float64) + 1e-9
    chances = np.zeros((len(queries), len(labels.class_names)))
    for neighbour in range(k):  # one neighbor at a time: all at once would need k such matrices
        chances += votes[:, neighbour, None] * classes[places[:, neighbour]]
    return np.asarray(chances / votes.sum(axis=1, keepdims=True))
