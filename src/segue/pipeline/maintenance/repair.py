"""Check a library, and repair what can be computed again: features, models, snapshot.

Listens, feedback, playlists and accounts are never changed. A damaged database is not repaired but
restored from a backup.
"""

import os
import shlex
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

from segue.errors import DamagedDataError, LibraryError, SegueError
from segue.library import MAP_PREFIX, Damage, FeatureStore, Library, backend_of, find_damage
from segue.library.lock import writing
from segue.library.shared_files import KINDS
from segue.library.storage import is_backup
from segue.pipeline.analysis.inputs import AUDIO, INPUTS, StoreSettings, open_store
from segue.pipeline.analysis.plan import AnalysisOptions
from segue.pipeline.analysis.workers import Workers
from segue.pipeline.preprocess import analyse_library
from segue.pipeline.recommender.build_snapshot import build
from segue.pipeline.track_map.train_maps import MODEL as MAP
from segue.pipeline.train import MODELS, train
from segue.text import plural
from segue.types import Progress, no_progress

_VERB: Final = "segue library repair"


@dataclass(frozen=True, slots=True)
class CheckResult:
    """Everything that is damaged; `missing` counts tracks whose analysis is gone."""

    damage: Sequence[Damage]
    missing: int = 0

    @property
    def ok(self) -> bool:
        """Return whether nothing is damaged."""
        return not self.damage and not self.missing

    def to_dict(self) -> dict[str, Any]:
        """Return the document that ``segue library check --json`` prints."""
        return {
            "ok": self.ok,
            "damage": [asdict(one) for one in self.damage],
            "missing": self.missing,
        }


