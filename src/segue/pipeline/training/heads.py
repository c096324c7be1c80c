"""Heads: classifiers of the user's own labels on the embeddings of a pretrained encoder.

A head is multinomial logistic regression (`training.logistic`), stored like every model under
``<target>-on-<encoder>``, as plain arrays. With enough tracks it learns from train and valid, and
saves what it predicts for each fold without it (`training.out_of_fold`).
"""

import hashlib
import time
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import quote

import numpy as np
from numpy.typing import NDArray

from segue.encoders.pretrained import PRETRAINED_ENCODERS
from segue.errors import ModelError, TooLittleDataError
from segue.evaluation import classification_metrics
from segue.library import Catalogue, Library, settings_hash, translate_errors
from segue.pipeline.analysis.embeddings import embeddings
from segue.pipeline.analysis.pretrained_embeddings import require_embeddings
from segue.pipeline.training.folds import LEARNED, N_FOLDS, folds_of, usable_folds
from segue.pipeline.training.labels import Labels, labels_of, require_classes
from segue.pipeline.training.logistic import STRENGTHS, Logistic, fit_in_folds, fit_logistic
from segue.pipeline.training.out_of_fold import OutOfFold
from segue.pipeline.training.training_result import TrainingResult
from segue.types import SPLITS, Split

KIND: Final = "head"
_ON: Final = "-on-"
_WEIGHTS: Final = "arrays.npz"

Matrix = NDArray[np.float32]


def head_name(target: str, encoder: str) -> str:
    """Return the model name of the head for `target`.

    >>> head_name("genre", "musicnn"), head_name("A/B", "vgg")
    ('genre-on-musicnn', 'A%2FB-on-vgg')
    """
    # a column can have any name; a directory cannot
    return quote(target, safe=" ").replace(".", "%2E") + _ON + encoder


def is_head(name: str) -> bool:
    """Return whether `name` is the name of a head."""
    return name.rpartition(_ON)[2] in PRETRAINED_ENCODERS and _ON in name


def heads(library: Library) -> list[str]:
    """Return the names of the trained heads, sorted."""
    return [name for name in library.models.names() if is_head(name)]


def train_head(
    library: Library,
    target: str,
    encoder: str,
    *,
    seed: int = 0,
    force: bool = False,
    folds: int = N_FOLDS,
    hold_out_valid: bool = False,
) -> TrainingResult:
    """Fit the head for the column `target` on the embeddings of `encoder`, and save it.

    A head with the same data, settings and seed is up to date and is fitted again only with
    `force`. The fit is deterministic: the seed only appears in the manifest. `folds` and
    `hold_out_valid` are those of `segue.pipeline.train.train`.

    Raises
    ------
    ModelError
        If there is no such encoder or column.
    ModelNotTrainedError
        If the encoder has embedded no track.
    TooLittleDataError
        If fewer than two classes have an embedded training track.
    LibraryBusyError
        If another program is writing to the library.
    """
    with library.writing("segue train"), translate_errors(library.directory):
        parts: tuple[Split, ...] = ("train",) if hold_out_valid else LEARNED
        trained = _train(library, target, encoder, seed, force=force, n_folds=folds, parts=parts)
    library.record_run("train", {"models": [trained.to_dict()]})
    return trained


