"""Open the parts of a file: its content, or the members of a zip archive, unpacked.

Conventions
-----------
- The members of a zip archive come in the order of their names; hidden ones are skipped.
- A gzip file gives its content.
"""

import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast
from zipfile import BadZipFile, ZipFile

from segue.errors import DatasetError
from segue.sources.tables.decoding import Stream

_BLOCK_BYTES = 1 << 16
_GZIP, _ZIP = b"\x1f\x8b", b"PK\x03\x04"
READ_ERRORS = (EOFError, BadZipFile, zlib.error, OSError, RuntimeError)
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
        self.is_archive = False
        with self._clear_errors(), path.open("rb") as file:
            self.is_archive = file.read(4) == _ZIP
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
                yield _unpacked(file)
                return
            with ZipFile(file) as archive, archive.open(name) as member:
                yield _unpacked(member)

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


def _hidden(name: str) -> bool:
    return any(part.startswith((".", "__MACOSX")) for part in name.split("/"))


def _unpacked(raw: IO[bytes]) -> Stream:
    stream: Stream = io.BufferedReader(cast("io.RawIOBase", raw), _BLOCK_BYTES)
    if stream.peek(2)[:2] == _GZIP:
        return io.BufferedReader(cast("io.RawIOBase", gzip.GzipFile(fileobj=stream)), _BLOCK_BYTES)
    return stream
