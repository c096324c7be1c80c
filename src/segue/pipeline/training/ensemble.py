"""The ensemble: a weighted mean of the class probabilities of all classifiers of one target.

Members are the networks and heads trained on the target, and logistic regression on the
descriptors. The weights maximize the likelihood of the classes of the validation tracks, with a
prior of `PRIOR` pseudo-tracks towards equal weights (expectation maximization; the problem is
convex).
"""

import hashlib
import time
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from segue.errors import ModelError
from segue.evaluation import classification_metrics
from segue.library import settings_hash, write_json
from segue.pipeline.analysis.embeddings import ENCODERS, encode_new
from segue.pipeline.analysis.inputs import summaries, summary_facts
from segue.pipeline.training.fit_models import TrainingContext, origin, up_to_date
from segue.pipeline.training.heads import heads
from segue.pipeline.training.logistic import Logistic, fit_logistic
from segue.pipeline.training.predicted_probabilities import (
    DESCRIPTORS_FILE,
    ENSEMBLE,
    LOGISTIC,
    WEIGHTS_FILE,
    Probabilities,
    evaluated_tracks,
    model_output,
    weighted_mean,
)
from segue.types import SPLITS

PRIOR: Final = 20.0
_ROUNDS = 200
_MIN_CHANCE = 1e-7


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
    manifest: dict[str, Any] = {
        "kind": name,
        "objective": labels.objective,
        "input": chosen.name if chosen else None,
        **summary_facts(chosen),
        "members": {one: library.models.manifest(one)["fingerprint"] for one in members},
        "settings": {"prior": PRIOR},
        **origin(work.catalogue, labels, range(len(work.catalogue)), work.seed),
    }
    if not work.force and up_to_date(library, name, manifest):
        return None
    started = time.monotonic()
    # a network of an older segue may have been saved by a run that was killed before it embedded
    encode_new(library, work.catalogue, progress=work.progress)
    train, valid = (evaluated_tracks(labels, summary, split) for split in ("train", "valid"))
    descriptors = fit_logistic(summary, labels.labels, train, valid, len(labels.class_names))
    chances = {one: model_output(library, work.catalogue, labels, one).chances for one in members}
    if descriptors is not None:
        chances[LOGISTIC] = descriptors.probabilities(summary).astype(np.float64)
    heard = np.logical_and.reduce([~np.isnan(one).any(axis=1) for one in chances.values()])
    asked = np.flatnonzero(labels.mask("valid") & (labels.labels >= 0) & heard)
    weights = best_weights([one[asked] for one in chances.values()], labels.labels[asked])
    shares = dict(zip(chances, weights.tolist(), strict=True))
    together = weighted_mean(chances, shares)
    manifest["tracks"] = {
        split: int((labels.mask(split) & (labels.labels >= 0) & heard).sum()) for split in SPLITS
    }
    with library.models.saving(name, manifest) as directory:
        write_json(directory / WEIGHTS_FILE, shares)
        if descriptors is not None:
            descriptors.save(directory / DESCRIPTORS_FILE)
        manifest["weights"] = {one: round(share, 4) for one, share in shares.items()}
        manifest["metrics"] = _metrics(together, labels.labels, asked, labels.class_names)
        manifest["fingerprint"] = _fingerprint(manifest["members"], shares, descriptors)
        manifest["seconds"] = round(time.monotonic() - started, 1)
    return manifest


def best_weights(
    chances: list[Probabilities], labels: NDArray[np.int64], prior: float = PRIOR
) -> NDArray[np.float64]:
    """Return the weights of a mixture ``[n_members]``; they sum to 1.

    Parameters
    ----------
    chances : list of ``[n, n_classes]``
        Class probabilities of each member for the same tracks.
    labels : int64 ``[n]``
    prior : float > 0
        Number of pseudo-tracks that favor equal weights.

    Examples
    --------
    >>> sure, wrong = np.array([[0.9, 0.1]] * 60), np.array([[0.2, 0.8]] * 60)
    >>> best_weights([sure, wrong], np.zeros(60, np.int64)).round(2).tolist()
    [0.85, 0.15]
    >>> best_weights([sure, wrong], np.zeros(0, np.int64)).tolist()
    [0.5, 0.5]
    """
    n_members = len(chances)
    weights = np.full(n_members, 1.0 / n_members)
    right = np.stack([one[np.arange(len(labels)), labels] for one in chances])
    right = np.maximum(right, _MIN_CHANCE)  # [n_members, n]
    for _ in range(_ROUNDS if len(labels) else 0):
        shares = weights[:, None] * right
        shares /= shares.sum(axis=0)
        weights = (shares.sum(axis=1) + prior / n_members) / (len(labels) + prior)
    return weights


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
    chances: Probabilities,
    labels: NDArray[np.int64],
    asked: NDArray[np.int64],
    class_names: tuple[str, ...],
) -> dict[str, float]:
    if not len(asked):
        return {}
    predicted = chances[asked].argmax(axis=1)
    return classification_metrics(labels[asked], predicted, class_names).metrics


def _fingerprint(
    members: dict[str, str], shares: dict[str, float], descriptors: Logistic | None
) -> str:
    digest = hashlib.sha256(settings_hash({"members": members, "weights": shares}).encode())
    if descriptors is not None:
        digest.update(descriptors.weights.tobytes())
    return digest.hexdigest()[:16]
