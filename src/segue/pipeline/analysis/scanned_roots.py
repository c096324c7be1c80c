"""Tell whether the files of missing tracks were deleted, or their drive is not there.

A scanned folder that is absent, cannot be read or is empty (the mount point of a drive that is
unplugged) proves nothing about its files: they may be back tomorrow.
"""

import os
from collections.abc import Iterable
from functools import cache
from pathlib import Path, PurePath


class ScannedRoots:
    """The folders that were scanned, by their real paths."""

    def __init__(self, roots: Iterable[str]) -> None:
        self._roots = [PurePath(root) for root in roots]
        self._can_be_read = cache(_has_files)
        self._real = cache(os.path.realpath)

    def show_deleted(self, path: PurePath) -> bool:
        """Return whether a file that is not at `path` was deleted, moved or replaced.

        Every scanned folder above it must have files; if there is none, its own folder must.
        """
        parents = {path.parent, PurePath(self._real(str(path.parent)))}
        above = [
            root for root in self._roots if any(parent.is_relative_to(root) for parent in parents)
        ]
        return all(map(self._can_be_read, above or [path.parent]))


def _has_files(directory: PurePath) -> bool:
    """Return whether a folder can be read and has files or folders that are not hidden."""
    try:
        return any(not one.name.startswith(".") for one in Path(directory).iterdir())
    except OSError:
        return False
