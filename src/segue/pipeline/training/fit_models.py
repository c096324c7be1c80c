"""Fit one model on the library and save it with a manifest of its training data.

Each function returns the manifest, or None if the saved model is up to date.
"""

import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from segue.encoders import (
    SETTINGS,
    Encoder,
    EncoderKind,
    EncoderSettings,
    TrainedEncoder,
    TrainingCurve,
    train_encoder,
)
from segue.encoders.inference import check_saved
from segue.errors import ModelError
from segue.evaluation import classification_metrics, tagging_metrics
from segue.library import Catalogue, Library, settings_hash
from segue.pipeline.analysis.embeddings import encode_with
from segue.pipeline.analysis.inputs import need_input, summaries, summary_facts
from segue.pipeline.training.folds import LEARNED, N_FOLDS, folds_of, usable_folds
from segue.pipeline.training.labels import Labels, require_classes, require_judged
from segue.pipeline.training.out_of_fold import OutOfFold
from segue.signals import KnnModel, KnnSettings
from segue.task_runner import IN_PROCESS, TaskRunner
from segue.types import SPLITS, Progress, Split


@dataclass(frozen=True, slots=True)
class TrainingContext:
    """Inputs shared by all models of one call to `train`."""

    library: Library
    catalogue: Catalogue
    labels: Labels
    seed: int
    force: bool
    settings: Mapping[str, EncoderSettings]
    progress: Progress
    only_judged: bool = False
    """Whether networks are left out that too few labels could judge."""
    n_folds: int = N_FOLDS
    """Folds of the labeled tracks, if there are enough of them; 1 for none."""
    hold_out_valid: bool = False
    """Whether the validation part is not learned from."""
    runner: TaskRunner = IN_PROCESS
    """Where models are fitted."""

    @property
    def parts(self) -> tuple[Split, ...]:
        """The parts of the split that are divided into folds."""
        return ("train",) if self.hold_out_valid else LEARNED

    def folds(self) -> NDArray[np.int64] | None:
        """Return the fold of each track, -1 for none; None if there are no folds."""
        return folds_of(self.labels, self.catalogue, self.n_folds, parts=self.parts)

    def fold_facts(self, folds: NDArray[np.int64] | None) -> dict[str, Any]:
        """Return the manifest entries about folds."""
        if folds is None:
            return {"folds": 1, "learned_from": ["train"]}
        return {"folds": int(folds.max()) + 1, "learned_from": list(self.parts)}


def fit_encoder(work: TrainingContext, name: str) -> dict[str, Any] | None:
    """Train a network and save it; None if the saved network is up to date."""
    chosen, store = need_input(work.library, name)
    require_classes(work.labels, work.catalogue, name)
    rows = set(store.rows().tolist())
    places = [place for place, row in enumerate(work.catalogue.rows.tolist()) if row in rows]
    kind = cast("EncoderKind", name)
    settings = work.settings.get(name) or SETTINGS[kind]()
    folds = usable_folds(work.labels, work.folds(), np.isin(np.arange(len(work.catalogue)), places))
    manifest: dict[str, Any] = {
        "kind": name,
        "objective": work.labels.objective,
        "input": chosen.name,
        "analysis": settings_hash(chosen.windows.settings),
        "settings": settings.to_dict(),
        **work.fold_facts(folds),
        **origin(work.catalogue, work.labels, places, work.seed),
    }
    if not work.force and up_to_date(work.library, name, manifest):
        return None
    if work.only_judged and folds is None:
        require_judged(work.labels)
    used = [place for place in places if work.labels.splits[place] != "test"]
    frames = [store.read(chosen.frames[name], int(work.catalogue.rows[place])) for place in used]
    started = time.monotonic()
    trained = train_encoder(
        kind,
        frames,
        work.labels.taught(used),
        [work.labels.splits[place] for place in used],
        work.labels.class_names,
        folds=None if folds is None else folds[used],
        objective=work.labels.objective,
        settings=settings,
        seed=work.seed,
        input_kind=chosen.frames[name],
        names=[work.catalogue.tracks[place].track_id for place in used],
        checkpoint=work.library.models.checkpoint(name),
        runner=work.runner,
        progress=work.progress,
    )
    with work.library.models.saving(name, manifest) as directory:
        trained.save(directory)
        if trained.out_of_fold is None or folds is None:
            metrics = _valid_metrics(directory, frames, used, work.labels, trained.history)
        else:
            metrics = _save_out_of_fold(work, directory, trained, used, folds)
        manifest["metrics"] = metrics
        manifest["history"] = trained.history.to_dict()
        manifest["fingerprint"] = digest_of_file(directory / "model.onnx")
        encode_with(work.library, name, directory, manifest, progress=work.progress)
        manifest["seconds"] = round(time.monotonic() - started, 1)
    work.library.models.drop_checkpoint(name)
    return manifest


