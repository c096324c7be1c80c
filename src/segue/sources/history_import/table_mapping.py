"""What the readers of tables need to know of the layout of one table."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any

from segue.ratings import RatingScale
from segue.sources.history_import.import_row import ImportIssue, ImportRow, UnusableRow


class TableMapping(ABC):
    """The layout of one table: the kind of its export, and how a row is read.

    `width` is the number of its columns, `rating_place` that of its ratings, if it has any. They
    are on the `scale` of the table; where it `has_plays`, 0 means "not rated".
    """

    def __init__(self, kind: str, width: int, *, has_header: bool) -> None:
        self.kind = kind
        self.width = width
        self.has_header = has_header
        self.scale = RatingScale()
        self.has_plays = False
        self.rating_place: int | None = None

    @abstractmethod
    def parse(self, cells: Sequence[Any]) -> Iterator[ImportRow]:
        """Yield the listens, totals or opinions of one row of the table.

        Raises
        ------
        UnusableRow
            A value cannot be parsed, or the row is no listen.
        """

    def rows(self, cells: Sequence[Any], number: int) -> Iterator[ImportRow | ImportIssue]:
        """Yield rows, or the reason why row `number` is left out."""
        try:
            yield from self.parse(cells)
        except UnusableRow as why:
            yield ImportIssue(why.reason, number, expected=why.expected)
