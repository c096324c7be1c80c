"""Read the values of JSON text one after the other: arrays, objects, and lines of JSON.

Conventions
-----------
- An array gives its items, lines of JSON give one value each, a single object gives itself. Several
  arrays or objects may follow each other.
- Exports of Maloja and Koito are one object with a list of all listens: the items of that list are
  read one after the other (`_LISTS`).
- Text that cannot be read is an issue; after damage inside an array nothing more is read.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

import ijson

from segue.sources.history_import.import_row import ImportIssue
from segue.sources.tables.decoding import Stream

_HEAD_BYTES = 1 << 16
_MAX_LINE_BYTES = 1 << 24
_MAX_VALUE_BYTES = 1 << 25
_MAX_DEPTH = 1_000
_TOO_DEEP = re.compile(rb"(?:[\[{][^\[\]{}]*+){%d}" % _MAX_DEPTH)
_LISTS: tuple[tuple[re.Pattern[bytes], str], ...] = (
    (re.compile(rb'\{\s*"maloja"\s*:.*"scrobbles"\s*:\s*\[', re.DOTALL), "scrobbles.item"),
    (
        re.compile(rb'\{\s*"version"\s*:.*"exported_at".*"listens"\s*:\s*\[', re.DOTALL),
        "listens.item",
    ),
)
"""The start of objects that consist of one long list, and the place of its items."""


def read_values(stream: Stream) -> Iterator[tuple[int | None, Any]]:
    """Yield the values and issues of JSON text, with their line where each has its own."""
    head = stream.peek(_HEAD_BYTES).lstrip()
    if head.startswith(b"["):
        yield from _items(_ValueGuard(b"", stream), "item")
        return
    for start, prefix in _LISTS:
        if start.match(head):
            yield from _items(_ValueGuard(b"", stream), prefix)
            return
    first = stream.readline(_MAX_LINE_BYTES)
    while first and not first.strip():
        first = stream.readline(_MAX_LINE_BYTES)
    try:
        value = json.loads(first)
    except (ValueError, RecursionError):
        yield from _items(_ValueGuard(first, stream), "")
        return
    yield 1, value
    number = 1
    while line := stream.readline(_MAX_LINE_BYTES):
        number += 1
        if not line.strip():
            continue
        try:
            yield number, json.loads(line)
        except (ValueError, RecursionError):
            issue = ImportIssue("the line is not JSON: it may have been cut short", number)
            yield number, issue


def truncation_issue(name: str, error: Exception) -> ImportIssue:
    """Return the issue of a file, or of its part called `name`, that ends too early."""
    where = f"{name} " if name else ""
    detail = str(error).splitlines()[0] if str(error) else type(error).__name__
    reason = f"{where}cannot be read to its end ({detail}): the rows before it are kept"
    return ImportIssue(reason, left_out=0)


class _ValueGuard:
    """A stream with bytes put back at its start that refuses values too deep or too large.

    The JSON parser crashes on values nested tens of thousands deep, and a value is read into memory
    as a whole. `n_bytes` were read since the last value.
    """

    def __init__(self, start: bytes, stream: Stream) -> None:
        self._start = start
        self._stream = stream
        self.n_bytes = 0

    def read(self, size: int = -1) -> bytes:
        if size == 0:  # ijson asks whether the stream gives bytes
            return b""
        block = self._start or self._stream.read(size)
        self._start = b""
        self.n_bytes += len(block)
        if self.n_bytes > _MAX_VALUE_BYTES:
            raise ijson.JSONError(f"a value is larger than {_MAX_VALUE_BYTES >> 20} MiB")
        opened = block.count(b"[") + block.count(b"{")
        if opened >= _MAX_DEPTH and _TOO_DEEP.search(block):
            raise ijson.JSONError("its values are nested too deeply")
        return block


def _items(stream: _ValueGuard, prefix: str) -> Iterator[tuple[None, Any]]:
    try:
        for value in ijson.items(stream, prefix, use_float=True, multiple_values=True):
            stream.n_bytes = 0
            yield None, value
    except ijson.JSONError as error:
        yield None, truncation_issue("", error)
