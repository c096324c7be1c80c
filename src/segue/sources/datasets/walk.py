r"""Find the files below a folder, in a fixed order, each once.

Conventions
-----------
- `segue.sources.datasets.ignored` decides which files and folders are left out.
- Links are followed after everything else; a folder or file that was already found under another
  name is not found again, so that loops end.
- Names that are not valid UTF-8 are kept in the path and written with ``\xNN`` in the id.
"""

import os
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from segue.sources.datasets.ignored import IgnoreRules, is_system_name
from segue.text import clean_id
from segue.types import FileState, Problem


@dataclass(frozen=True, slots=True)
class FoundFiles:
    """Files in the order of their names, and everything that was not taken.

    Attributes
    ----------
    files : list of Path
    problems : list of Problem
    left_out : list of str
        The reasons for which files or folders are left out.
    passed_over : Counter of str
        Number of other files by suffix in lower case, with the dot; "" for names without one.
    """

    files: list[Path] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    passed_over: Counter[str] = field(default_factory=Counter)


def relative_id(path: Path, directory: Path) -> str:
    """Return the path below `directory` with ``/``, in normal form C and always storable."""
    relative = path.relative_to(directory).as_posix()
    return clean_id(os.fsencode(relative).decode("utf-8", errors="backslashreplace"))


def walk(directory: Path, suffixes: Iterable[str], rules: IgnoreRules | None = None) -> FoundFiles:
    """Find the files below `directory` whose names end in one of `suffixes` (lower case)."""
    walked = _Walk(directory, frozenset(suffixes), rules or IgnoreRules(directory))
    while walked.folders or walked.links:
        walked.visit(walked.folders.pop() if walked.folders else walked.links.pop(0))
    found = walked.found
    _add_links(found, walked.linked_files, directory)
    found.files.sort(key=lambda path: path.relative_to(directory).parts)
    return found


@dataclass(slots=True)
class _Walk:
    """A walk: the folders to visit, then the links to folders, and what was found so far."""

    directory: Path
    wanted: frozenset[str]
    rules: IgnoreRules
    found: FoundFiles = field(default_factory=FoundFiles)
    folders: list[Path] = field(default_factory=list)
    links: list[Path] = field(default_factory=list)
    linked_files: list[Path] = field(default_factory=list)
    seen: set[tuple[int, int]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.folders.append(self.directory)

    def visit(self, folder: Path) -> None:
        """Take the files and folders of a folder, unless it was visited by another name."""
        try:
            status = folder.stat()
            if (status.st_dev, status.st_ino) in self.seen:
                return
            self.seen.add((status.st_dev, status.st_ino))
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name, reverse=True)
        except OSError as error:
            if self.rules.reason(folder, is_folder=True) is None:
                reason = f"the folder cannot be read ({error.strerror}): check its permissions"
                source = relative_id(folder, self.directory)
                self.found.problems.append(Problem(source=source, reason=reason))
            return
        self.rules.enter(folder, (entry.name for entry in entries))
        left_out = self.rules.reason(folder, is_folder=True)
        if left_out is not None:
            self.found.left_out.append(left_out)
            return
        has_patterns = self.rules.has_patterns(folder)
        for entry in entries:
            if not is_system_name(entry.name):
                self._take(entry, has_patterns=has_patterns)

    def _take(self, entry: "os.DirEntry[str]", *, has_patterns: bool) -> None:
        path = Path(entry.path)
        wanted_file = path.suffix.lower() in self.wanted
        if has_patterns and (left_out := self.rules.reason(path)) is not None:
            if wanted_file or entry.is_dir(follow_symlinks=False):
                self.found.left_out.append(left_out)
            return
        places = {
            "folder": self.folders,
            "link": self.links,
            "file": self.found.files,
            "linked file": self.linked_files,
        }
        try:
            kind = _kind(entry, wanted_file)
        except OSError as error:
            _report(self.found, path, self.directory, _cannot_be_read(error))
            return
        if kind in places:
            places[kind].append(path)
        elif wanted_file:
            reason = "it is a pipe or a device, not a file: remove it from the folder"
            _report(self.found, path, self.directory, reason)
        else:
            self.found.passed_over[path.suffix.lower()] += 1


def counted_suffixes(counts: Mapping[str, int], n_max: int = 12) -> str:
    """Return a list of suffixes with their numbers, the most frequent first.

    >>> counted_suffixes({".flac": 2, "": 1, ".ape": 12})
    '12 .ape, 2 .flac, 1 without a suffix'
    """
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    parts = [f"{count:,} {suffix or 'without a suffix'}" for suffix, count in ordered[:n_max]]
    rest = sum(count for _, count in ordered[n_max:])
    return ", ".join([*parts, f"{rest:,} others"] if rest else parts)


def _kind(entry: "os.DirEntry[str]", wanted_file: bool) -> str:
    """Return the kind of an entry: a folder, a wanted file, a link to one, or another."""
    if entry.is_symlink():
        return "link" if entry.is_dir() else "linked file" if wanted_file else "other"
    return "folder" if entry.is_dir() else "file" if wanted_file and entry.is_file() else "other"


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
