"""Evaluate tagging: networks, the kNN vote, and the baselines they must beat.

All are evaluated on the same tracks: those of the split that were analyzed and have one of the
learned tags. A track without any may only lack them because no one tagged it. The baselines learn
from the same train tracks: the frequency of each tag, and one logistic regression per tag on the
standardized summary statistics of the descriptors.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from segue.errors import ModelError
from segue.evaluation import (
    Resampled,
    Tagged,
    TaggingReport,
    resample_tagging,
    tagging_metrics,
)
from segue.library import Catalogue, Library
from segue.pipeline.analysis.inputs import summaries
from segue.pipeline.training.labels import Labels, artist_groups
from segue.pipeline.training.predicted_probabilities import (
    LOGISTIC,
    ClassifierOutput,
    evaluated_tracks,
    model_output,
)
from segue.pipeline.training.spaces import standardised
from segue.types import Split

FREQUENCY = "tag_frequency"
STRENGTHS = (0.0003, 0.003, 0.03)
"""Inverse regularization strengths to choose from on valid, one for all tags."""

Matrix = NDArray[np.float32]


def evaluate_tags(
    library: Library,
    catalogue: Catalogue,
    labels: Labels,
    models: Sequence[str],
    split: Split,
    *,
    seed: int = 0,
) -> TaggingReport:
    """Evaluate `models` and the baselines on the tracks of `split`.

    Raises
    ------
    ModelError
        If no track or no tag of the split can be evaluated.
    """
    tags = tag_matrix(labels)
    summary = summaries(library, catalogue)[0]
    chosen = evaluated_tracks(labels, summary, split)
    found = [*tag_baselines(labels, summary)]
    found += [model_output(library, catalogue, labels, model) for model in models]
    for judged in found:
        chosen &= ~np.isnan(judged.chances).any(axis=1)
    places = np.flatnonzero(chosen)
    support = tags[places].sum(axis=0)
    if not ((support > 0) & (support < len(places))).any():
        raise ModelError(
            f"No tag can be evaluated on the {split} split: {len(places)} of its tracks"
            f" {'has' if len(places) == 1 else 'have'} a learned tag and the inputs of the models,"
            " and a tag needs a track with it and one without it. Choose another --split, or add"
            " tagged tracks."
        )
    groups = np.unique(artist_groups(catalogue), return_inverse=True)[1][places]
    drawn = {
        judged.name: resample_tagging(
            tags[places], judged.chances[places], groups=groups, seed=seed
        )
        for judged in found
    }
    rivals = [judged.name for judged in found if judged.baseline]
    return TaggingReport(
        target=labels.target,
        split=split,
        n=len(places),
        models={
            judged.name: _tagged(labels, judged, places, drawn, rivals=rivals) for judged in found
        },
        trained_on=dict(
            zip(labels.class_names, tags[labels.mask("train")].sum(axis=0).tolist(), strict=True)
        ),
    )


def tag_matrix(labels: Labels) -> NDArray[np.bool_]:
    """Return the tags of each track, bool ``[n_tracks, n_tags]``."""
    if labels.tags is None:
        raise TypeError(f"{labels.target!r} has classes, not tags: evaluate classifiers.")
    return labels.tags


def tag_baselines(labels: Labels, summary: Matrix) -> list[ClassifierOutput]:
    """Return predictions of tag frequency, and of logistic regression on descriptors."""
    tags = tag_matrix(labels)
    train, valid = (evaluated_tracks(labels, summary, split) for split in ("train", "valid"))
    learned = labels.mask("train") & (labels.labels >= 0)
    shares = tags[learned].mean(axis=0) if learned.any() else np.zeros(tags.shape[1])
    frequency = ClassifierOutput(
        FREQUENCY, np.tile(shares, (len(tags), 1)), ~labels.mask("train"), baseline=True
    )
    if not train.any():
        return [frequency]
    columns = standardised(summary, train)
    best: tuple[float, NDArray[np.float64]] | None = None
    for strength in STRENGTHS if valid.any() else STRENGTHS[1:2]:
        chances = _one_vs_rest(columns, tags, train, strength)
        macro = 0.0
        if valid.any():
            judged = tagging_metrics(tags[valid], chances[valid], labels.class_names)
            macro = float(np.nan_to_num(judged.metrics["roc_auc_macro"]))
        if best is None or macro > best[0]:
            best = macro, chances
    return [
        frequency,
        *(
            [ClassifierOutput(LOGISTIC, best[1], ~labels.mask("train"), baseline=True)]
            if best
            else []
        ),
    ]


def _one_vs_rest(
    columns: Matrix, tags: NDArray[np.bool_], train: NDArray[np.bool_], strength: float
) -> NDArray[np.float64]:
    """Fit each tag separately; a tag that all or no train tracks have keeps its frequency."""
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    chances = np.tile(tags[train].mean(axis=0), (len(tags), 1))
    learned = columns[train].astype(np.float64)
    for tag, share in enumerate(chances[0].tolist()):
        if not 0 < share < 1:
            continue
        model = LogisticRegression(C=strength, max_iter=2_000, class_weight="balanced")
        # the products are small: several threads were a hundred times slower under load
        with threadpool_limits(1):
            model.fit(learned, tags[train, tag])
        chances[:, tag] = model.predict_proba(columns)[:, 1]
    return chances


def _tagged(
    labels: Labels,
    judged: ClassifierOutput,
    places: NDArray[np.int64],
    drawn: Mapping[str, Resampled],
    *,
    rivals: Sequence[str],
) -> Tagged:
    mine, truth = drawn[judged.name], tag_matrix(labels)[places]
    each = mine.tag_intervals()
    return Tagged(
        result=tagging_metrics(truth, judged.chances[places], labels.class_names),
        intervals=mine.intervals(),
        tag_intervals=dict(zip(labels.class_names, each, strict=True)),
        differences={rival: mine.minus(drawn[rival]) for rival in rivals if rival != judged.name},
        baseline=judged.baseline,
        history=judged.history,
    )
