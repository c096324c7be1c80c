"""JSON texts as their values one after the other, whatever way they stand in the file.

Conventions
-----------
- An array gives its items, lines of JSON theirs, and one object itself; several arrays or objects
  after each other are read on.
- What cannot be read is a remark; after damage in an array nothing more is read.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

import ijson

from segue.sources.history_import.import_row import Remark
from segue.sources.tables.decoding import Stream

_HEAD = 1 << 16
_LONGEST_LINE = 1 << 24
_DEEP = 1_000
_TOO_DEEP = re.compile(rb"(?:[\[{][^\[\]{}]*+){%d}" % _DEEP)


def values_in(stream: Stream) -> Iterator[tuple[int | None, Any]]:
    """Give the values of a JSON text, with their lines if each has its own, and remarks."""
    head = stream.peek(_HEAD).lstrip()
    if head.startswith(b"["):
        yield from _items(_Pieces(b"", stream), "item")
        return
    first = stream.readline(_LONGEST_LINE)
    while first and not first.strip():
        first = stream.readline(_LONGEST_LINE)
    try:
        value = json.loads(first)
    except (ValueError, RecursionError):
        yield from _items(_Pieces(first, stream), "")
        return
    yield 1, value
    number = 1
    while line := stream.readline(_LONGEST_LINE):
        number += 1
        if not line.strip():
            continue
        try:
            yield number, json.loads(line)
        except (ValueError, RecursionError):
            yield number, Remark("the line is not JSON: it may have been cut short", number)


def cut_short(name: str, error: Exception) -> Remark:
    """Return what is said of a file, or a part of it called `name`, that ends too early."""
    where = f"{name} " if name else ""
    what = str(error).splitlines()[0] if str(error) else type(error).__name__
    reason = f"{where}cannot be read to its end ({what}): what came before is kept"
    return Remark(reason, left_out=0)


class _Pieces:
    """A stream that begins with what was taken from it, and refuses what is nested for nothing.

    The parser does not survive values nested tens of thousands deep.
    """

    def __init__(self, taken: bytes, stream: Stream) -> None:
        self._taken = taken
        self._stream = stream

    def read(self, size: int = -1) -> bytes:
        if size == 0:  # how ijson asks whether these are bytes
            return b""
        piece = self._taken or self._stream.read(size)
        self._taken = b""
        opened = piece.count(b"[") + piece.count(b"{")
        if opened >= _DEEP and _TOO_DEEP.search(piece):
            raise ijson.JSONError("its values are nested too deeply")
        return piece


def _items(stream: _Pieces, prefix: str) -> Iterator[tuple[None, Any]]:
    try:
        for value in ijson.items(stream, prefix, use_float=True, multiple_values=True):
            yield None, value
    except ijson.JSONError as error:
        yield None, cut_short("", error)
