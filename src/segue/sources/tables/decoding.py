"""Decode text files of any common encoding to UTF-8, as a stream or in one piece.

Conventions
-----------
- UTF-8, UTF-16 and UTF-32 are recognized by a byte order mark; UTF-16 and UTF-32 without one by
  the NUL bytes of the first two letters, which are ASCII in every format that segue reads.
- Bytes that are not valid UTF-8 are read as Windows-1252, byte by byte: `guessed_line` is the first
  line with such bytes.
- NUL characters and the byte order mark are removed.
"""

import codecs
import io
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, TypeAlias, cast

Stream: TypeAlias = "io.BufferedReader[Any]"
_BLOCK_BYTES = 1 << 16
# whether each of the first four bytes is not NUL, for two ASCII letters
_WITHOUT_MARK: dict[tuple[bool, ...], str] = {
    (True, False, False, False): "utf-32-le",
    (False, False, False, True): "utf-32-be",
    (True, False, True, False): "utf-16-le",
    (False, True, False, True): "utf-16-be",
}


class Utf8Stream(io.RawIOBase):
    """The content of a byte stream as UTF-8.

    `guessed_line` is the number of the first line that was read as Windows-1252 (the first line is
    1), or None if there was none so far.
    """

    def __init__(self, raw: IO[bytes]) -> None:
        super().__init__()
        self.guessed_line: int | None = None
        self._blocks = self._decoded(raw)
        self._ready = b""

    def readable(self) -> bool:
        """Return True: the stream can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill `buffer` with the next bytes; return how many, 0 at the end."""
        while not self._ready:
            block = next(self._blocks, None)
            if block is None:
                return 0
            self._ready = block
        n = min(len(buffer), len(self._ready))
        buffer[:n] = self._ready[:n]
        self._ready = self._ready[n:]
        return n

    def readall(self) -> bytes:
        """Return everything that was not read yet."""
        ready, self._ready = self._ready, b""
        return b"".join((ready, *self._blocks))

    def _decoded(self, raw: IO[bytes]) -> Iterator[bytes]:
        head = raw.read(4)
        encoding = _wide_encoding(head)
        blocks = _blocks(head.removeprefix(codecs.BOM_UTF8), raw)
        return self._from_utf8(blocks) if encoding is None else _from_wide(blocks, encoding)

    def _from_utf8(self, blocks: Iterator[tuple[bytes, bool]]) -> Iterator[bytes]:
        rest = b""
        n_lines = 0
        for piece, is_last in blocks:
            block = (rest + piece).replace(b"\x00", b"")
            try:
                _, used = codecs.utf_8_decode(block, "strict", is_last)
                decoded = block[:used]
            except UnicodeDecodeError as error:
                if self.guessed_line is None:
                    self.guessed_line = n_lines + block.count(b"\n", 0, error.start) + 1
                text, used = codecs.utf_8_decode(block, _AS_WINDOWS_1252, is_last)
                decoded = text.encode(errors="replace")
            rest = block[used:]
            if self.guessed_line is None:
                n_lines += decoded.count(b"\n")
            yield decoded


def guessed_encoding(line: int) -> str:
    """Return the problem of a text that was not all UTF-8."""
    return (
        f"the text is not UTF-8 (first in line {line}) and was read as Windows-1252: save it as"
        " UTF-8 if names look wrong"
    )


def read_text(path: Path) -> tuple[bytes, int | None]:
    """Return the content of a file as UTF-8, and the first line that was read as Windows-1252.

    Raises
    ------
    OSError
        The file cannot be read.
    """
    with path.open("rb") as file:
        stream = Utf8Stream(file)
        return stream.readall(), stream.guessed_line


def _blocks(head: bytes, raw: IO[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Yield the blocks of a stream that starts with `head`, and whether each is the last."""
    while block := raw.read(_BLOCK_BYTES):
        yield head + block, False
        head = b""
    yield head, True


def _from_wide(blocks: Iterator[tuple[bytes, bool]], encoding: str) -> Iterator[bytes]:
    decoder: Any = codecs.getincrementaldecoder(encoding)("replace")
    for block, is_last in blocks:
        text = cast("str", decoder.decode(block, is_last)).replace("\x00", "")
        yield text.encode(errors="replace")


def _wide_encoding(head: bytes) -> str | None:
    """Return UTF-16 or UTF-32 where the first four bytes of a text say so."""
    if head in (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE):
        return "utf-32"
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    return _WITHOUT_MARK.get(tuple(map(bool, head)))


def _as_windows_1252(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    wrong = error.object[error.start : error.end]
    # five bytes are not defined in Windows-1252
    return "".join(
        byte.decode("cp1252", "ignore") or byte.decode("latin-1")
        for byte in (wrong[place : place + 1] for place in range(len(wrong)))
    ), error.end


_AS_WINDOWS_1252 = "segue-windows-1252"
codecs.register_error(_AS_WINDOWS_1252, _as_windows_1252)
