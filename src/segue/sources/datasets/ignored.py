"""Decide which files and folders below a dataset directory are left out, and why.

Conventions
-----------
- Hidden names (a leading dot) and folders that operating systems and servers create (recycle bins,
  snapshots, thumbnails) are passed over silently, in any case of letters.
- A folder with a file `.notmusic` or `.nomedia` is left out, with everything below it.
- The ignore files of Navidrome (`.ndignore`), Jellyfin (`.ignore`), Plex (`.plexignore`) and MPD
  (`.mpdignore`) hold patterns in the syntax of `.gitignore` for the files below their folder. An
  empty one of Navidrome or Jellyfin leaves out the folder.
- ``--exclude`` patterns: one like ``*/podcasts/*`` is matched against the path below the dataset,
  one without ``/`` against each name in it.
"""

import os
import re
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

MARKERS: Final = (".notmusic", ".nomedia")
"""A folder with a file of such a name is left out, with everything below it."""

IGNORE_FILES: Final = {
    ".ndignore": True,
    ".ignore": True,
    ".plexignore": False,
    ".mpdignore": False,
}
"""Names of files with patterns; the value says whether an empty one leaves out its folder."""

_MAX_IGNORE_BYTES = 1_000_000
_SYSTEM_FOLDERS = re.compile(
    r"""  # matched against the whole name in lower case
      \$recycle\.bin | recycler | recycled | recycle\ bin | system\ volume\ information  # Windows
    | found\.[0-9]{3} | msocache                                                # Windows, chkdsk
    | __macosx | temporary\ items | network\ trash\ folder                      # macOS
    | lost\+found | lost\.dir                                                   # Linux, Android
    | [#@]recycle | \#snapshot | @eadir | @tmp | @sharebin | @database          # Synology
    | @__thumb | @recently-snapshot | @snapshot | @transcode | @__qini          # QNAP
    | ~snapshot | @gmt-.* | network_recycle                                     # NetApp, Samba
    | .*\.segue                                                                 # a library of segue
    """,
    re.VERBOSE,
)


def is_system_name(name: str) -> bool:
    """Return whether a name is hidden, or that of a folder that a system created.

    >>> is_system_name("$Recycle.Bin"), is_system_name(".cache"), is_system_name("Trash Talk")
    (True, True, False)
    """
    return name.startswith(".") or _SYSTEM_FOLDERS.fullmatch(name.lower()) is not None


class IgnoreRules:
    """The markers, ignore files and patterns that apply below a directory.

    Parameters
    ----------
    directory : Path
        Files above it are not consulted.
    exclude : sequence of str
        Patterns of ``--exclude``.
    """

    def __init__(self, directory: Path, exclude: Sequence[str] = ()) -> None:
        self._directory = directory
        self._exclude = exclude
        self._names: dict[Path, frozenset[str]] = {}
        self._marks: dict[Path, str | None] = {}
        self._specs: dict[Path, list[tuple[str, GitIgnoreSpec]]] = {}

    def enter(self, folder: Path, names: Iterable[str]) -> None:
        """Take the names in a folder from its listing, so that it is not listed again."""
        self._names[folder] = frozenset(names) & (frozenset(MARKERS) | IGNORE_FILES.keys())

    def reason(self, path: Path, *, is_folder: bool = False) -> str | None:
        """Return the reason for which a file or folder is left out; None if it is not.

        The folders above it are checked up to `directory`.
        """
        folders = self._folders_above(path)
        for folder in [*folders, path] if is_folder else folders:
            if (reason := self._marked(folder)) is not None:
                return reason
        for folder in folders:
            for name, spec in self._patterns(folder):
                relative = path.relative_to(folder).as_posix()
                if spec.match_file(f"{relative}/" if is_folder else relative):
                    return f"the file {name} in {folder}"
        if not self._exclude:
            return None
        pattern = excluding(Path(os.path.relpath(path, self._directory)), self._exclude)
        return None if pattern is None else f"--exclude {pattern!r}"

    def has_patterns(self, folder: Path) -> bool:
        """Return whether any pattern applies to the files in a folder that is not left out."""
        folders = [*self._folders_above(folder), folder]
        return bool(self._exclude) or any(map(self._patterns, folders))

    def _folders_above(self, path: Path) -> list[Path]:
        """Return the folders from `directory` to that of `path`; only the latter outside of it."""
        if path == self._directory:
            return []
        if not path.is_relative_to(self._directory):
            return [path.parent]
        depth = len(path.relative_to(self._directory).parts)
        return list(path.parents)[:depth][::-1]

    def _marked(self, folder: Path) -> str | None:
        if folder not in self._marks:
            names = self._names_in(folder)
            empty = {name for name in names & IGNORE_FILES.keys() if IGNORE_FILES[name]}
            found: list[str] = [name for name in MARKERS if name in names]
            found += sorted(name for name in empty if not self._lines(folder / name))
            self._marks[folder] = f"the file {found[0]} in {folder}" if found else None
        return self._marks[folder]

    def _patterns(self, folder: Path) -> "list[tuple[str, GitIgnoreSpec]]":
        if folder not in self._specs:
            self._specs[folder] = found = []
            for name in sorted(self._names_in(folder) & IGNORE_FILES.keys()):
                from pathspec import GitIgnoreSpec

                found.append((name, GitIgnoreSpec.from_lines(self._lines(folder / name))))
        return self._specs[folder]

    def _names_in(self, folder: Path) -> frozenset[str]:
        if folder not in self._names:
            self.enter(
                folder,
                [name for name in (*MARKERS, *IGNORE_FILES) if os.path.lexists(folder / name)],
            )
        return self._names[folder]

    @staticmethod
    def _lines(path: Path) -> list[str]:
        """Return the patterns of an ignore file; one that cannot be read has none."""
        try:
            with path.open("rb") as file:
                text = file.read(_MAX_IGNORE_BYTES).decode("utf-8-sig", errors="replace")
        except OSError:
            return []
        lines = (line.strip() for line in text.splitlines())
        return [line for line in lines if line and not line.startswith("#")]


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
