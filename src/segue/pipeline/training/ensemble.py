"""The ensemble: a log-linear mixture of the class probabilities of all classifiers of one target.

Members are the networks and heads trained on the target, and logistic regression on the
descriptors. The probability of a class is proportional to the product of the members' to the power
of their weights: a weight is trust and temperature in one. The weights maximize the likelihood of
the classes of held-out tracks, with a Gaussian prior of `PRIOR` around equal weights that sum to 1
(convex). With folds, all labeled tracks are held out once (`training.out_of_fold`), and the figures
of the ensemble are of weights that did not see the fold either; without, the validation tracks
choose. A mixture that predicts held-out tracks worse than its best member becomes that member.
"""

import hashlib
import time
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from segue.encoders.mixtures import log_loss, mix, mixture_weights
from segue.errors import ModelError
from segue.evaluation import classification_metrics
from segue.library import settings_hash, write_json
from segue.pipeline.analysis.embeddings import ENCODERS, encode_new
from segue.pipeline.analysis.inputs import summaries, summary_facts
from segue.pipeline.training.fit_models import TrainingContext, origin, up_to_date
from segue.pipeline.training.heads import heads
from segue.pipeline.training.logistic import Logistic
from segue.pipeline.training.out_of_fold import OutOfFold
from segue.pipeline.training.predicted_probabilities import (
    DESCRIPTORS_FILE,
    ENSEMBLE,
    LOG_LINEAR,
    LOGISTIC,
    WEIGHTS_FILE,
    Probabilities,
    descriptor_regression,
    model_output,
    regression_output,
)

PRIOR: Final = 20.0
"""Precision of the prior of the weights: 20 is the weight of about 100 tracks."""


def fit_ensemble(work: TrainingContext, name: str = ENSEMBLE) -> dict[str, Any] | None:
    """Fit the weights and save the ensemble; None if the saved ensemble is up to date.

    Raises
    ------
    ModelError
        If the target has no classes, or no network was trained on it.
    """
    labels, library = work.labels, work.library
    members = _members(work)
    summary, _, chosen = summaries(library, work.catalogue)
    folds = work.folds()
    manifest: dict[str, Any] = {
        "kind": name,
        "objective": labels.objective,
        "input": chosen.name if chosen else None,
        **summary_facts(library, chosen),
        "members": {one: library.models.manifest(one)["fingerprint"] for one in members},
        "settings": {"prior": PRIOR},
        "mixture": LOG_LINEAR,
        **work.fold_facts(folds),
        **origin(work.catalogue, labels, range(len(work.catalogue)), work.seed),
    }
    if not work.force and up_to_date(library, name, manifest):
        return None
    started = time.monotonic()
    # a network of an older segue may have been saved by a run that was killed before it embedded
    encode_new(library, work.catalogue, progress=work.progress)
    outputs = {one: model_output(library, work.catalogue, labels, one) for one in members}
    descriptors = descriptor_regression(labels, summary, folds)
    if descriptors is not None:
        outputs[LOGISTIC] = regression_output(labels, summary, *descriptors)
    known = (labels.labels >= 0) & ~labels.mask("test")
    for one in outputs.values():
        known &= ~np.isnan(one.chances).any(axis=1) & one.held_out
    # without folds, or with a member that has none, the validation tracks choose; where these were
    # held out from folds, they choose nothing
    if folds is not None and (known & (folds >= 0)).any():
        known &= folds >= 0
    asked = np.flatnonzero(known)
    chances = {name: one.chances[asked] for name, one in outputs.items()}
    inside = np.full(len(asked), -1, np.int64) if folds is None else folds[asked]
    weights, held_out = fit_mixture(chances, labels.labels[asked], inside)
    together = mix(list(chances.values()), list(weights.values())) if held_out is None else held_out
    manifest["tracks"] = {
        split: int((labels.mask(split) & known).sum()) for split in ("train", "valid")
    } | {"test": labels.counts()["test"]}
    with library.models.saving(name, manifest) as directory:
        write_json(directory / WEIGHTS_FILE, weights)
        if descriptors is not None:
            descriptors[0].save(directory / DESCRIPTORS_FILE)
        if held_out is not None:
            rows = work.catalogue.rows[asked]
            OutOfFold(rows, inside, held_out.astype(np.float32)).save(directory)
        manifest["weights"] = {one: round(share, 4) for one, share in weights.items()}
        manifest["metrics"] = _metrics(together, labels.labels[asked], labels.class_names)
        manifest["fingerprint"] = _fingerprint(
            manifest["members"], weights, descriptors[0] if descriptors else None
        )
        manifest["seconds"] = round(time.monotonic() - started, 1)
    return manifest


def fit_mixture(
    chances: Mapping[str, Probabilities],
    labels: NDArray[np.int64],
    folds: NDArray[np.int64],
    prior: float = PRIOR,
) -> tuple[dict[str, float], Probabilities | None]:
    """Return the weights, and the predictions by weights that did not see the fold.

    Parameters
    ----------
    chances : mapping of ``[n, n_classes]``
        Class probabilities of each member for the same held-out tracks.
    labels : int64 ``[n]``
    folds : int64 ``[n]``
        If any is -1 there are no such predictions, and the mixture is always used.
    """
    weights = _weights(chances, labels, prior)
    if not len(labels) or (folds < 0).any():
        return weights, None
    held_out = np.empty_like(next(iter(chances.values())))
    for fold in np.unique(folds).tolist():
        others, own = folds != fold, folds == fold
        fitted = _weights({m: p[others] for m, p in chances.items()}, labels[others], prior)
        held_out[own] = mix([p[own] for p in chances.values()], list(fitted.values()))
    best = min(chances, key=lambda one: log_loss(chances[one], labels))
    if log_loss(held_out, labels) > log_loss(chances[best], labels):
        return {one: float(one == best) for one in chances}, chances[best].copy()
    return weights, held_out


def _weights(
    chances: Mapping[str, Probabilities], labels: NDArray[np.int64], prior: float
) -> dict[str, float]:
    found = mixture_weights(list(chances.values()), labels, prior)
    return dict(zip(chances, found, strict=True))


def _members(work: TrainingContext) -> list[str]:
    """Return the classifiers trained on the target."""
    if work.labels.objective != "classes":
        raise ModelError(
            f"The model '{ENSEMBLE}' combines classifiers, and {work.labels.target!r} is not a"
            " column of classes: choose another --target."
        )
    library = work.library
    there = [name for name in (*ENCODERS, *heads(library)) if name in library.models]
    members = [
        name
        for name in there
        if library.models.manifest(name)["target"] == work.labels.target
        and library.models.manifest(name).get("objective", "classes") == "classes"
    ]
    if not members:
        raise ModelError(
            f"The model '{ENSEMBLE}' combines networks trained on {work.labels.target!r}, and there"
            " is none: run segue train cnn first."
        )
    return members


def _metrics(
    chances: Probabilities, labels: NDArray[np.int64], class_names: tuple[str, ...]
) -> dict[str, float]:
    if not len(labels):
        return {}
    return classification_metrics(labels, chances.argmax(axis=1), class_names).metrics


def _fingerprint(
    members: dict[str, str], shares: dict[str, float], descriptors: Logistic | None
) -> str:
    digest = hashlib.sha256(settings_hash({"members": members, "weights": shares}).encode())
    if descriptors is not None:
        digest.update(descriptors.weights.tobytes())
    return digest.hexdigest()[:16]
