r"""Find the files below a folder, in a fixed order, each once.

Conventions
-----------
- Hidden files and folders (a leading dot) and those that operating systems create are ignored; so
  is a folder with a file `.notmusic` in it, and everything that a pattern excludes: one like
  ``*/podcasts/*`` is matched against the path below the folder, one without ``/`` against each
  name in it.
- Links are followed after everything else; a folder or file that was already found under another
  name is not found again, so that loops end.
- Names that are not valid UTF-8 are kept in the path and written with ``\xNN`` in the id.
"""

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

from segue.text import clean_id
from segue.types import FileState, Problem

NOT_MUSIC = ".notmusic"
"""A folder with a file of this name is left out, with everything below it."""

_SYSTEM_FOLDERS = frozenset({"__MACOSX", "@eaDir", "$RECYCLE.BIN", "System Volume Information"})


@dataclass(frozen=True, slots=True)
class FoundFiles:
    """Files in the order of their names, problems, and the reasons for which files are left out."""

    files: list[Path] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


def relative_id(path: Path, directory: Path) -> str:
    """Return the path below `directory` with ``/``, in normal form C and always storable."""
    relative = path.relative_to(directory).as_posix()
    return clean_id(os.fsencode(relative).decode("utf-8", errors="backslashreplace"))


def walk(directory: Path, suffixes: Iterable[str], exclude: Sequence[str] = ()) -> FoundFiles:
    """Find the files below `directory` whose names end in one of `suffixes` (lower case)."""
    wanted = frozenset(suffixes)
    found = FoundFiles()
    seen: set[tuple[int, int]] = set()
    plain, links = [directory], list[Path]()
    linked_files: list[Path] = []
    places = {"folder": plain, "link": links, "file": found.files, "linked file": linked_files}
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
            found.left_out.append(_by_mark(folder))
            continue
        for entry in entries:
            path = Path(entry.path)
            if entry.name.startswith(".") or entry.name in _SYSTEM_FOLDERS:
                continue
            wanted_file = path.suffix.lower() in wanted
            pattern = excluding(path.relative_to(directory), exclude) if exclude else None
            if pattern is not None:
                if wanted_file or entry.is_dir(follow_symlinks=False):
                    found.left_out.append(_by_pattern(pattern))
                continue
            try:
                kind = _kind(entry, wanted_file)
            except OSError as error:
                _report(found, path, directory, _cannot_be_read(error))
                continue
            if kind is not None:
                places[kind].append(path)
            elif wanted_file:
                reason = "it is a pipe or a device, not a file: remove it from the folder"
                _report(found, path, directory, reason)
    _add_links(found, linked_files, directory)
    found.files.sort(key=lambda path: path.relative_to(directory).parts)
    return found


def _kind(entry: "os.DirEntry[str]", wanted_file: bool) -> str | None:
    """Return the kind of an entry; None if it is neither a folder nor a wanted file."""
    if entry.is_symlink():
        return "link" if entry.is_dir() else "linked file" if wanted_file else None
    return "folder" if entry.is_dir() else "file" if wanted_file and entry.is_file() else None


def leaving_out(directory: Path, exclude: Sequence[str]) -> Callable[[Path], str | None]:
    """Return a function that gives the reason for which a file of a table is left out, if it is."""

    @cache
    def marked(folder: Path) -> Path | None:
        if os.path.lexists(folder / NOT_MUSIC):
            return folder
        return None if folder in (directory, folder.parent) else marked(folder.parent)

    def left_out_by(path: Path) -> str | None:
        folder = marked(path.parent)
        if folder is not None:
            return _by_mark(folder)
        pattern = excluding(Path(os.path.relpath(path, directory)), exclude) if exclude else None
        return None if pattern is None else _by_pattern(pattern)

    return left_out_by


def _by_mark(folder: Path) -> str:
    return f"the file {NOT_MUSIC} in {folder}"


def _by_pattern(pattern: str) -> str:
    return f"--exclude {pattern!r}"


def excluding(relative: Path, patterns: Iterable[str]) -> str | None:
    """Return the pattern that excludes a path below the dataset; None if there is none.

    Examples
    --------
    >>> excluding(Path("talk/Podcasts/one.mp3"), ["rock", "podcasts"])
    'podcasts'
    >>> excluding(Path("music/one.mp3"), ["*/two.mp3", "*.wav"])
    """
    whole = relative.as_posix().casefold()
    names = whole.split("/")
    for given in patterns:
        pattern = given.casefold().strip("/")
        if "/" in pattern:
            if fnmatchcase(whole, pattern) or fnmatchcase(whole, f"{pattern}/*"):
                return given
        elif any(fnmatchcase(name, pattern) for name in names):
            return given
    return None


def state_of(path: Path) -> FileState | None:
    """Return the size and time by which a file counts as unchanged; None if it is gone."""
    try:
        status = path.stat()
    except OSError:
        return None
    return FileState(status.st_size, status.st_mtime_ns)


def _add_links(found: FoundFiles, links: list[Path], directory: Path) -> None:
    """Add linked files whose target is not among the files yet."""
    known = {os.path.realpath(path) for path in found.files} if links else set()
    for path in sorted(links):
        target = os.path.realpath(path)
        if not path.is_file():
            reason = "the link leads to no file: correct or remove it"
            _report(found, path, directory, reason)
        elif target in known:
            reason = "the link leads to a file that is also in the folder: the file itself is used"
            _report(found, path, directory, reason)
        else:
            known.add(target)
            found.files.append(path)


def _report(found: FoundFiles, path: Path, directory: Path, reason: str) -> None:
    source = relative_id(path, directory)
    found.problems.append(Problem(source=source, reason=reason, subject=source))


def _cannot_be_read(error: OSError) -> str:
    return f"it cannot be read ({error.strerror}): check its permissions, or remove it"
