"""Split CSV text into records, and recover from quotes that are never closed.

Conventions
-----------
- Every record has a number: the first record of the file is 1, empty lines count, a quoted line
  break does not start a record.
- A quote that is never closed costs its own line only; the lines after it are read again.
"""

import csv
from collections import deque
from collections.abc import Iterable, Iterator, Sequence

UNCLOSED = "a quote is opened in this row and never closed: close it or remove it"
CUT_SHORT = "the last row was cut short"


def read_records(
    text: Iterable[str], separator: str, *, max_lines: int | None = None, width: int | None = None
) -> Iterator[list[str] | str]:
    """Yield the cells of each record, or the reason why a line is not a record.

    Parameters
    ----------
    text
        Lines with their line ends.
    max_lines
        A record of more lines counts as a quote that is never closed. Without a limit, all that
        follows such a quote is held in memory.
    width
        Where given, a last record without a line end and with fewer cells was cut short.
    """
    lines = _Lines(text)
    reader = csv.reader(lines, delimiter=separator)
    while True:
        lines.taken.clear()
        try:
            cells = next(reader, None)
            n_lines = len(lines.taken)
            # the end of the file closes an open quote
            unclosed = (max_lines is not None and n_lines > max_lines) or (
                n_lines > 1 and "".join(lines.taken).count('"') % 2 == 1 and lines.at_end()
            )
        except csv.Error:  # one cell of more than 128 KiB
            cells, unclosed = [], True
        if cells is None:
            return
        if unclosed:
            lines.put_back(lines.taken[1:])
            reader = csv.reader(lines, delimiter=separator)
            yield UNCLOSED
        elif width is not None and _is_cut_short(lines.taken, separator, width):
            yield CUT_SHORT
        else:
            yield cells


def too_long(cells: Sequence[str], width: int, separator: str) -> str | None:
    """Return the problem of a record that has more cells than the header; None if it has not."""
    if len(cells) <= width or not any(map(str.strip, cells[width:])):
        return None
    return (
        f"the row has {len(cells)} cells and the header {width}: put quotes around text that"
        f" contains {separator!r}"
    )


class _Lines:
    """The lines of a text; those of the last record can be put back."""

    def __init__(self, text: Iterable[str]) -> None:
        self._text = iter(text)
        self._again: deque[str] = deque()
        self.taken: list[str] = []

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else next(self._text)
        self.taken.append(line)
        return line

    def put_back(self, lines: Sequence[str]) -> None:
        self._again.extendleft(reversed(lines))

    def at_end(self) -> bool:
        if not self._again:
            following = next(self._text, None)
            if following is None:
                return True
            self._again.append(following)
        return False


def _is_cut_short(lines: Sequence[str], separator: str, width: int) -> bool:
    if lines[-1].endswith(("\n", "\r")):
        return False
    try:
        cells = next(csv.reader(lines, delimiter=separator, strict=True), [])
    except csv.Error:
        return True
    return len(cells) < width
