"""What happened around accounts, and the log-ins that were not right.

The audit log is only added to; what is old, or more than `MOST_KEPT`, is deleted from its
beginning. Nothing secret is ever written to it: neither passwords nor what was typed for a name
that there is not, since people type passwords there too.

Log-ins are counted here and not in a process, so that several which serve one library count
together. A try is written down before it is looked at and taken away if it was right: who sends
many at once gains nothing.
"""

import time
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

from sqlalchemy import Connection, delete, insert, or_, select

from segue.library.database import Database
from segue.library.serving_schema import audit, login_attempts

MOST_KEPT: Final = 10_000
"""Entries of the audit log that are kept."""

KEPT_SECONDS: Final = 180 * 86_400.0
"""How long an entry is kept."""

_LONGEST_DETAIL = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Something that happened: when, what, by or to whom, from which address."""

    number: int
    at: float
    what: str
    who: str | None
    address: str | None
    detail: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TryLimits:
    """How many tries are allowed of a name, and from an address, within how many seconds."""

    of_name: int = 5
    of_address: int = 20
    seconds: float = 900.0


class AuditLog:
    """The audit log of one library, and its count of log-ins that were not right."""

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
        """Write down what happened. Control characters are left out, so that a line stays one."""
        now = time.time()
        values = {"at": now, "what": what, "who": who, "address": address, "detail": detail}
        cleaned = {
            name: _line(value) if isinstance(value, str) else value
            for name, value in values.items()
        }
        with self._database.begin() as connection:
            added = connection.execute(insert(audit).values(cleaned)).inserted_primary_key
            number = added[0] if added else 0
            old = or_(audit.c.number <= number - MOST_KEPT, audit.c.at < now - KEPT_SECONDS)
            connection.execute(delete(audit).where(old))

    def entries(self, *, before: int | None = None, most: int = 100) -> list[Entry]:
        """Return the latest entries, or those `before` a number, the latest first."""
        query = select(audit).order_by(audit.c.number.desc()).limit(most)
        if before is not None:
            query = query.where(audit.c.number < before)
        with self._database.connect() as connection:
            return [Entry(**row) for row in connection.execute(query).mappings()]

    # log-ins -------------------------------------------------------------------------------------

    def must_wait(self, name: str, address: str | None, limits: TryLimits) -> float:
        """Return for how many seconds nobody may log in so; 0.0 where somebody may."""
        with self._database.connect() as connection:
            return _must_wait(connection, name, address, limits)

    def begin_try(self, name: str, address: str | None, limits: TryLimits) -> float:
        """Write down a try to log in, unless there were too many: return `must_wait`."""
        now, within = time.time(), limits.seconds
        # what lies far ahead was written before a clock was set back
        past = or_(login_attempts.c.at <= now - within, login_attempts.c.at > now + within)
        with self._database.begin() as connection:
            # a change first: it takes the lock, so that no other process counts meanwhile
            connection.execute(delete(login_attempts).where(past))
            wait = _must_wait(connection, name, address, limits)
            if not wait:
                values = {"at": time.time(), "name": _digest(name), "address": address}
                connection.execute(insert(login_attempts).values(values))
            return wait

    def end_try(self, name: str) -> None:
        """Forget the tries of a name, since one was right."""
        with self._database.begin() as connection:
            connection.execute(delete(login_attempts).where(login_attempts.c.name == _digest(name)))


def _must_wait(connection: Connection, name: str, address: str | None, limits: TryLimits) -> float:
    now, wait = time.time(), 0.0
    counted = [(login_attempts.c.name == _digest(name), limits.of_name)]
    if address is not None:
        counted.append((login_attempts.c.address == address, limits.of_address))
    for same, most in counted:
        latest = select(login_attempts.c.at).where(same).order_by(login_attempts.c.at.desc())
        # the one that makes room for another when it no longer counts
        at = connection.scalar(latest.offset(most - 1).limit(1))
        if at is not None:
            wait = max(wait, at + limits.seconds - now)
    return wait


def _line(text: str) -> str:
    printable = "".join(letter if letter.isprintable() else " " for letter in text)
    return printable[:_LONGEST_DETAIL]


def _digest(name: str) -> bytes:
    return blake2b(name.encode("utf-8", "surrogatepass"), digest_size=16).digest()