def _train(
    library: Library,
    target: str,
    encoder: str,
    seed: int,
    *,
    force: bool,
    n_folds: int,
    parts: Sequence[Split],
) -> TrainingResult:
    if encoder not in PRETRAINED_ENCODERS:
        raise ModelError(
            f"There is no pretrained encoder {encoder!r}: choose --on from"
            f" {', '.join(PRETRAINED_ENCODERS)}."
        )
    name = head_name(target, encoder)
    require_embeddings(library, encoder, f"The model '{name}'")
    catalogue = library.catalogue()
    labels = labels_of(library, catalogue, target)
    if labels.objective != "classes":
        raise ModelError(
            f"A classifier on an encoder needs classes that several artists share, and {target!r}"
            " has none: choose a column such as genre."
        )
    require_classes(labels, catalogue, name)
    vectors = embeddings(library, catalogue, encoder)
    train, valid = (_part(labels, vectors, split) for split in LEARNED)
    folds = usable_folds(labels, folds_of(labels, catalogue, n_folds, parts=parts), train | valid)
    manifest: dict[str, Any] = {
        "kind": KIND,
        "on": encoder,
        "ear": PRETRAINED_ENCODERS[encoder].fingerprint,
        "settings": {"strengths": list(STRENGTHS)},
        "folds": 1 if folds is None else int(folds.max()) + 1,
        "learned_from": ["train"] if folds is None else list(parts),
        "target": target,
        "class_names": list(labels.class_names),
        "seed": seed,
        "tracks": {split: int(_part(labels, vectors, split).sum()) for split in SPLITS},
        "data": _data_hash(catalogue, labels, vectors),
    }
    if not force and name in library.models:
        there = library.models.manifest(name)
        if all(there.get(key) == value for key, value in manifest.items()):
            return _result(there, labels, "up to date")
    started = time.monotonic()
    n_classes, held_out = len(labels.class_names), None
    if folds is None:
        fitted = fit_logistic(vectors, labels.labels, train, valid, n_classes)
    else:
        fitted, held_out = fit_in_folds(vectors, labels.labels, folds, n_classes) or (None, None)
    if fitted is None:
        raise TooLittleDataError(
            f"The train part has embeddings for fewer than two classes of {target!r}, and a"
            " classifier needs two: run segue preprocess again, or choose another target."
        )
    with library.models.saving(name, manifest) as directory:
        fitted.save(directory / _WEIGHTS)
        manifest["strength"] = fitted.strength
        if held_out is None or folds is None:
            judged, chances = valid, fitted.probabilities(vectors)
        else:
            judged, chances = folds >= 0, held_out
            OutOfFold(catalogue.rows[judged], folds[judged], chances[judged]).save(directory)
        manifest["metrics"] = _metrics(chances, labels, judged)
        manifest["fingerprint"] = _digest(directory / _WEIGHTS)
        manifest["seconds"] = round(time.monotonic() - started, 1)
    return _result(manifest, labels, "trained")


def _result(
    manifest: Mapping[str, Any], labels: Labels, state: Literal["trained", "up to date"]
) -> TrainingResult:
    return TrainingResult(
        model=head_name(manifest["target"], manifest["on"]),
        state=state,
        target=manifest["target"],
        classes=len(manifest["class_names"]),
        left_out=labels.left_out,
        tracks=manifest["tracks"],
        metrics=manifest["metrics"],
        seconds=manifest["seconds"],
    )


def head_probabilities(library: Library, catalogue: Catalogue, name: str) -> Matrix:
    """Return the class probabilities of the head `name`, ``[n_tracks, n_classes]``.

    The classes are those of its manifest; tracks without an embedding have rows of NaN.
    """
    try:
        fitted = Logistic.load(library.models.path(name) / _WEIGHTS)
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile) as error:
        raise ModelError(
            f"The model '{name}' cannot be read: run segue train with --on and --force again."
        ) from error
    return fitted.probabilities(embeddings(library, catalogue, name.rpartition(_ON)[2]))


def _part(labels: Labels, vectors: Matrix, split: str) -> NDArray[np.bool_]:
    """Return a mask of the embedded tracks of a split that have a class, ``[n_tracks]``."""
    in_split = np.array([part == split for part in labels.splits], bool)
    return in_split & (labels.labels >= 0) & ~np.isnan(vectors).any(axis=1)


def _metrics(chances: Matrix, labels: Labels, judged: NDArray[np.bool_]) -> dict[str, float]:
    if not judged.any():
        return {}
    predicted = chances[judged].argmax(axis=1)
    return classification_metrics(labels.labels[judged], predicted, labels.class_names).metrics


def _data_hash(catalogue: Catalogue, labels: Labels, vectors: Matrix) -> str:
    embedded: list[bool] = np.logical_not(np.isnan(vectors).any(axis=1)).tolist()
    facts = [
        (track.track_id, label, split, there)
        for track, label, split, there in zip(
            catalogue.tracks, labels.labels.tolist(), labels.splits, embedded, strict=True
        )
    ]
    return settings_hash({"tracks": facts, "classes": labels.class_names})


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]
