"""Which imported listens were compared with those of other services: kept in the table `meta`."""

import json
from typing import TYPE_CHECKING, Final, NamedTuple

from sqlalchemy import select

from segue.library import schema
from segue.library.writes import put_meta

if TYPE_CHECKING:
    from sqlalchemy import Connection

_KEY: Final = "compared listens"


class ComparedListens(NamedTuple):
    """The id of the last listen that was compared; all those of `new_users` count as new."""

    last: int
    new_users: list[int]

    @classmethod
    def read(cls, connection: "Connection") -> "ComparedListens":
        """Return what the library has."""
        meta = schema.meta
        value = connection.scalar(select(meta.c.value).where(meta.c.key == _KEY))
        return cls(*json.loads(value)) if value else cls(0, [])

    def write(self, connection: "Connection") -> None:
        """Store it in place of what the library has."""
        put_meta(connection, _KEY, json.dumps(self))


def compare_again(connection: "Connection", user: int) -> None:
    """Have the listens of a listener compared at the next import, as if all were new."""
    last, users = ComparedListens.read(connection)
    ComparedListens(last, sorted({*users, user})).write(connection)
