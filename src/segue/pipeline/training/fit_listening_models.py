"""Train one model of listening data and save it."""

import hashlib
import time
from dataclasses import asdict
from typing import Any

import pandas as pd

from segue.errors import ModelError, TooLittleDataError
from segue.library import Catalogue, Library, settings_hash
from segue.listening import Collaborative, CollaborativeSettings
from segue.listening.sequences import SequenceModel
from segue.pipeline.training.content import content_signals
from segue.pipeline.training.listening_models import (
    COLLABORATIVE,
    MIN_LISTENERS,
    TrainingData,
    find_settings,
    fit_models,
)
from segue.pipeline.training.training_result import TrainingResult
from segue.task_runner import IN_PROCESS, TaskRunner

SEARCH_VERSION = 2
"""Raised when the collaborative model gets other settings or inputs: it is then trained again."""

_METRIC = "ndcg@20"


def fit_listening(
    library: Library,
    catalogue: Catalogue,
    name: str,
    *,
    seed: int = 0,
    force: bool = False,
    runner: TaskRunner = IN_PROCESS,
) -> TrainingResult:
    """Fit one model of listening data on all listens and save it.

    Raises
    ------
    TooLittleDataError
        If there are no listens, or none that this model can be trained on.
    """
    started = time.monotonic()
    listens = library.shared_listens()
    withheld = sorted(library.reader.sharing().withheld)
    if listens.empty and withheld:
        raise TooLittleDataError(
            f"The model '{name}' needs listens of accounts that share their taste, and this library"
            " has few listeners and no such account: see What listeners share in docs/security.md."
        )
    if listens.empty:
        raise TooLittleDataError(
            f"The model '{name}' is trained on listens, and the library has none: run segue import,"
            " or add a listens.csv to the dataset and run segue preprocess again."
        )
    manifest: dict[str, Any] = {
        "kind": name,
        "seed": seed,
        "data": data_digest(library, listens, catalogue, labels=name == COLLABORATIVE),
        "tracks": {},
        **({"search": SEARCH_VERSION} if name == COLLABORATIVE else {}),
        **({"withheld": withheld} if withheld else {}),
    }
    if not force and _is_up_to_date(library, name, manifest):
        there = library.models.manifest(name)
        return TrainingResult(
            model=name, state="up to date", metrics=there["metrics"], seconds=there["seconds"]
        )
    content = content_signals(library, catalogue)
    material = TrainingData.of(library, catalogue, content, wanted=[name], seed=seed, runner=runner)
    start = None if force else _settings_found_before(library, name)
    fitted = _fit(material, listens, name, manifest, start)
    with library.models.saving(name, manifest) as directory:
        fitted.save(directory)
        manifest["fingerprint"] = settings_hash(
            {key: manifest[key] for key in ("data", "seed", "settings")}
        )
        manifest["seconds"] = round(time.monotonic() - started, 1)
    return TrainingResult(
        model=name, state="trained", metrics=manifest["metrics"], seconds=manifest["seconds"]
    )


def _fit(
    material: TrainingData,
    listens: pd.DataFrame,
    name: str,
    manifest: dict[str, Any],
    start: CollaborativeSettings | None,
) -> Collaborative | SequenceModel:
    profiles = material.profiles(listens)
    settings: CollaborativeSettings | None = None
    manifest["metrics"], manifest["settings"] = {}, {}
    if name == COLLABORATIVE:
        searched = find_settings(material, material.hidden(listens), start)
        if searched is None:
            raise TooLittleDataError(
                f"The model '{name}' needs at least {MIN_LISTENERS} listeners with two liked"
                " tracks each: import more listening histories."
            )
        settings = searched.settings
        manifest["trials"] = list(searched.trials)
        manifest["settings"] = asdict(settings)
        chosen = [one for one in searched.trials if one.get("share") == settings.share]
        manifest["metrics"] = {_METRIC: chosen[-1][_METRIC]} if chosen else {}
    models = fit_models(material, profiles, settings, attentive=True)
    fitted = models.collaborative if name == COLLABORATIVE else models.sequence
    if fitted is None:
        raise TooLittleDataError(
            f"The model '{name}' is trained on the order of listens, and these have neither a"
            " timestamp nor a position: import listens that have timestamps."
        )
    return fitted


def _settings_found_before(library: Library, name: str) -> CollaborativeSettings | None:
    """Return the settings of the trained collaborative model, None without one of this version."""
    if name != COLLABORATIVE or name not in library.models:
        return None
    there = library.models.manifest(name)
    if there.get("search") != SEARCH_VERSION:
        return None
    try:
        return CollaborativeSettings.from_dict(there["settings"])
    except (KeyError, TypeError, ValueError):
        return None


def _is_up_to_date(library: Library, name: str, manifest: dict[str, Any]) -> bool:
    if name not in library.models:
        return False
    there = library.models.manifest(name)
    if any(there.get(key) != manifest[key] for key in manifest):
        return False
    try:
        (Collaborative if name == COLLABORATIVE else SequenceModel).load(library.models.path(name))
    except ModelError:  # damaged or of another version: train it again
        return False
    return True


def data_digest(
    library: Library, listens: pd.DataFrame, catalogue: Catalogue, *, labels: bool
) -> str:
    """Return a digest of the listens, what is not learned from, the tracks and their tags.

    With `labels`, it covers the artists and albums of the tracks, too. A column of sessions in
    which all are unknown is left out, so that libraries of earlier versions have the same digest.
    """
    if "session_id" in listens and listens["session_id"].isna().all():
        listens = listens.drop(columns="session_id")
    summed = pd.util.hash_pandas_object(listens, index=False).to_numpy()
    tags = [(track.track_id, dict(track.tags), track.genres) for track in catalogue.tracks]
    digest = hashlib.sha256(summed.tobytes()).hexdigest()
    rules = library.rules.all("learn")
    stated = sorted((one.user, one.kind, one.value) for one in rules)
    members = library.rules.playlist_members(rules)
    more: dict[str, Any] = {"rules": stated, "playlists": members} if rules else {}
    if labels:
        more["members"] = [
            (track.artist, [one.name for one in track.artists], track.album)
            for track in catalogue.tracks
        ]
    return settings_hash({"listens": digest, "tracks": tags, **more})
