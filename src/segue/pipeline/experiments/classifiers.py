"""Evaluate classifiers: networks, the kNN vote, and the baselines they must beat.

All are evaluated on the same tracks: those of the split that have a class and were analyzed. Tracks
that a model was trained on are predicted by the part of it that was not (`training.out_of_fold`).
"""

from collections.abc import Sequence

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
from segue.library import Catalogue, Library
from segue.pipeline.analysis.embeddings import ENCODERS
from segue.pipeline.analysis.inputs import summaries
from segue.pipeline.training.folds import folds_of
from segue.pipeline.training.heads import is_head
from segue.pipeline.training.labels import Labels, artist_groups, why_unjudged
from segue.pipeline.training.predicted_probabilities import (
    ClassifierOutput,
    baselines,
    comparable_tracks,
    compared_parts,
    evaluated_tracks,
    model_output,
)
from segue.types import Split

_MAX_MISTAKES = 8


def evaluate_classifiers(
    library: Library,
    catalogue: Catalogue,
    labels: Labels,
    models: Sequence[str],
    split: Split,
    *,
    seed: int = 0,
) -> list[ClassifierReport]:
    """Evaluate `models` and the baselines on the tracks of `split`.

    Raises
    ------
    ModelError
        If no track of the split can be evaluated.
    """
    summary, _, _ = summaries(library, catalogue)
    chosen = evaluated_tracks(labels, summary, split)
    parts = compared_parts(library, models)
    found = baselines(labels, summary, folds_of(labels, catalogue, parts=parts))
    found += [model_output(library, catalogue, labels, model, parts=parts) for model in models]
    places = np.flatnonzero(comparable_tracks(found, chosen, split))
    if not len(places):
        alone = why_unjudged(labels, catalogue)
        if alone and not (labels.counts()["valid"] or labels.counts()["test"]):
            raise ModelError(f"{alone} Add tracks by other artists.")
        raise ModelError(
            f"No track of the {split} split has both a {labels.target} and the input of the models:"
            " choose another --split, or train again on the library as it is now."
        )
    groups = np.unique(artist_groups(catalogue), return_inverse=True)[1]
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


def refuse_contrast(labels: Labels, models: Sequence[str]) -> None:
    """Refuse models that were trained by contrast, without classes.

    Raises
    ------
    ModelError
        If the labels are of such a model, which is evaluated by its neighbors.
    """
    if labels.objective != "contrast":
        return
    networks = [name for name in models if name in ENCODERS]
    named = " and ".join(f"'{name}'" for name in networks or models)
    model, was, it = ("models", "were", "them") if len(networks) > 1 else ("model", "was", "it")
    how = f"by contrast on {labels.target}s" if networks else "without classes"
    raise ModelError(
        f"The {model} {named} {was} trained {how}, so there are no classes to evaluate {it} by:"
        f" use segue evaluate similarity."
    )


def _report(
    catalogue: Catalogue,
    labels: Labels,
    judged: ClassifierOutput,
    rivals: Sequence[ClassifierOutput],
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
    catalogue: Catalogue, labels: Labels, judged: ClassifierOutput, places: NDArray[np.int64]
) -> list[Mistake]:
    """Return the most confident mistakes, most confident first."""
    if judged.name not in ENCODERS and not is_head(judged.name):
        return []
    chances = judged.chances[places]
    predicted = chances.argmax(axis=1)
    wrong = np.flatnonzero(predicted != labels.labels[places])
    order = wrong[np.argsort(-chances[wrong].max(axis=1), kind="stable")][:_MAX_MISTAKES]
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
