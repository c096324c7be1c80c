"""Unpack gzip, bzip2, xz and Zstandard files as streams, recognized by their first bytes."""

import bz2
import gzip
import io
import lzma
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, cast

import pyarrow as pa

from segue.sources.tables.decoding import Stream

UNPACK_ERRORS = (EOFError, OSError, zlib.error, lzma.LZMAError, pa.ArrowException)
"""The errors of packed files that are damaged or cut short."""
_BLOCK_BYTES = 1 << 16
_GZIP, _BZIP2, _XZ = b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00"
_ZSTANDARD = b"\x28\xb5\x2f\xfd"


@contextmanager
def open_unpacked(path: Path) -> Iterator[tuple[Stream, IO[bytes]]]:
    """Open a file; give its content, unpacked, and the file itself, for its position."""
    with path.open("rb") as raw:
        content = unpacked(raw)
        try:
            yield content, raw
        finally:
            content.close()


def unpacked(raw: IO[bytes]) -> Stream:
    """Return the content of a packed stream, unpacked while it is read; of any other, as it is."""
    # files and members of zip archives can peek; a second buffer around them would close them
    can_peek = hasattr(raw, "peek")
    stream = cast("Stream", raw if can_peek else io.BufferedReader(cast("io.RawIOBase", raw)))
    head = stream.peek(len(_XZ))
    content: Any
    if head.startswith(_GZIP):
        content = gzip.GzipFile(fileobj=stream)
    elif head.startswith(_BZIP2):
        content = bz2.BZ2File(stream)
    elif head.startswith(_XZ):
        content = lzma.LZMAFile(stream)  # noqa: SIM115  # the caller closes it
    elif head.startswith(_ZSTANDARD):
        content = pa.CompressedInputStream(pa.PythonFile(stream, "r"), "zstd")
    else:
        return stream
    return io.BufferedReader(cast("io.RawIOBase", content), _BLOCK_BYTES)
