"""Stars and ratings as music players set them: of songs, of albums, of artists.

A song's star or rating is also feedback, and what counts is that (see `segue.library.feedback`):
here stands what the player said, so that it is told the same again. Each mark belongs to one owner.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal

from sqlalchemy import Row, delete, select
from sqlalchemy.dialects.sqlite import insert as upsert

from segue.library.database import Database
from segue.library.lookup import rows_where
from segue.library.serving_schema import annotations

AnnotationKind = Literal["song", "album", "artist"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnotationRecord:
    """What a player said of one `item`: when it was starred, and its rating from 1 to 5.

    `opinion` is what both came to as feedback on a song: like, dislike, or nothing.
    """

    kind: AnnotationKind
    item: str
    starred: float | None = None
    rating: int | None = None
    opinion: str | None = None


class AnnotationStore:
    """The marks in one library."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, owner: str, given: Sequence[AnnotationRecord]) -> None:
        """Keep marks in the place of those before; one that says nothing is forgotten."""
        with self._database.begin() as connection:
            for mark in given:
                values = asdict(mark)
                statement = upsert(annotations).values(owner=owner, **values)
                keys = ["owner", "kind", "item"]
                changed = statement.on_conflict_do_update(index_elements=keys, set_=values)
                own = (annotations.c.owner == owner) & (annotations.c.kind == mark.kind)
                forgotten = delete(annotations).where(own, annotations.c.item == mark.item)
                says = mark.starred is not None or mark.rating is not None
                connection.execute(changed if says else forgotten)

    def of(
        self, owner: str, kind: AnnotationKind, items: Sequence[str]
    ) -> dict[str, AnnotationRecord]:
        """Return an owner's marks of some items, by item."""
        query = select(annotations).where(annotations.c.owner == owner, annotations.c.kind == kind)
        with self._database.connect() as connection:
            rows = rows_where(connection, query, annotations.c.item, items)
            return {row.item: _mark(row) for row in rows}

    def all(self, owner: str, kind: AnnotationKind) -> list[AnnotationRecord]:
        """Return all marks of one kind that an owner has set."""
        query = select(annotations).where(annotations.c.owner == owner, annotations.c.kind == kind)
        with self._database.connect() as connection:
            return [_mark(row) for row in connection.execute(query)]


def _mark(row: Row[tuple[object, ...]]) -> AnnotationRecord:
    values = {name: value for name, value in row._mapping.items() if name != "owner"}
    return AnnotationRecord(**values)
