"""Tokens by which programs ask a listener for a session, as the API of Last.fm has them.

Only a digest of a token is stored. Times are seconds since 1970.
"""

import time
from typing import Final, Literal

from sqlalchemy import delete, insert, select, update

from segue.library.accounts import secret_digest
from segue.library.database import Database
from segue.library.serving_schema import scrobbler_tokens

MAX_WAITING: Final = 1_000
"""Tokens that are kept before they are approved; the oldest ones are deleted."""
_KEPT_SECONDS: Final = 86_400.0
"""Time for which an expired token is known as such."""

TokenState = Literal["waiting", "expired", "unknown"]


class ScrobblerTokenStore:
    """The tokens of one library."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, token: str, api_key: str, *, expires: float, listener: str | None = None) -> None:
        """Store a token of the program with an API key; a `listener` has approved it already."""
        table = scrobbler_tokens
        values = {"token": secret_digest(token), "api_key": api_key}
        with self._database.begin() as connection:
            connection.execute(delete(table).where(table.c.expires <= time.time() - _KEPT_SECONDS))
            connection.execute(insert(table).values(owner=listener, expires=expires, **values))
            waiting = select(table.c.row).where(table.c.owner.is_(None))
            old = waiting.order_by(table.c.row.desc()).offset(MAX_WAITING)
            connection.execute(delete(table).where(table.c.row.in_(old)))

    def approve(self, token: str, api_key: str, listener: str) -> TokenState | None:
        """Store that a listener approves a token; return why it cannot be approved, if so.

        A token that was approved before is unknown: another listener must not take it over.
        """
        table = scrobbler_tokens
        mine = (table.c.token == secret_digest(token), table.c.api_key == api_key)
        with self._database.begin() as connection:
            query = select(table.c.expires).where(*mine, table.c.owner.is_(None))
            expires = connection.scalar(query)
            if expires is None:
                return "unknown"
            if expires <= time.time():
                return "expired"
            connection.execute(update(table).where(*mine).values(owner=listener))
        return None

    def redeem(self, token: str, api_key: str) -> tuple[str | None, TokenState]:
        """Return the listener who approved a token, and delete it; else None and the reason."""
        table = scrobbler_tokens
        mine = (table.c.token == secret_digest(token), table.c.api_key == api_key)
        with self._database.begin() as connection:
            row = connection.execute(select(table.c.owner, table.c.expires).where(*mine)).first()
            if row is None:
                return None, "unknown"
            if row.expires <= time.time():
                return None, "expired"
            if row.owner is not None:
                connection.execute(delete(table).where(*mine))
        return row.owner, "waiting"
