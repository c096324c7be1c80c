"""Status and place of files, each asked for once: a network drive answers slowly."""

import os
from functools import cache
from pathlib import Path


class FileStatuses:
    """The files inside and outside of `directory`, as they are now."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._real_directory = os.path.realpath(directory)
        self._real = cache(os.path.realpath)
        self._of = cache(_status)

    def exists(self, path: Path) -> bool:
        """Return whether a file is there."""
        return self._of(path) is not None

    def inode(self, path: Path) -> tuple[int, int] | None:
        """Return the device and inode of a file; None if it is gone, or the system has none."""
        status = self._of(path)
        return None if status is None or not status.st_ino else (status.st_dev, status.st_ino)

    def is_inside(self, path: Path) -> bool:
        """Return whether a file is inside of the directory, also by links."""
        if path.is_relative_to(self._directory):
            return True
        # one call for each folder, not for each file
        real = self._real(path) if path.is_symlink() else self._real(path.parent)
        return Path(real).is_relative_to(self._real_directory)


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except OSError:
        return None
