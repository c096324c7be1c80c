"""Find everything in a library that is damaged, without changing anything.

The database is compared with its own rules (structure, indexes, references, texts that can be read)
and, where nothing was written since, with its checksum. Everything else has checksums.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from segue.library.database_checks import database_damage
from segue.library.feature_stores import damaged_in, stores_in
from segue.library.files import CHECKSUMS, damaged_files
from segue.library.location import backend_of
from segue.library.storage import is_backup

DamageKind = Literal["database", "features", "model", "snapshot", "report", "backup"]

_FIRST_WITH_CHECKSUMS: Final = 7  # format of libraries; earlier ones get them when opened
_MAX_TRIES, _REPLACED_SECONDS = 3, 0.5


@dataclass(frozen=True, slots=True)
class Damage:
    """One damaged part of a library.

    Attributes
    ----------
    kind : str
        Of the part.
    name : str
        Of the model or report; of a file, its path in the library.
    text : str
        What is wrong, in one sentence.
    """

    kind: DamageKind
    name: str
    text: str


def find_damage(directory: Path) -> list[Damage]:
    """Return everything that is damaged in the library in a directory."""
    if is_backup(directory):
        return list(_damaged_directories(directory.parent, "backup", directory.name))
    backend = backend_of(directory)
    found = [Damage("database", "database", text) for text in backend.damage()]
    features = directory / "features"
    for store in stores_in(features):
        name = store.directory.relative_to(directory).as_posix()
        found += [Damage("features", name, text) for text in store.problems()]
    for path in damaged_in(features):
        name = path.relative_to(directory).as_posix()
        found.append(Damage("features", name, f"{path}: settings.json is missing or has changed."))
    old = backend.format() < _FIRST_WITH_CHECKSUMS
    found += _damaged_directories(directory, "model", "models/[!.]*", unlisted=old)
    found += _damaged_directories(directory, "snapshot", "models/.snapshot", unlisted=old)
    found += _damaged_directories(directory, "report", "reports/[!.]*", unlisted=old)
    for path in sorted(directory.glob("backups/*.db")):
        found += [
            Damage("backup", path.relative_to(directory).as_posix(), text)
            for text in database_damage(path)
        ]
    return found


def _damaged_directories(
    directory: Path, kind: DamageKind, pattern: str, *, unlisted: bool = False
) -> Iterator[Damage]:
    """Yield directories with damaged files; those without checksums are left out if `unlisted`."""
    for path in sorted(directory.glob(pattern)):
        if not path.is_dir() or (unlisted and not (path / CHECKSUMS).exists()):
            continue
        files = damaged_files(path)
        for _ in range(_MAX_TRIES if kind == "snapshot" else 0):
            if not files:
                break
            time.sleep(_REPLACED_SECONDS)  # a server may be replacing it
            files = damaged_files(path)
        if files:
            names = ", ".join(files)
            yield Damage(kind, path.name, f"{path}: missing or changed files: {names}.")
