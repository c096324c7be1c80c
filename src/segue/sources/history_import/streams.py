"""Files, archives and encodings as one: streams of UTF-8.

Conventions
-----------
- A zip archive gives its members in the order of their names, a gzip file its content.
- Text is UTF-8, or UTF-16 or UTF-32, told by a byte order mark or by where the first two letters
  have NULs; bytes that are neither are Windows-1252, piece by piece. NUL characters go.
"""

import codecs
import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, TypeAlias, cast
from zipfile import BadZipFile, ZipFile

from segue.errors import DatasetError

Stream: TypeAlias = "io.BufferedReader[Any]"
_PIECE = 1 << 16
_GZIP, _ZIP = b"\x1f\x8b", b"PK\x03\x04"
# where letters of ASCII, with which all that we read begins, have bytes that are not nought
_WITHOUT_MARK: dict[tuple[bool, ...], str] = {
    (True, False, False, False): "utf-32-le",
    (False, False, False, True): "utf-32-be",
    (True, False, True, False): "utf-16-le",
    (False, True, False, True): "utf-16-be",
}
STOPPED = (EOFError, BadZipFile, zlib.error, OSError, RuntimeError)
"""What archives raise where they are damaged; RuntimeError is zipfile's word for a password."""


class Utf8(io.RawIOBase):
    """The bytes of a stream as UTF-8, whatever they are; `guessed` once some were Windows-1252."""

    def __init__(self, raw: IO[bytes]) -> None:
        super().__init__()
        self._raw = raw
        self._rest = b""
        self._ready = b""
        self._ended = False
        self.guessed = False
        head = raw.read(4)
        wide = _wide(head)
        self._decoder: Any = codecs.getincrementaldecoder(wide)("replace") if wide else None
        self._head = head.removeprefix(codecs.BOM_UTF8)

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill `buffer` with what comes next."""
        while not self._ready and not self._ended:
            piece = self._head + self._raw.read(_PIECE)
            self._head = b""
            self._ended = not piece
            self._ready = self._as_utf8(piece, last=self._ended)
        n = min(len(buffer), len(self._ready))
        buffer[:n] = self._ready[:n]
        self._ready = self._ready[n:]
        return n

    def _as_utf8(self, piece: bytes, *, last: bool) -> bytes:
        if self._decoder is not None:
            text = cast("str", self._decoder.decode(piece, last)).replace("\x00", "")
            return text.encode(errors="replace")
        piece = (self._rest + piece).replace(b"\x00", b"")
        try:
            _, used = codecs.utf_8_decode(piece, "strict", last)
        except UnicodeDecodeError:
            self.guessed = True
            text, used = codecs.utf_8_decode(piece, _FROM_WINDOWS, last)
            self._rest = piece[used:]
            return text.encode(errors="replace")
        self._rest = piece[used:]
        return piece[:used]


def _wide(head: bytes) -> str | None:
    """Return the encoding of a text whose letters take several bytes, by its first four."""
    if head in (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE):
        return "utf-32"
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    return _WITHOUT_MARK.get(tuple(map(bool, head)))


def _from_windows(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    wrong = error.object[error.start : error.end]
    # five bytes mean nothing in Windows-1252
    return "".join(
        one.decode("cp1252", "ignore") or one.decode("latin-1") for one in map(_byte, wrong)
    ), error.end


def _byte(number: int) -> bytes:
    return bytes([number])


_FROM_WINDOWS = "segue-windows-1252"
codecs.register_error(_FROM_WINDOWS, _from_windows)


class Parts:
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
        with self._told(), path.open("rb") as file:
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
        with self._told(), ZipFile(self.path) as archive:
            return sorted(
                one.filename
                for one in archive.infolist()
                if not one.is_dir() and one.file_size and not _hidden(one.filename)
            )

    @contextmanager
    def _told(self) -> Iterator[None]:
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
    stream: Stream = io.BufferedReader(cast("io.RawIOBase", raw), _PIECE)
    if stream.peek(2)[:2] == _GZIP:
        return io.BufferedReader(cast("io.RawIOBase", gzip.GzipFile(fileobj=stream)), _PIECE)
    return stream
