"""Invitations: links with which a person makes an account, once.

Only a digest of the random token in a link is stored. Times are seconds since 1970.
"""

import time
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Row, delete, insert, select

from segue.library.accounts import Account, add_account_row, secret_digest
from segue.library.database import Database
from segue.library.serving_schema import invitations


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """An invitation that was not used yet.

    `name` is the only name that the account may have, `admin` says what it may do.
    """

    number: int
    name: str | None
    invited_by: str | None
    admin: bool
    created: float
    expires: float


class InvitationStore:
    """The invitations of one library."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self, token: str, *, invited_by: str | None, name: str | None, admin: bool, expires: float
    ) -> None:
        """Store an invitation, and delete those that have expired."""
        now = time.time()
        values = {
            "token": secret_digest(token),
            "invited_by": invited_by,
            "name": name,
            "admin": admin,
            "created": now,
            "expires": expires,
        }
        with self._database.begin() as connection:
            connection.execute(delete(invitations).where(invitations.c.expires <= now))
            connection.execute(insert(invitations).values(values))

    def all(self) -> list[Invitation]:
        """Return the invitations that can still be used, the oldest first."""
        query = select(invitations).where(invitations.c.expires > time.time())
        with self._database.connect() as connection:
            found = connection.execute(query.order_by(invitations.c.row)).all()
        return [_invitation(row) for row in found]

    def find(self, token: str) -> Invitation | None:
        """Return the invitation of a token; None if it was used or has expired."""
        query = select(invitations).where(
            invitations.c.token == secret_digest(token), invitations.c.expires > time.time()
        )
        with self._database.connect() as connection:
            row = connection.execute(query).first()
        return _invitation(row) if row else None

    def accept(
        self, invitation: Invitation, account: Account, password_hash: str
    ) -> Literal["accepted", "used", "taken"]:
        """Add an account and delete its invitation, in one step.

        Returns
        -------
        str
            ``used`` if the invitation was used meanwhile, ``taken`` if the name has an account;
            nothing is changed then.
        """
        own = invitations.c.row == invitation.number
        with self._database.begin() as connection:
            if connection.scalar(select(invitations.c.row).where(own)) is None:
                return "used"
            if not add_account_row(connection, account, password_hash):
                return "taken"
            connection.execute(delete(invitations).where(own))
            return "accepted"

    def revoke(self, number: int) -> bool:
        """Delete an invitation; return whether it was there."""
        with self._database.begin() as connection:
            return bool(
                connection.execute(delete(invitations).where(invitations.c.row == number)).rowcount
            )


def _invitation(row: Row[Any]) -> Invitation:
    return Invitation(
        number=row.row,
        name=row.name,
        invited_by=row.invited_by,
        admin=row.admin,
        created=row.created,
        expires=row.expires,
    )
