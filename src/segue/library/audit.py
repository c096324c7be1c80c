"""Audit log of accounts, and limits for failed log-ins.

Entries are only added; old ones, and those above `MAX_ENTRIES`, are deleted. No secret is written
to it: neither passwords nor unknown account names, since people type passwords into that field.

Log-in attempts are counted in the database, so that several server processes count together. An
attempt is written before it is checked and deleted if it was right, so that sending many at once
does not get around the limit.
"""

import time
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

from sqlalchemy import Connection, delete, insert, or_, select

from segue.library.database import Database
from segue.library.serving_schema import audit, login_attempts

MAX_ENTRIES: Final = 10_000
"""Maximum number of entries in the audit log."""

MAX_AGE_SECONDS: Final = 180 * 86_400.0
"""Age at which an entry is deleted."""

_MAX_DETAIL = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """An event: its time, what happened, the account, and the address it came from."""

    number: int
    at: float
    what: str
    who: str | None
    address: str | None
    detail: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TryLimits:
    """Maximum number of failed log-ins for one name and from one address, within `seconds`."""

    of_name: int = 5
    of_address: int = 20
    seconds: float = 900.0


class AuditLog:
    """The audit log of one library, and its failed log-ins."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def note(
        self,
        what: str,
        who: str | None = None,
        *,
        address: str | None = None,
        detail: str | None = None,
    ) -> None:
        """Add an entry. Control characters become spaces, so that it stays one line."""
        now = time.time()
        values = {"at": now, "what": what, "who": who, "address": address, "detail": detail}
        cleaned = {
            name: _line(value) if isinstance(value, str) else value
            for name, value in values.items()
        }
        with self._database.begin() as connection:
            added = connection.execute(insert(audit).values(cleaned)).inserted_primary_key
            number = added[0] if added else 0
            old = or_(audit.c.number <= number - MAX_ENTRIES, audit.c.at < now - MAX_AGE_SECONDS)
            connection.execute(delete(audit).where(old))

    def entries(self, *, before: int | None = None, most: int = 100) -> list[AuditEntry]:
        """Return the latest entries, or those `before` a number, the latest first."""
        query = select(audit).order_by(audit.c.number.desc()).limit(most)
        if before is not None:
            query = query.where(audit.c.number < before)
        with self._database.connect() as connection:
            return [AuditEntry(**row) for row in connection.execute(query).mappings()]

    # log-ins -------------------------------------------------------------------------------------

    def must_wait(self, name: str, address: str | None, limits: TryLimits) -> float:
        """Return the seconds until a log-in is allowed again; 0.0 where it is allowed now."""
        with self._database.connect() as connection:
            return _must_wait(connection, name, address, limits)

    def begin_try(self, name: str, address: str | None, limits: TryLimits) -> float:
        """Record an attempt to log in, unless there were too many; return `must_wait`."""
        now, within = time.time(), limits.seconds
        # times far ahead were written before a clock was set back
        past = or_(login_attempts.c.at <= now - within, login_attempts.c.at > now + within)
        with self._database.begin() as connection:
            # a change first: it takes the lock, so that no other process counts at the same time
            connection.execute(delete(login_attempts).where(past))
            wait = _must_wait(connection, name, address, limits)
            if not wait:
                values = {"at": time.time(), "name": _digest(name), "address": address}
                connection.execute(insert(login_attempts).values(values))
            return wait

    def end_try(self, name: str) -> None:
        """Delete the attempts of a name after a successful log-in."""
        with self._database.begin() as connection:
            connection.execute(delete(login_attempts).where(login_attempts.c.name == _digest(name)))


def _must_wait(connection: Connection, name: str, address: str | None, limits: TryLimits) -> float:
    now, wait = time.time(), 0.0
    counted = [(login_attempts.c.name == _digest(name), limits.of_name)]
    if address is not None:
        counted.append((login_attempts.c.address == address, limits.of_address))
    # times far ahead were written before a clock was set back
    present = login_attempts.c.at <= now + limits.seconds
    for same, most in counted:
        at = login_attempts.c.at
        latest = select(at).where(same, present).order_by(at.desc())
        # the attempt that allows another one when it no longer counts
        since = connection.scalar(latest.offset(most - 1).limit(1))
        if since is not None:
            wait = max(wait, since + limits.seconds - now)
    return min(wait, limits.seconds)


def _line(text: str) -> str:
    printable = "".join(letter if letter.isprintable() else " " for letter in text)
    return printable[:_MAX_DETAIL]


def _digest(name: str) -> bytes:
    return blake2b(name.encode("utf-8", "surrogatepass"), digest_size=16).digest()
