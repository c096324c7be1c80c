"""Stars and ratings as music players set them: of songs, of albums, of artists.

A song's star or rating is also feedback, and what counts is that (see `segue.library.feedback`):
here stands what the player said, so that it is told the same again. Each mark belongs to one owner.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, Literal

from sqlalchemy import Engine, Row, delete, select
from sqlalchemy.dialects.sqlite import insert as upsert

from segue.library import schema
from segue.library.feedback import LIVE, opinion_key
from segue.library.serving_schema import marks
from segue.library.storage import told

MarkKind = Literal["song", "album", "artist"]

_CHUNK: Final = 500
_MIDDLE: Final = 3.0  # of live ratings, above which one is a like


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What a player said of one `item`: when it was starred, and its rating from 1 to 5.

    `opinion` is what both came to as feedback on a song: like, dislike, or nothing.
    """

    kind: MarkKind
    item: str
    starred: float | None = None
    rating: int | None = None
    opinion: str | None = None


@dataclass(frozen=True, slots=True)
class Opinion:
    """What a listener said of a track live, and when."""

    track_id: str
    kind: Literal["like", "dislike"]
    at: float


class MarkStore:
    """The marks in one library, and the opinions that they are beside."""

    def __init__(self, database: Engine, directory: Path) -> None:
        self._database = database
        self._directory = directory

    def put(self, owner: str, given: Sequence[Mark]) -> None:
        """Keep marks in the place of those before; one that says nothing is forgotten."""
        with told(self._directory), self._database.begin() as connection:
            for mark in given:
                values = asdict(mark)
                statement = upsert(marks).values(owner=owner, **values)
                keys = ["owner", "kind", "item"]
                changed = statement.on_conflict_do_update(index_elements=keys, set_=values)
                own = (marks.c.owner == owner) & (marks.c.kind == mark.kind)
                forgotten = delete(marks).where(own, marks.c.item == mark.item)
                says = mark.starred is not None or mark.rating is not None
                connection.execute(changed if says else forgotten)

    def of(self, owner: str, kind: MarkKind, items: Sequence[str]) -> dict[str, Mark]:
        """Return an owner's marks of some items, by item."""
        found: dict[str, Mark] = {}
        with told(self._directory), self._database.connect() as connection:
            for start in range(0, len(items), _CHUNK):
                query = select(marks).where(
                    marks.c.owner == owner,
                    marks.c.kind == kind,
                    marks.c.item.in_(items[start : start + _CHUNK]),
                )
                found.update((row.item, _mark(row)) for row in connection.execute(query))
        return found

    def all(self, owner: str, kind: MarkKind) -> list[Mark]:
        """Return all marks of one kind that an owner has set."""
        query = select(marks).where(marks.c.owner == owner, marks.c.kind == kind)
        with told(self._directory), self._database.connect() as connection:
            return [_mark(row) for row in connection.execute(query)]

    def opinions(self, user: str, track_ids: Sequence[str]) -> dict[str, Opinion]:
        """Return what a listener said of some tracks live, by their ids."""
        keys = {opinion_key(user, track_id): track_id for track_id in track_ids}
        table, wanted, found = schema.listens, list(keys), {}
        with told(self._directory), self._database.connect() as connection:
            for start in range(0, len(wanted), _CHUNK):
                query = select(table.c.fingerprint, table.c.rating, table.c.timestamp).where(
                    table.c.fingerprint.in_(wanted[start : start + _CHUNK])
                )
                for key, rating, at in connection.execute(query):
                    found[keys[key]] = _opinion(keys[key], rating, at)
        return found

    def liked(self, user: str) -> list[Opinion]:
        """Return everything that a listener likes by having said so live."""
        table = schema.listens
        query = (
            select(schema.tracks.c.track_id, table.c.rating, table.c.timestamp)
            .join_from(table, schema.users, table.c.user == schema.users.c.row)
            .join(schema.tracks, table.c.track == schema.tracks.c.row)
            .where(schema.users.c.user_id == user, table.c.dataset == LIVE)
            .where(table.c.rating > _MIDDLE)
        )
        with told(self._directory), self._database.connect() as connection:
            return [_opinion(*row) for row in connection.execute(query)]


def _mark(row: Row[tuple[object, ...]]) -> Mark:
    values = {name: value for name, value in row._mapping.items() if name != "owner"}
    return Mark(**values)


def _opinion(track_id: str, rating: float, at: float | None) -> Opinion:
    return Opinion(track_id, "like" if rating > _MIDDLE else "dislike", at or 0.0)
