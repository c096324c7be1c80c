"""Accounts, their sessions and their API keys.

An account is a listener who logs in; its name is the listener's id. Tokens and keys are random, so
only a plain digest of them is stored: a reader of the database cannot use them. Times are seconds
since 1970.
"""

import time
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from segue.errors import StorageError
from segue.library.database import Database
from segue.library.joined_listeners import forget_former_name
from segue.library.read_connection import ReadConnection
from segue.library.schema import users
from segue.library.serving_schema import accounts, api_keys, sessions
from segue.library.upserts import insert_new


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A listener who logs in.

    An `admin` may run jobs and see the whole library. Others may make blends with an account that
    `shares_taste`. `plays` says whether it has a player password.
    """

    name: str
    admin: bool = False
    shares_taste: bool = False
    created: float = 0.0
    plays: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A browser session of an account, or of a listener where there are no accounts.

    `listener` is None until one is chosen. Requests that change something must send `csrf`.
    """

    account: Account | None
    listener: str | None
    csrf: str
    created: float
    used: float
    expires: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """An API key of an account, by its name; the key itself is not stored."""

    account: str
    name: str
    created: float
    used: float | None = None


_KEY = ("name", "created", "used")


class AccountStore:
    """The accounts of one library."""

    def __init__(self, database: Database, reader: ReadConnection) -> None:
        self._database = database
        self._reader = reader

    # accounts ------------------------------------------------------------------------------------

    def add(self, account: Account, password_hash: str) -> bool:
        """Add an account; return whether its name was free."""
        with self._database.begin() as connection:
            return add_account_row(connection, account, password_hash)

    def remove(self, name: str) -> bool:
        """Remove an account with its sessions and keys; return whether it was there.

        Its listener withholds their listens from others as the account did.
        """
        own = accounts.c.name == name
        with self._database.begin() as connection:
            shares = connection.scalar(select(accounts.c.shares_taste).where(own))
            if shares is None:
                return False
            same = users.c.user_id == name
            connection.execute(update(users).where(same).values(withholds=not shares))
            return bool(connection.execute(delete(accounts).where(own)).rowcount)

    def all(self) -> list[Account]:
        """Return all accounts, by name."""
        return [_account(row) for row in self._read(select(accounts).order_by(accounts.c.name))]

    def find(self, name: str) -> Account | None:
        """Return the account with a name, if there is one."""
        found = self._read(select(accounts).where(accounts.c.name == name))
        return _account(found[0]) if found else None

    def any(self) -> bool:
        """Return whether there are accounts."""
        return bool(self._read(select(accounts.c.row).limit(1)))

    def set_flags(self, name: str, **flags: bool) -> bool:
        """Set `admin` or `shares_taste` of an account; return whether it was there."""
        changed = update(accounts).where(accounts.c.name == name).values(flags)
        return bool(self._change(changed))

    # secrets: never part of an `Account`, so that none is printed with one -----------------------

    def password_hash(self, name: str) -> str | None:
        """Return the hash of an account's password; None where there is no such account."""
        return self._secret(name, "hash")

    def set_password_hash(
        self, name: str, password_hash: str, *, before: str | None = None
    ) -> bool:
        """Replace the hash of an account's password, if it is still the one `before`.

        Returns whether it was replaced.
        """
        changed = update(accounts).where(accounts.c.name == name)
        if before is not None:
            changed = changed.where(accounts.c.hash == before)
        return bool(self._change(changed.values(hash=password_hash)))

    def player_password(self, name: str) -> str | None:
        """Return an account's player password, if it has one."""
        return self._secret(name, "player_password")

    def set_player_password(self, name: str, password: str | None) -> bool:
        """Set or remove an account's player password; return whether there is such an account."""
        values = {"player_password": password}
        return bool(self._change(update(accounts).where(accounts.c.name == name).values(values)))

    # sessions ------------------------------------------------------------------------------------

    def open_session(
        self,
        token: str,
        csrf: str,
        *,
        name: str | None,
        listener: str | None,
        expires: float,
        password_hash: str | None = None,
    ) -> bool:
        """Store a session of the account `name`, or of a `listener` where there are no accounts.

        Returns whether there is such an account with that `password_hash`. Expired sessions are
        deleted.
        """
        now = time.time()
        with self._database.begin() as connection:
            connection.execute(delete(sessions).where(sessions.c.expires <= now))
            account = None
            if name is not None:
                same = select(accounts.c.row).where(accounts.c.name == name)
                if password_hash is not None:
                    same = same.where(accounts.c.hash == password_hash)
                account = connection.scalar(same)
                if account is None:
                    return False
            values = {
                "token": secret_digest(token),
                "account": account,
                "listener": listener,
                "csrf": csrf,
                "created": now,
                "used": now,
                "expires": expires,
            }
            connection.execute(insert(sessions).values(values))
            return True

    def find_session(self, token: str) -> Session | None:
        """Return the session of a token; None where there is none or it has expired.

        Sessions without an account end when the first account is made.
        """
        found = self._reader.session(secret_digest(token), time.time())
        if found is None:
            return None
        account = None
        if found["account"] is not None:
            account = Account(
                name=found["account"],
                admin=bool(found["admin"]),
                shares_taste=bool(found["shares_taste"]),
                created=found["made"],
                plays=bool(found["plays"]),
            )
        return Session(
            account=account,
            listener=account.name if account else found["listener"],
            csrf=found["csrf"],
            created=found["created"],
            used=found["used"],
            expires=found["expires"],
        )

    def use_session(self, token: str, expires: float) -> None:
        """Record the use of a session and its new time of expiry, unless the disk refuses now."""
        used = {"used": time.time(), "expires": expires}
        self._note(update(sessions).where(sessions.c.token == secret_digest(token)).values(used))

    def close_session(self, token: str) -> bool:
        """End a session; return whether it was there."""
        return bool(self._change(delete(sessions).where(sessions.c.token == secret_digest(token))))

    def close_sessions(self, name: str, *, but: str | None = None) -> int:
        """End all sessions of an account, except that of the token `but`; return their number."""
        own = select(accounts.c.row).where(accounts.c.name == name).scalar_subquery()
        closed = delete(sessions).where(sessions.c.account == own)
        if but is not None:
            closed = closed.where(sessions.c.token != secret_digest(but))
        return self._change(closed)

    # API keys ------------------------------------------------------------------------------------

    def add_key(self, account: str, name: str, key: str) -> bool:
        """Store a key under a name; return whether the account exists and the name was free."""
        with self._database.begin() as connection:
            row = connection.scalar(select(accounts.c.row).where(accounts.c.name == account))
            if row is None:
                return False
            values = {
                "key": secret_digest(key),
                "account": row,
                "name": name,
                "created": time.time(),
            }
            return insert_new(connection, api_keys, values)

    def keys(self, account: str) -> list[ApiKey]:
        """Return the keys of an account, the oldest first."""
        query = (
            select(accounts.c.name.label("account"), *(api_keys.c[name] for name in _KEY))
            .join_from(api_keys, accounts)
            .where(accounts.c.name == account)
            .order_by(api_keys.c.row)
        )
        return [ApiKey(**row._mapping) for row in self._read(query)]

    def find_key(self, key: str) -> tuple[Account, ApiKey] | None:
        """Return the account of a key and the key's record; None where there is no such key."""
        named = api_keys.c.name.label("key_name")
        times = api_keys.c.created.label("key_created"), api_keys.c.used.label("key_used")
        query = select(accounts, named, *times).join_from(api_keys, accounts)
        found = self._read(query.where(api_keys.c.key == secret_digest(key)))
        if not found:
            return None
        (row,) = found
        account = _account(row)
        return account, ApiKey(
            account=account.name, name=row.key_name, created=row.key_created, used=row.key_used
        )

    def use_key(self, key: str) -> None:
        """Record the use of a key, unless the disk refuses now."""
        used = update(api_keys).where(api_keys.c.key == secret_digest(key)).values(used=time.time())
        self._note(used)

    def revoke_key(self, account: str, name: str) -> bool:
        """Revoke a key; return whether it was there."""
        own = select(accounts.c.row).where(accounts.c.name == account).scalar_subquery()
        revoked = delete(api_keys).where(api_keys.c.account == own, api_keys.c.name == name)
        return bool(self._change(revoked))

    # ---------------------------------------------------------------------------------------------

    def _secret(self, name: str, column: str) -> str | None:
        found = self._read(select(accounts.c[column]).where(accounts.c.name == name))
        return found[0][0] if found else None

    def _read(self, query: Any) -> list[Row[Any]]:
        with self._database.connect() as connection:
            return list(connection.execute(query).all())

    def _change(self, statement: Any) -> int:
        with self._database.begin() as connection:
            return int(connection.execute(statement).rowcount)

    def _note(self, statement: Any) -> None:
        """Change what may also be changed later: a busy or full disk delays it."""
        with suppress(StorageError), self._database.begin(wait=False) as connection:
            connection.execute(statement)


def add_account_row(connection: Connection, account: Account, password_hash: str) -> bool:
    """Add an account; return whether its name was free."""
    values = {
        "name": account.name,
        "hash": password_hash,
        "admin": account.admin,
        "shares_taste": account.shares_taste,
        "created": account.created,
    }
    added = insert_new(connection, accounts, values)
    if added:
        forget_former_name(connection, account.name)
    return added


def _account(row: Row[Any]) -> Account:
    return Account(
        name=row.name,
        admin=row.admin,
        shares_taste=row.shares_taste,
        created=row.created,
        plays=row.player_password is not None,
    )


def secret_digest(secret: str) -> bytes:
    """Return the digest that is stored in place of a token or key."""
    return blake2b(secret.encode("utf-8", "surrogatepass"), digest_size=32).digest()