def _save_out_of_fold(
    work: TrainingContext,
    directory: Path,
    trained: TrainedEncoder,
    used: Sequence[int],
    folds: NDArray[np.int64],
) -> dict[str, float]:
    """Save the predictions for held-out tracks; return their metrics."""
    places, outputs = np.asarray(used, np.int64), trained.out_of_fold
    if outputs is None:
        return {}
    inside = folds[places] >= 0
    chances = outputs[inside, : len(work.labels.class_names)]
    places = places[inside]
    OutOfFold(work.catalogue.rows[places], folds[places], chances).save(directory)
    return _metrics(work.labels, places.tolist(), chances, trained.history)


def _valid_metrics(
    directory: Path,
    frames: Sequence[Any],
    places: Sequence[int],
    labels: Labels,
    history: TrainingCurve,
) -> dict[str, float]:
    """Return the validation metrics of the saved encoder (for contrast: of the best epoch)."""
    known = [
        i
        for i, place in enumerate(places)
        if labels.splits[place] == "valid" and labels.labels[place] >= 0
    ]
    judged = [places[i] for i in known]
    if not known or labels.objective == "contrast":
        return _metrics(labels, judged, np.zeros((0, 0), np.float32), history)
    chances = Encoder.load(directory).encode_many([frames[i] for i in known])[1]
    return _metrics(labels, judged, chances, history)


def _metrics(
    labels: Labels, places: Sequence[int], chances: NDArray[np.float32], history: TrainingCurve
) -> dict[str, float]:
    if labels.objective == "contrast":
        best = history.best_epoch - 1
        return {"nearest_of_group": history.val_accuracy[best]} if history.val_accuracy else {}
    if not len(places):
        return {}
    truth = labels.taught(places)
    if labels.objective == "tags":
        return dict(tagging_metrics(truth, chances, labels.class_names).metrics)
    return classification_metrics(truth, chances.argmax(axis=1), labels.class_names).metrics


def fit_knn(work: TrainingContext, name: str) -> dict[str, Any] | None:
    """Fit the kNN vector and save it; None if the saved model is up to date."""
    summary, groups, chosen = summaries(work.library, work.catalogue)
    settings = KnnSettings()
    manifest: dict[str, Any] = {
        "kind": name,
        "input": chosen.name if chosen else "metadata",
        **summary_facts(work.library, chosen),
        "settings": asdict(settings),
        **origin(work.catalogue, work.labels, range(len(work.catalogue)), work.seed),
    }
    manifest["tracks"] = {split: int(work.labels.mask(split).sum()) for split in SPLITS}
    manifest["data"] = settings_hash(
        {"labels": manifest["data"], "metadata": _metadata_digest(work.catalogue)}
    )
    if not work.force and up_to_date(work.library, name, manifest):
        return None
    started = time.monotonic()
    fitted = KnnModel.fit(
        work.catalogue.tracks, summary, groups, work.labels.mask("train"), settings
    )
    with work.library.models.saving(name, manifest) as directory:
        np.savez(directory / "arrays.npz", allow_pickle=False, **fitted.arrays)
        manifest["metrics"] = {}
        manifest["fingerprint"] = digest_of_file(directory / "arrays.npz")
        manifest["seconds"] = round(time.monotonic() - started, 1)
    return manifest


def origin(
    catalogue: Catalogue, labels: Labels, places: Sequence[int], seed: int
) -> dict[str, Any]:
    """Return the description of the training data for a manifest."""
    facts = [
        (catalogue.tracks[place].track_id, taught, labels.splits[place])
        for place, taught in zip(places, labels.taught(places).tolist(), strict=True)
    ]
    return {
        "target": labels.target,
        "class_names": list(labels.class_names),
        "seed": seed,
        "tracks": labels.counts(),
        "data": settings_hash({"tracks": facts, "classes": labels.class_names}),
    }


def up_to_date(library: Library, name: str, manifest: Mapping[str, Any]) -> bool:
    """Return whether the saved model has the data and settings of `manifest`."""
    if name not in library.models:
        return False
    there = library.models.manifest(name)
    if not _is_whole(library, name, there):
        return False
    same = manifest.keys() - {"settings", "tracks"}
    return all(there.get(key) == manifest[key] for key in same) and there.get(
        "settings"
    ) == _as_json(manifest["settings"])


def _is_whole(library: Library, name: str, there: Mapping[str, Any]) -> bool:
    """Return whether the files of a model match its manifest."""
    directory = library.models.path(name)
    try:
        if name in SETTINGS:
            check_saved(directory)
        elif (arrays := directory / "arrays.npz").exists():
            return digest_of_file(arrays) == there.get("fingerprint")
    except (ModelError, OSError):
        return False
    return True


def _as_json(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {key: list(v) if isinstance(v, tuple) else v for key, v in settings.items()}


def _metadata_digest(catalogue: Catalogue) -> str:
    fields = [
        (track.track_id, track.genres, dict(track.tags), track.tempo, track.duration, track.year)
        for track in catalogue.tracks
    ]
    return settings_hash({"tracks": fields})


def digest_of_file(path: Path) -> str:
    """Return the fingerprint of a saved model; embeddings of another fingerprint are stale."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]
