"""Open the parts of a file: its content, or the members of a zip archive, unpacked.

Conventions
-----------
- The members of a zip archive come in the order of their names; hidden ones are skipped.
- A gzip, bzip2, xz or Zstandard file gives its content.
- A file that unpacks to `MAX_RATIO` times its size, and to more than `MIN_BOMB_BYTES`, is made to
  fill memory: reading stops there. Real histories unpack to 5 to 40 times their size.
"""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, cast
from zipfile import BadZipFile, ZipFile

from segue.errors import DatasetError
from segue.sources.tables.decoding import Stream
from segue.sources.tables.unpacking import UNPACK_ERRORS, unpacked

MAX_RATIO = 200
MIN_BOMB_BYTES = 1 << 26
_BLOCK_BYTES = 1 << 16
_ZIP = b"PK\x03\x04"
READ_ERRORS = (*UNPACK_ERRORS, BadZipFile, RuntimeError)
"""The errors of damaged archives; RuntimeError is what zipfile raises for a missing password."""


class FileParts:
    """The streams of one file: itself, or the members of an archive.

    Raises
    ------
    DatasetError
        It cannot be opened, or is an archive without its end.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: IO[bytes] | None = None
        self._n_packed = self._n_unpacked = 0
        self.is_archive = False
        with self._clear_errors(), path.open("rb") as file:
            self.is_archive = file.read(4) == _ZIP
            self._n_packed = file.seek(0, io.SEEK_END)
        self.names = self._members() if self.is_archive else [path.name]

    def position(self) -> int:
        """Return how many bytes of the file have been read by now."""
        return self._file.tell() if self._file is not None and not self._file.closed else 0

    @contextmanager
    def open(self, name: str) -> Iterator[Stream]:
        """Open one of the `names`, unpacked."""
        with self.path.open("rb") as file:
            self._file = file
            if not self.is_archive:
                yield self._limited(unpacked(file))
                return
            with ZipFile(file) as archive, archive.open(name) as member:
                yield self._limited(unpacked(member))

    def _limited(self, stream: Stream) -> Stream:
        return io.BufferedReader(cast("io.RawIOBase", _RatioGuard(stream, self)), _BLOCK_BYTES)

    def count(self, n_bytes: int) -> None:
        """Count unpacked bytes of all parts; OSError where they are far too many."""
        self._n_unpacked += n_bytes
        if self._n_unpacked > max(MIN_BOMB_BYTES, MAX_RATIO * self._n_packed):
            raise OSError(f"it unpacks to more than {MAX_RATIO} times its size")

    def _members(self) -> list[str]:
        with self._clear_errors(), ZipFile(self.path) as archive:
            return sorted(
                one.filename
                for one in archive.infolist()
                if not one.is_dir() and one.file_size and not _hidden(one.filename)
            )

    @contextmanager
    def _clear_errors(self) -> Iterator[None]:
        try:
            yield
        except BadZipFile as error:
            raise DatasetError(
                f"{self.path} is a zip archive that was cut short or damaged ({error}): download"
                " it again."
            ) from error
        except OSError as error:
            raise DatasetError(
                f"{self.path} cannot be read ({error.strerror or error}): check the path and its"
                " permissions."
            ) from error


class _RatioGuard(io.RawIOBase):
    """A stream whose bytes are counted for its file."""

    def __init__(self, stream: Stream, parts: FileParts) -> None:
        super().__init__()
        self._stream, self._parts = stream, parts

    def readable(self) -> bool:
        """Return True: the stream can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill `buffer` with the next bytes; return how many, 0 at the end."""
        n_bytes = self._stream.readinto(buffer)
        self._parts.count(n_bytes)
        return n_bytes


def _hidden(name: str) -> bool:
    return any(part.startswith((".", "__MACOSX")) for part in name.split("/"))
