"""Resized covers below `covers/` of a library: bounded in size, and safe to delete.

A file is written under a temporary name and renamed, so that readers see all of it or nothing. The
files that were not used for the longest time are deleted first.
"""

import os
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from segue.library.files import make_directory

MAX_COVERS_BYTES: Final = 500_000_000
"""Size up to which covers are kept."""
_SHARE_KEPT: Final = 0.8  # of the largest size, after old files were deleted
_SHARE_UNCHECKED: Final = 0.05  # of the largest size: written before the files are counted again
_TOUCH_SECONDS: Final = 24 * 3600.0
_LEFTOVER_SECONDS: Final = 3600.0
_TEMPORARY: Final = ".new-"
_BLOCK_BYTES: Final = 4096  # smallest space of a file on a disk


class CoverStore:
    """Files by name in a directory, at most `max_bytes` (and 5 % per process that writes)."""

    def __init__(self, directory: Path, max_bytes: int = MAX_COVERS_BYTES) -> None:
        self._directory = directory
        self._max_bytes = max_bytes
        self._unchecked: float | None = None  # bytes written since the files were counted
        self._lock = threading.Lock()

    def get(self, name: str) -> bytes | None:
        """Return the content of a file, None if there is none of this name."""
        path = self._path(name)
        try:
            data = path.read_bytes()
            if time.time() - path.stat().st_mtime > _TOUCH_SECONDS:
                os.utime(path)
        except FileNotFoundError:
            return None
        except OSError:
            return None
        return data

    def put(self, name: str, data: bytes) -> None:
        """Write a file. Nothing happens where the disk is full or must not be written to."""
        path = self._path(name)
        with suppress(OSError):
            make_directory(path.parent)
            descriptor, temporary = tempfile.mkstemp(prefix=_TEMPORARY, dir=path.parent)
            try:
                with os.fdopen(descriptor, "wb") as stream:
                    stream.write(data)
                Path(temporary).replace(path)
            finally:
                Path(temporary).unlink(missing_ok=True)
            self._note(len(data))

    def _path(self, name: str) -> Path:
        return self._directory / name[:2] / name

    def _note(self, n_bytes: int) -> None:
        """Count written bytes, and delete old files from time to time."""
        with self._lock:
            if self._unchecked is not None:
                self._unchecked += max(n_bytes, _BLOCK_BYTES)
                if self._unchecked < _SHARE_UNCHECKED * self._max_bytes:
                    return
            self._unchecked = 0.0
            self._delete_old()

    def _delete_old(self) -> None:
        now = time.time()
        files = []
        for path, state in self._files():
            if path.name.startswith(_TEMPORARY):
                if now - state.st_mtime > _LEFTOVER_SECONDS:
                    path.unlink(missing_ok=True)
                continue
            files.append((state.st_mtime, max(state.st_size, _BLOCK_BYTES), path))
        total = sum(size for _, size, _ in files)
        if total <= self._max_bytes:
            return
        for _, size, path in sorted(files):
            path.unlink(missing_ok=True)
            total -= size
            if total <= _SHARE_KEPT * self._max_bytes:
                return

    def _files(self) -> Iterator[tuple[Path, os.stat_result]]:
        for path in self._directory.glob("*/*"):
            with suppress(OSError):  # another process deletes files too
                yield path, path.stat()
