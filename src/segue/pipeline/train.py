"""`train`: fit a model on the library, save it, and place every track with it.

A model whose data, settings and seed are those of the one that is there is up to date and is not
trained again.
"""

import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np

from segue.encoders import SETTINGS, Encoder, EncoderKind, EncoderSettings, train_encoder
from segue.errors import MissingExtraError, ModelError
from segue.evaluation import classification_metrics
from segue.library import Catalogue, Library, settings_hash, told
from segue.pipeline.embeddings import ENCODERS, KNN, encode_new
from segue.pipeline.hubs import hub_decision
from segue.pipeline.inputs import need_input, summaries
from segue.pipeline.labels import Labels, labels_of, need_classes
from segue.signals import KnnModel, KnnSettings
from segue.types import SPLITS, Progress, no_progress

MODELS = (*ENCODERS, KNN)
"""What `train` trains, in the order of `train all`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """What became of one model.

    `metrics` are those of the valid part, where there is one; `left_out` are the classes with too
    few tracks to be learned and judged.
    """

    model: str
    state: Literal["trained", "up to date", "skipped"]
    reason: str | None = None
    target: str | None = None
    classes: int = 0
    left_out: Sequence[str] = ()
    tracks: Mapping[str, int] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    seconds: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """Return one entry of the document that ``segue train --json`` prints."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class _Work:
    """What every model of one call is trained from."""

    library: Library
    catalogue: Catalogue
    labels: Labels
    seed: int
    force: bool
    settings: Mapping[str, EncoderSettings]
    progress: Progress


def train(
    library: Library,
    model: str = "all",
    *,
    target: str = "genre",
    on: str | None = None,
    seed: int = 0,
    force: bool = False,
    settings: Mapping[str, EncoderSettings] | None = None,
    progress: Progress = no_progress,
) -> list[Trained]:
    """Train one model, or all that the library has data for.

    Parameters
    ----------
    model
        ``cnn``, ``rnn``, ``knn`` or ``all``.
    target
        The column whose classes the networks learn to tell apart: ``genre``, ``tag``, ``artist``,
        ``album``, ``year`` or any metadata column.
    on
        A pretrained ear (``musicnn``, ``vgg``): `model` then names the column whose classes a
        head learns to tell apart on top of it (see `segue.pipeline.heads`).
    seed
        Of weights, crops and augmentation; the split has its own, so that seeds compare.
    force
        Train again even where nothing has changed.
    settings
        Other settings than the defaults, by name of the network.

    Raises
    ------
    ModelError
        If the model is unknown, or cannot be trained on this library; with ``all``, if none can.
    MissingExtraError
        If a network is asked for and Keras is not installed.
    LibraryBusyError
        If another program is writing to the library.
    """
    if on is not None:
        from segue.pipeline.heads import train_head  # which tells what it did in our words

        return [train_head(library, model, on, seed=seed, force=force)]
    if model not in (*MODELS, "all"):
        raise ModelError(f"There is no model {model!r}: choose from {', '.join(MODELS)} or all.")
    catalogue = library.catalogue()
    if not len(catalogue):
        raise ModelError("The library holds no tracks: run segue preprocess DATASET first.")
    labels = labels_of(library, catalogue, target)
    work = _Work(library, catalogue, labels, seed, force, settings or {}, progress)
    with library.writing("segue train"):
        results = _train_each(work, model)
    if all(result.state == "skipped" for result in results):
        reasons = " ".join(result.reason or "" for result in results)
        raise ModelError(f"Nothing could be trained. {reasons}")
    library.record_run("train", {"models": [result.to_dict() for result in results]})
    return results


def _train_each(work: _Work, model: str) -> list[Trained]:
    results = []
    for name in MODELS if model == "all" else (model,):
        try:
            with told(work.library.directory):
                results.append(_train_one(work, name))
        except (ModelError, MissingExtraError) as error:
            if model != "all":
                raise
            results.append(Trained(model=name, state="skipped", reason=str(error)))
    return results


def _train_one(work: _Work, name: str) -> Trained:
    started = time.monotonic()
    fit = _fit_knn if name == KNN else _fit_encoder
    manifest = fit(work, name)
    before = manifest is None
    if manifest is None:
        manifest = work.library.models.manifest(name)
    else:
        work.library.drop_features(
            lambda kept: (
                kept.get("embedding of") == name
                and kept.get("fingerprint") != manifest["fingerprint"]
            )
        )
    encode_new(work.library, work.catalogue, progress=work.progress)
    hub_decision(work.library, work.catalogue, name)
    return Trained(
        model=name,
        state="up to date" if before else "trained",
        target=manifest["target"],
        classes=len(manifest["class_names"]),
        left_out=work.labels.left_out,
        tracks=manifest["tracks"],
        metrics=manifest["metrics"],
        seconds=round(manifest["seconds"] if before else time.monotonic() - started, 1),
    )