@dataclass(frozen=True, slots=True)
class RepairResult:
    """What was damaged, what was done about it, and what stays damaged, in sentences."""

    damage: Sequence[Damage]
    done: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Return the document that ``segue library repair --json`` prints."""
        return {
            "damage": [asdict(one) for one in self.damage],
            "done": self.done,
            "left": self.left,
        }


def check(directory: str | Path) -> CheckResult:
    """Find everything in a library that is damaged, without changing anything.

    Raises
    ------
    LibraryError
        If there is no library.
    LibraryBusyError
        If another program is writing to it: what is half-written would look damaged.
    """
    place = _place(directory)
    if os.access(place, os.W_OK) and not is_backup(place):
        with writing(place, "segue library check"):
            return _checked(place)
    return _checked(place)


def _place(directory: str | Path) -> Path:
    place = Path(directory).expanduser().absolute()
    if not place.is_dir():
        raise LibraryError(f"There is no library at {directory}: name another with --library.")
    return place


def _checked(place: Path) -> CheckResult:
    damage = find_damage(place)
    if is_backup(place):
        return CheckResult(damage)
    missing = 0
    if not any(one.kind == "database" for one in damage):
        library = Library(place, create=False)
        missing = len(_without_analysis(library))
        library.close()
    return CheckResult(damage, missing)


def repair(
    directory: str | Path, *, workers: int | None = None, progress: Progress = no_progress
) -> RepairResult:
    """Repair a library: analyze, train and build again what is damaged.

    Raises
    ------
    DamagedDataError
        If its database is damaged: nothing is changed.
    LibraryBusyError
        If another program is writing to the library.
    """
    broken = backend_of(_place(directory)).damage()
    if broken:
        raise DamagedDataError(
            f"The database is damaged ({broken[0].rstrip('.')}): restore it with segue library"
            " restore COPY; copies are in its directory backups/ and where you made them."
        )
    library = Library(directory, create=False)
    with library.writing(_VERB):
        found = _checked(library.directory)  # nothing else writes from here on
        result = RepairResult(found.damage)
        models = [one.name for one in found.damage if one.kind == "model"]
        features = [one for one in found.damage if one.kind == "features"]
        if features or found.missing:
            n_dropped = _drop_damaged(library, features)
            with Workers(workers) as pool:
                done = analyse_library(
                    library, pool, AnalysisOptions(retry=True), progress=progress
                )
            result.done.append(
                f"Analyzed {done.analyzed} and embedded"
                f" {plural(done.encoded + done.embedded, 'track')} again"
                f" ({n_dropped + found.missing} had a damaged analysis)."
            )
            left = len(_without_analysis(library))
            if left:
                result.left.append(
                    f"The files of {plural(left, 'track')} could not be analyzed: segue library"
                    " problems names them."
                )
        manifests = {name: library.models.manifest_of_damaged(name) for name in models}
        for name in models:
            shutil.rmtree(library.models.directory / name, ignore_errors=True)
        for one in found.damage:
            if one.kind == "snapshot":
                shutil.rmtree(library.models.directory / one.name, ignore_errors=True)
            elif one.kind == "report":
                shutil.rmtree(library.reports / one.name, ignore_errors=True)
                result.done.append(
                    f"Removed the report {one.name}: segue evaluate makes a new one."
                )
            elif one.kind == "backup":
                result.left.append(f"{one.text.rstrip('.')}: delete it and make a new backup.")
    library.files.publish(*KINDS, everything=True)  # objects may be damaged, too
    for name in models:
        _train_again(library, name, manifests[name], result, progress)
    if len(library.catalogue()):
        with suppress(SegueError):
            build(library)
            if any(one.kind == "snapshot" for one in found.damage):
                result.done.append("Built the snapshot again.")
    library.record_run("repair", result.to_dict())
    library.close()
    return result


def _without_analysis(library: Library) -> set[int]:
    """Return the rows of tracks that the database says were analyzed and no store holds."""
    stored = set(open_store(library, AUDIO.summary).rows().tolist())
    recorded = {row for row, file in library.audio_files().items() if file.digest is not None}
    return recorded - stored


def _drop_damaged(library: Library, damage: Sequence[Damage]) -> int:
    """Remove the damaged arrays from all stores; return the number of tracks."""
    known = {store.directory.name: store for store in _known_stores(library)}
    for name in {Path(one.name).name for one in damage}:
        if name in known:
            known[name].write_settings()  # they may be what is damaged
    readable = {store.directory.name: store for store in library.stores(lambda _: True)}
    summary = open_store(library, AUDIO.summary)
    windows = open_store(library, AUDIO.windows)
    dropped: set[int] = set()
    for name in sorted({Path(one.name).name for one in damage}):
        store = readable.get(name)
        if store is None:
            shutil.rmtree(library.directory / "features" / name, ignore_errors=True)
            continue
        rows = store.verify()
        dropped.update(rows)
        with store:
            store.forget(rows)
            store.compact(always=True)
            store.write_settings()
        if name == windows.directory.name:
            # windows are computed together with the summary, where the file is still there
            lost = set(summary.rows().tolist()) - set(store.rows().tolist())
            dropped.update(lost)
            with summary:
                summary.forget(_with_files(library, sorted(lost)))
    return len(dropped)


def _known_stores(library: Library) -> list[FeatureStore]:
    """Return the stores whose settings this segue can write again."""
    settings: list[StoreSettings] = [AUDIO.windows]
    for chosen in INPUTS.values():
        settings += [chosen.summary, *chosen.added.values()]
    stores = [open_store(library, one) for one in settings]
    return [store for store in stores if store.directory.is_dir()]


def _with_files(library: Library, rows: Sequence[int]) -> list[int]:
    files = library.audio_files()
    return [row for row in rows if row in files and files[row].path.is_file()]


def _train_again(
    library: Library,
    name: str,
    manifest: Mapping[str, Any],
    result: RepairResult,
    progress: Progress,
) -> None:
    target, on, encoder = name.rpartition("-on-")
    model = unquote(target) if on else MAP if name.startswith(MAP_PREFIX) else name
    if not on and model not in (*MODELS, MAP):
        result.done.append(f"Removed the settings '{name}', which are learned where needed.")
        return
    try:
        train(
            library,
            model,
            target=None if on or model == MAP else manifest.get("target"),
            on=encoder if on else None,
            seed=manifest.get("seed", 0),
            progress=progress,
        )
    except SegueError as error:
        command = f"segue train {shlex.quote(model)}{f' --on {encoder}' if on else ''}"
        result.left.append(f"The model '{name}' could not be trained ({error}): run {command}.")
    else:
        result.done.append(f"Trained the model '{name}' again.")
