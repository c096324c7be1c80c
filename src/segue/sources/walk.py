r"""The files below a folder, in a fixed order, each once.

Conventions
-----------
- Hidden files and folders (a leading dot) and what systems leave behind are passed over; so is
  a folder with a file `.notmusic` in it, and what a pattern excludes: one like ``*/podcasts/*`` is
  matched against the path below the folder, one without ``/`` against each name in it.
- A link is followed, after all that is not a link; a folder or file that was already seen under
  another name is not seen again, so that loops end.
- Names that are not valid UTF-8 are kept in the path and spelled with ``\xNN`` in the id.
"""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

from segue.sources.cleaning.text import clean_id
from segue.types import FileState, Problem

NOT_MUSIC = ".notmusic"
"""A folder with a file of this name is left out, with all below it."""

_LEFT_BEHIND = frozenset({"__MACOSX", "@eaDir", "$RECYCLE.BIN", "System Volume Information"})


@dataclass(frozen=True, slots=True)
class Found:
    """Files in the order of their names, and what could not be followed."""

    files: list[Path] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def relative_id(path: Path, directory: Path) -> str:
    """Give the path below `directory` with ``/``, in normal form C and always storable."""
    relative = path.relative_to(directory).as_posix()
    return clean_id(os.fsencode(relative).decode("utf-8", errors="backslashreplace"))


def walk(directory: Path, suffixes: Iterable[str], exclude: Sequence[str] = ()) -> Found:
    """Find the files below `directory` whose names end in one of `suffixes` (lower case)."""
    wanted = frozenset(suffixes)
    found = Found()
    seen: set[tuple[int, int]] = set()
    plain, links = [directory], list[Path]()
    linked_files: list[Path] = []
    while plain or links:
        folder = plain.pop() if plain else links.pop(0)
        try:
            status = folder.stat()
            if (status.st_dev, status.st_ino) in seen:
                continue
            seen.add((status.st_dev, status.st_ino))
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name, reverse=True)
        except OSError as error:
            reason = f"the folder cannot be read ({error.strerror}): check its permissions"
            found.problems.append(Problem(source=relative_id(folder, directory), reason=reason))
            continue
        if any(entry.name == NOT_MUSIC for entry in entries):
            continue
        for entry in entries:
            path = Path(entry.path)
            if entry.name.startswith(".") or entry.name in _LEFT_BEHIND:
                continue
            if exclude and is_excluded(path.relative_to(directory), exclude):
                continue
            audible = path.suffix.lower() in wanted
            if entry.is_symlink() and audible and not path.is_dir():
                linked_files.append(path)
            elif entry.is_symlink() and entry.is_dir():
                links.append(path)
            elif entry.is_dir():
                plain.append(path)
            elif audible and entry.is_file():
                found.files.append(path)
            elif audible:
                source = relative_id(path, directory)
                reason = "it is a pipe or a device, not a file: take it out of the folder"
                found.problems.append(Problem(source=source, reason=reason, subject=source))
    _add_links(found, linked_files, directory)
    found.files.sort(key=lambda path: path.relative_to(directory).parts)
    return found


def is_excluded(relative: Path, patterns: Iterable[str]) -> bool:
    """Say whether a path below the dataset is left out.

    Examples
    --------
    >>> is_excluded(Path("talk/Podcasts/one.mp3"), ["podcasts"])
    True
    >>> is_excluded(Path("music/one.mp3"), ["*/two.mp3", "*.wav"])
    False
    """
    whole = relative.as_posix().casefold()
    names = whole.split("/")
    for pattern in (pattern.casefold().strip("/") for pattern in patterns):
        if "/" in pattern:
            if fnmatchcase(whole, pattern) or fnmatchcase(whole, f"{pattern}/*"):
                return True
        elif any(fnmatchcase(name, pattern) for name in names):
            return True
    return False


def state_of(path: Path) -> FileState | None:
    """Return by what a file is taken for unchanged; None where it is gone."""
    try:
        status = path.stat()
    except OSError:
        return None
    return FileState(status.st_size, status.st_mtime_ns)


def _add_links(found: Found, links: list[Path], directory: Path) -> None:
    """Add linked files that lead to something which is not among the files yet."""
    known = {os.path.realpath(path) for path in found.files} if links else set()
    for path in sorted(links):
        target = os.path.realpath(path)
        source = relative_id(path, directory)
        if not path.is_file():
            reason = "the link leads to no file: mend it or take it out"
            found.problems.append(Problem(source=source, reason=reason, subject=source))
        elif target in known:
            reason = "the link leads to a file that is a track already: the file itself is used"
            found.problems.append(Problem(source=source, reason=reason, subject=source))
        else:
            known.add(target)
            found.files.append(path)
