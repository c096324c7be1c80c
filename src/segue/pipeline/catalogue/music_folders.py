"""Browse the folders of the server below allowed roots, to choose one that holds music.

Conventions
-----------
- Links are never followed, and hidden folders are left out: a folder is only shown if its real path
  is below the real path of a root.
- Audio files are counted by their names, in at most `MAX_ENTRIES` files and folders below each
  folder, and in at most `MAX_ALL_ENTRIES` for one answer.
"""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Final

from segue.errors import UnknownFolderError
from segue.sources.datasets.tracks import AUDIO_SUFFIXES

USUAL_ROOTS: Final = ("/music", "/media", "/mnt", "/srv/music", "/Volumes")
MAX_ENTRIES: Final = 2_000
MAX_ALL_ENTRIES: Final = 20_000
MAX_FOLDERS: Final = 1_000
_REFUSED: Final = "There is no such folder, or it may not be shown: choose one of the folders."


@dataclass(frozen=True, slots=True)
class MusicFolder:
    """A folder with the number of audio files below it; `more` if it was not counted to its end."""

    path: str
    name: str
    n_audio: int
    more: bool


@dataclass(frozen=True, slots=True)
class FolderListing:
    """The folders inside a folder; `here` is None for the list of roots, `parent` for a root."""

    here: MusicFolder | None
    parent: str | None
    folders: Sequence[MusicFolder]
    truncated: bool


def default_roots() -> list[Path]:
    """Return the home directory, and the usual places of music that there are."""
    found = [Path.home(), *map(Path, USUAL_ROOTS)]
    return [place for place in found if place.is_dir()]


def list_folders(roots: Iterable[Path], path: str | None = None) -> FolderListing:
    """Return the folders in `path`, by default the roots.

    Raises
    ------
    UnknownFolderError
        If there is no such folder, or it is not below a root.
    """
    real_roots = list(dict.fromkeys(Path(os.path.realpath(root)) for root in roots))
    counter = _Counter()
    if not path:
        shown = [counter.folder(root, str(root)) for root in real_roots if root.is_dir()]
        return FolderListing(None, None, shown, truncated=False)
    here = _checked(path, real_roots)
    names = _folder_names(here)
    listed = [counter.folder(here / name, name) for name in names[:MAX_FOLDERS]]
    is_root = here in real_roots
    return FolderListing(
        counter.folder(here, str(here) if is_root else here.name),
        None if is_root else str(here.parent),
        listed,
        truncated=len(names) > MAX_FOLDERS,
    )


def _checked(path: str, roots: Sequence[Path]) -> Path:
    """Return a folder that may be shown."""
    if "\0" in path or not Path(path).is_absolute():
        raise UnknownFolderError(_REFUSED)
    here = Path(os.path.normpath(path))
    root = next((root for root in roots if here.is_relative_to(root)), None)
    if root is None or any(part.startswith(".") for part in here.relative_to(root).parts):
        raise UnknownFolderError(_REFUSED)
    try:
        # a link, here or above, leads elsewhere
        allowed = os.path.realpath(here) == str(here) and here.is_dir()
    except OSError:  # the name is too long
        allowed = False
    if not allowed:
        raise UnknownFolderError(_REFUSED)
    return here


def _folder_names(here: Path) -> list[str]:
    try:
        with os.scandir(here) as entries:
            found = [entry.name for entry in entries if _is_folder(entry)]
    except OSError as error:
        raise UnknownFolderError(
            f"The folder {here.name!r} cannot be read by the server: check its permissions."
        ) from error
    return sorted(found, key=str.casefold)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return not entry.name.startswith(".") and entry.is_dir(follow_symlinks=False)
    except OSError:
        return False


class _Counter:
    """Counts audio files; all counts of one answer share a limit."""

    def __init__(self) -> None:
        self._left = MAX_ALL_ENTRIES

    def folder(self, path: Path, name: str) -> MusicFolder:
        """Return a folder with its count."""
        n_audio, more = self._count(path)
        return MusicFolder(str(path), _printable(name), n_audio, more)

    def _count(self, folder: Path) -> tuple[int, bool]:
        n_audio, left = 0, min(MAX_ENTRIES, self._left)
        waiting = [str(folder)]
        while waiting:
            try:
                with os.scandir(waiting.pop()) as entries:
                    for entry in entries:
                        if not left:
                            return n_audio, True
                        left -= 1
                        self._left -= 1
                        if _is_folder(entry):
                            waiting.append(entry.path)
                        elif PurePath(entry.name).suffix.lower() in AUDIO_SUFFIXES:
                            n_audio += 1
            except OSError:
                continue
        return n_audio, False


def _printable(name: str) -> str:
    return os.fsencode(name).decode("utf-8", errors="replace")
