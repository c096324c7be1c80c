"""Heads: classifiers of the user's own labels on top of what a pretrained ear heard.

A head is multinomial logistic regression on the ear's embeddings, standardised over the train
tracks; how strongly it is regularised is chosen on valid. It is kept like every model, under
``<target>-on-<ear>``, in plain arrays: `mean`, `scale`, `weights` ``[d, n_classes]``, `bias`.
"""

import hashlib
import time
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import quote

import numpy as np
from numpy.typing import NDArray

from segue.encoders.pretrained import EARS
from segue.errors import ModelError, TooLittleDataError
from segue.evaluation import classification_metrics
from segue.library import Catalogue, Library, settings_hash, told
from segue.pipeline.ears import need_heard
from segue.pipeline.embeddings import embeddings
from segue.pipeline.labels import Labels, labels_of, need_classes
from segue.pipeline.train import Trained
from segue.types import SPLITS

KIND: Final = "head"
_ON: Final = "-on-"
_WEIGHTS: Final = "arrays.npz"

Matrix = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadSettings:
    """How a head is fitted."""

    strengths: tuple[float, ...] = (0.0003, 0.001, 0.003, 0.01, 0.03, 0.1)
    """Inverse strengths of regularisation (C) that valid chooses from."""

    strength: float = 0.003
    """The one to take where there is no valid part."""

    clip: float = 5.0
    """Standardised values beyond this are cut: one odd track must not decide."""


def head_name(target: str, ear: str) -> str:
    """Return the name under which the head for `target` is kept.

    >>> head_name("genre", "musicnn"), head_name("A/B", "vgg")
    ('genre-on-musicnn', 'A%2FB-on-vgg')
    """
    # a column may be called anything; a directory may not
    return quote(target, safe=" ").replace(".", "%2E") + _ON + ear


def is_head(name: str) -> bool:
    """Tell whether `name` could be that of a head."""
    return name.rpartition(_ON)[2] in EARS and _ON in name


def heads(library: Library) -> list[str]:
    """Return the heads that are trained, sorted by name."""
    return [name for name in library.models.names() if is_head(name)]


def train_head(
    library: Library,
    target: str,
    ear: str,
    *,
    seed: int = 0,
    force: bool = False,
    settings: HeadSettings | None = None,
) -> Trained:
    """Fit the head for the column `target` on what `ear` heard, and save it.

    One whose data, settings and seed are the same is up to date and is not fitted again, unless by
    `force`. The fit draws nothing: the seed only shows in the manifest.

    Raises
    ------
    ModelError
        If there is no such ear or column.
    ModelNotTrainedError
        If the ear has heard no track.
    TooLittleDataError
        If fewer than two classes have a train track that was heard.
    LibraryBusyError
        If another program is writing to the library.
    """
    with library.writing("segue train"), told(library.directory):
        trained = _train(library, target, ear, seed, force=force, settings=settings)
    library.record_run("train", {"models": [trained.to_dict()]})
    return trained


def _train(
    library: Library,
    target: str,
    ear: str,
    seed: int,
    *,
    force: bool,
    settings: HeadSettings | None,
) -> Trained:
    if ear not in EARS:
        raise ModelError(f"There is no pretrained ear {ear!r}: choose --on from {', '.join(EARS)}.")
    name = head_name(target, ear)
    need_heard(library, ear, f"The model '{name}'")
    catalogue = library.catalogue()
    labels = labels_of(library, catalogue, target)
    need_classes(labels, catalogue, name)
    settings = settings or HeadSettings()
    vectors = embeddings(library, catalogue, ear)
    parts = {split: _part(labels, vectors, split) for split in ("train", "valid")}
    manifest: dict[str, Any] = {
        "kind": KIND,
        "on": ear,
        "ear": EARS[ear].fingerprint,
        "settings": {key: _plain(value) for key, value in asdict(settings).items()},
        "target": target,
        "class_names": list(labels.class_names),
        "seed": seed,
        "tracks": {split: int(_part(labels, vectors, split).sum()) for split in SPLITS},
        "data": _data_hash(catalogue, labels, vectors),
    }
    if not force and name in library.models:
        there = library.models.manifest(name)
        if all(there.get(key) == value for key, value in manifest.items()):
            return _told(there, labels, "up to date")
    started = time.monotonic()
    arrays, chosen = _fit(vectors, labels, parts, settings)
    with library.models.saving(name, manifest) as directory:
        np.savez(directory / _WEIGHTS, allow_pickle=False, **arrays)
        manifest["strength"] = chosen
        manifest["metrics"] = _metrics(arrays, vectors, labels, parts["valid"])
        manifest["fingerprint"] = _digest(directory / _WEIGHTS)
        manifest["seconds"] = round(time.monotonic() - started, 1)
    return _told(manifest, labels, "trained")