def _fit_encoder(work: _Work, name: str) -> dict[str, Any] | None:
    """Train a network and save it; None if the one that is there is up to date."""
    chosen, store = need_input(work.library, name)
    need_classes(work.labels, work.catalogue, name)
    rows = set(store.rows().tolist())
    places = [place for place, row in enumerate(work.catalogue.rows.tolist()) if row in rows]
    kind = cast("EncoderKind", name)
    settings = work.settings.get(name) or SETTINGS[kind]()
    manifest: dict[str, Any] = {
        "kind": name,
        "input": chosen.name,
        "analysis": settings_hash(chosen.windows.settings),
        "settings": settings.to_dict(),
        **_origin(work.catalogue, work.labels, places, work.seed),
    }
    if not work.force and _up_to_date(work.library, name, manifest):
        return None
    used = [place for place in places if work.labels.splits[place] != "test"]
    frames = [store.read(chosen.frames[name], int(work.catalogue.rows[place])) for place in used]
    started = time.monotonic()
    trained = train_encoder(
        kind,
        frames,
        work.labels.labels[used],
        [work.labels.splits[place] for place in used],
        work.labels.class_names,
        settings=settings,
        seed=work.seed,
        input_kind=chosen.frames[name],
        checkpoint=work.library.models.checkpoint(name),
        progress=work.progress,
    )
    with work.library.models.saving(name, manifest) as directory:
        trained.save(directory)
        valid = [i for i, place in enumerate(used) if work.labels.splits[place] == "valid"]
        manifest["metrics"] = _valid_metrics(
            directory,
            [frames[i] for i in valid],
            work.labels.labels[np.array(used, np.int64)[valid]],
            work.labels,
        )
        manifest["history"] = trained.history.to_dict()
        manifest["fingerprint"] = _digest(directory / "model.onnx")
        manifest["seconds"] = round(time.monotonic() - started, 1)
    work.library.models.drop_checkpoint(name)
    return manifest


def _valid_metrics(
    directory: Path, frames: Sequence[Any], truth: Any, labels: Labels
) -> dict[str, float]:
    known = [i for i, label in enumerate(truth) if label >= 0]
    if not known:
        return {}
    chances = Encoder.load(directory).encode_many([frames[i] for i in known])[1]
    result = classification_metrics(truth[known], chances.argmax(axis=1), labels.class_names)
    return result.metrics


def _fit_knn(work: _Work, name: str) -> dict[str, Any] | None:
    """Fit the combined vector and save it; None if the one that is there is up to date."""
    summary, groups, chosen = summaries(work.library, work.catalogue)
    settings = KnnSettings()
    manifest: dict[str, Any] = {
        "kind": name,
        "input": chosen.name if chosen else "metadata",
        "analysis": settings_hash(chosen.summary.settings) if chosen else None,
        "settings": asdict(settings),
        **_origin(work.catalogue, work.labels, range(len(work.catalogue)), work.seed),
    }
    manifest["tracks"] = {split: int(work.labels.mask(split).sum()) for split in SPLITS}
    manifest["data"] = settings_hash(
        {"labels": manifest["data"], "metadata": _metadata_digest(work.catalogue)}
    )
    if not work.force and _up_to_date(work.library, name, manifest):
        return None
    started = time.monotonic()
    fitted = KnnModel.fit(
        work.catalogue.tracks, summary, groups, work.labels.mask("train"), settings
    )
    with work.library.models.saving(name, manifest) as directory:
        np.savez(directory / "arrays.npz", allow_pickle=False, **fitted.arrays)
        manifest["metrics"] = {}
        manifest["fingerprint"] = _digest(directory / "arrays.npz")
        manifest["seconds"] = round(time.monotonic() - started, 1)
    return manifest


def _origin(
    catalogue: Catalogue, labels: Labels, places: Sequence[int], seed: int
) -> dict[str, Any]:
    """Return what a model was made from, for its manifest."""
    facts = [
        (catalogue.tracks[place].track_id, int(labels.labels[place]), labels.splits[place])
        for place in places
    ]
    return {
        "target": labels.target,
        "class_names": list(labels.class_names),
        "seed": seed,
        "tracks": labels.counts(),
        "data": settings_hash({"tracks": facts, "classes": labels.class_names}),
    }


def _up_to_date(library: Library, name: str, manifest: Mapping[str, Any]) -> bool:
    if name not in library.models:
        return False
    there = library.models.manifest(name)
    same = ("kind", "input", "analysis", "target", "class_names", "seed", "data")
    return all(there.get(key) == manifest[key] for key in same) and there.get(
        "settings"
    ) == _as_json(manifest["settings"])


def _as_json(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {key: list(v) if isinstance(v, tuple) else v for key, v in settings.items()}


def _metadata_digest(catalogue: Catalogue) -> str:
    fields = [
        (track.track_id, track.genres, dict(track.tags), track.tempo, track.duration, track.year)
        for track in catalogue.tracks
    ]
    return settings_hash({"tracks": fields})


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]
