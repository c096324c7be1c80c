"""Stars and ratings of songs, albums and artists, as music players set them.

The star or rating of a song is also feedback, which is what recommendations use (see
`segue.library.feedback`); annotations are stored so that players get back what they set. Each one
belongs to one owner.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal

from sqlalchemy import Row, delete, select

from segue.library.database import Database
from segue.library.lookup import rows_where
from segue.library.serving_schema import annotations
from segue.library.upserts import upsert

AnnotationKind = Literal["song", "album", "artist"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnotationRecord:
    """Annotation of one `item`: the time of its star, and its rating from 1 to 5.

    `opinion` is the feedback that both resulted in for a song: like, dislike or None.
    """

    kind: AnnotationKind
    item: str
    starred: float | None = None
    rating: int | None = None
    opinion: str | None = None


class AnnotationStore:
    """The annotations in one library."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, owner: str, given: Sequence[AnnotationRecord]) -> None:
        """Replace annotations; one without star and rating is deleted."""
        with self._database.begin() as connection:
            for record in given:
                values = asdict(record)
                statement = upsert(annotations).values(owner=owner, **values)
                keys = ["owner", "kind", "item"]
                changed = statement.on_conflict_do_update(index_elements=keys, set_=values)
                own = (annotations.c.owner == owner) & (annotations.c.kind == record.kind)
                removed = delete(annotations).where(own, annotations.c.item == record.item)
                is_set = record.starred is not None or record.rating is not None
                connection.execute(changed if is_set else removed)

    def of(
        self, owner: str, kind: AnnotationKind, items: Sequence[str]
    ) -> dict[str, AnnotationRecord]:
        """Return an owner's annotations of some items, by item."""
        query = select(annotations).where(annotations.c.owner == owner, annotations.c.kind == kind)
        with self._database.connect() as connection:
            rows = rows_where(connection, query, annotations.c.item, items)
            return {row.item: _record(row) for row in rows}

    def all(self, owner: str, kind: AnnotationKind) -> list[AnnotationRecord]:
        """Return all annotations of one kind by an owner."""
        query = select(annotations).where(annotations.c.owner == owner, annotations.c.kind == kind)
        with self._database.connect() as connection:
            return [_record(row) for row in connection.execute(query)]


def _record(row: Row[tuple[object, ...]]) -> AnnotationRecord:
    values = {name: value for name, value in row._mapping.items() if name != "owner"}
    return AnnotationRecord(**values)