def _told(
    manifest: Mapping[str, Any], labels: Labels, state: Literal["trained", "up to date"]
) -> Trained:
    return Trained(
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
    """Return what the head `name` thinks of every track, ``[n_tracks, n_classes]``.

    The classes are those of its manifest; rows of NaN stand for tracks that its ear has not heard.
    """
    path = library.models.path(name) / _WEIGHTS
    try:
        # opened here, since np.load leaves a file open that it cannot read
        with path.open("rb") as file, np.load(file, allow_pickle=False) as found:
            arrays = dict(found)
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise ModelError(
            f"The model '{name}' cannot be read: run segue train with --on and --force again."
        ) from error
    return _probabilities(arrays, embeddings(library, catalogue, name.rpartition(_ON)[2]))


def _part(labels: Labels, vectors: Matrix, split: str) -> NDArray[np.bool_]:
    """Return which tracks of a split have a class and were heard, ``[n_tracks]``."""
    in_split = np.array([part == split for part in labels.splits], bool)
    return in_split & (labels.labels >= 0) & ~np.isnan(vectors).any(axis=1)


def _fit(
    vectors: Matrix,
    labels: Labels,
    parts: Mapping[str, NDArray[np.bool_]],
    settings: HeadSettings,
) -> tuple[dict[str, NDArray[Any]], float]:
    """Return the head's arrays, and the strength that was best on valid (the lower of equals)."""
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    train, valid = parts["train"], parts["valid"]
    known = np.unique(labels.labels[train])
    if len(known) < 2:
        raise TooLittleDataError(
            f"The train part has tracks of {len(known)} class of {labels.target!r} that were heard"
            " and a head needs two: run segue preprocess again, or choose another target."
        )
    mean = vectors[train].mean(axis=0)
    scale = vectors[train].std(axis=0)
    scale[scale < 1e-6] = 1  # units that never answer
    arrays = {"mean": mean, "scale": scale, "clip": np.float32(settings.clip)}
    x = _standardised(arrays, vectors)
    best: tuple[float, float, Any] | None = None
    for strength in settings.strengths if valid.any() else (settings.strength,):
        model = LogisticRegression(C=strength, max_iter=2_000, class_weight="balanced")
        # the products are small: several threads were a hundred times slower on a busy machine
        with threadpool_limits(1):
            model.fit(x[train], labels.labels[train])
        right = float(model.score(x[valid], labels.labels[valid])) if valid.any() else 0.0
        if best is None or right > best[0]:
            best = (right, strength, model)
    if best is None:
        raise ModelError("No strengths were given to choose from: give at least one.")
    _, strength, model = best
    # with two classes scikit-learn keeps the difference of their rows only
    two = len(known) == 2
    rows = np.concatenate((-model.coef_, model.coef_)) / 2 if two else model.coef_
    offsets = np.concatenate((-model.intercept_, model.intercept_)) / 2 if two else model.intercept_
    weights = np.zeros((vectors.shape[1], len(labels.class_names)), np.float32)
    bias = np.full(len(labels.class_names), -np.inf, np.float32)  # never met in train
    weights[:, known], bias[known] = rows.T, offsets
    return {**arrays, "weights": weights, "bias": bias}, strength


def _standardised(arrays: Mapping[str, NDArray[Any]], vectors: Matrix) -> Matrix:
    clip = float(arrays["clip"])
    scaled: Matrix = np.clip((vectors - arrays["mean"]) / arrays["scale"], -clip, clip)
    return scaled


def _probabilities(arrays: Mapping[str, NDArray[Any]], vectors: Matrix) -> Matrix:
    logits = _standardised(arrays, vectors) @ arrays["weights"] + arrays["bias"]
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    chances: Matrix = powers / powers.sum(axis=1, keepdims=True)
    return chances


def _metrics(
    arrays: Mapping[str, NDArray[Any]], vectors: Matrix, labels: Labels, valid: NDArray[np.bool_]
) -> dict[str, float]:
    if not valid.any():
        return {}
    predicted = _probabilities(arrays, vectors[valid]).argmax(axis=1)
    return classification_metrics(labels.labels[valid], predicted, labels.class_names).metrics


def _data_hash(catalogue: Catalogue, labels: Labels, vectors: Matrix) -> str:
    heard: list[bool] = np.logical_not(np.isnan(vectors).any(axis=1)).tolist()
    facts = [
        (track.track_id, label, split, there)
        for track, label, split, there in zip(
            catalogue.tracks, labels.labels.tolist(), labels.splits, heard, strict=True
        )
    ]
    return settings_hash({"tracks": facts, "classes": labels.class_names})


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]
