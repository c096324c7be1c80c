"""Accounts of listeners at other services, and the queue of listens that are sent there.

A listen is queued in the transaction that stores it, so that none is lost, and none is queued
twice. A process claims the listens that it sends; if it ends before it has noted the result, they
become `unsure` after `CLAIM_SECONDS`: the service may have them, and is asked before they are sent
again. Credentials are stored as they are, since the services need them; no `ServiceConnection` has
them.
"""

import json
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple, get_args

from sqlalchemy import delete, func, insert, or_, select, update

from segue.library.database import Database
from segue.library.forward_queue import QueueState
from segue.library.serving_schema import forward_queue, service_connections, service_playlists
from segue.library.upserts import upsert

ServiceName = Literal["listenbrainz", "lastfm", "maloja"]
SERVICES: Final[tuple[ServiceName, ...]] = get_args(ServiceName)

CLAIM_SECONDS: Final = 600.0
_PUBLIC: Final = (
    "owner",
    "service",
    "url",
    "account",
    "forwards",
    "fetches",
    "sent",
    "failures",
    "retry_at",
    "error",
    "stopped",
    "fetched",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceConnection:
    """An account of a listener at a service, without its credentials.

    `account` is the name there. `forwards` is whether listens are sent, `fetches` whether weekly
    playlists are fetched. `waiting` listens are queued, `refused` ones are not sent again, `sent`
    ones were taken. After `failures` the next try is at `retry_at`; `error` is the last one, and a
    connection that is `stopped` needs other credentials.
    """

    owner: str
    service: ServiceName
    url: str
    account: str | None
    forwards: bool
    fetches: bool
    sent: int
    failures: int
    retry_at: float
    error: str | None
    stopped: bool
    fetched: float | None
    waiting: int = 0
    refused: int = 0


class QueuedListen(NamedTuple):
    """A claimed listen: its number, what it says, and whether it may have been sent before."""

    number: int
    listen: Mapping[str, Any]
    unsure: bool


class ServicePlaylist(NamedTuple):
    """A saved playlist that follows a list of a service, with the number of missing tracks."""

    name: str
    playlist: str
    remote: str
    missing: int
    changed: float


class ServiceStore:
    """The connections to services of one library."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(
        self,
        owner: str,
        service: ServiceName,
        *,
        url: str,
        account: str | None,
        secret: Mapping[str, str],
        forwards: bool,
        fetches: bool,
    ) -> None:
        """Store a connection; one that was there keeps its queue, which is sent again."""
        now = time.time()
        values = {
            "url": url,
            "account": account,
            "secret": json.dumps(dict(secret)),
            "forwards": forwards,
            "fetches": fetches,
            "failures": 0,
            "retry_at": 0.0,
            "error": None,
            "stopped": False,
            "fetched": None,
        }
        statement = upsert(service_connections).values(
            owner=owner, service=service, created=now, sent=0, **values
        )
        statement = statement.on_conflict_do_update(
            index_elements=["owner", "service"], set_=values
        )
        with self._database.begin() as connection:
            connection.execute(statement)

    def change(self, owner: str, service: str, **values: Any) -> bool:
        """Change `forwards`, `fetches`, `fetched` or the state; return whether it was there."""
        table = service_connections
        changed = update(table).where(*_own(table, owner, service)).values(values)
        with self._database.begin() as connection:
            return bool(connection.execute(changed).rowcount)

    def remove(self, owner: str, service: str) -> bool:
        """Remove a connection with its credentials and queue; return whether it was there."""
        with self._database.begin() as connection:
            for table in (forward_queue, service_playlists):
                connection.execute(delete(table).where(*_own(table, owner, service)))
            table = service_connections
            gone = delete(table).where(*_own(table, owner, service))
            return bool(connection.execute(gone).rowcount)

    def of(self, owner: str) -> list[ServiceConnection]:
        """Return the connections of a listener, by service."""
        return self._read(service_connections.c.owner == owner)

    def get(self, owner: str, service: str) -> ServiceConnection | None:
        """Return a connection of a listener, if there is one."""
        found = self._read(*_own(service_connections, owner, service))
        return found[0] if found else None

    def secret(self, owner: str, service: str) -> dict[str, str]:
        """Return the credentials of a connection, empty if there is none."""
        table = service_connections
        query = select(table.c.secret).where(*_own(table, owner, service))
        with self._database.connect() as connection:
            found = connection.scalar(query)
        return dict(json.loads(found)) if found else {}

    # queue ---------------------------------------------------------------------------------------

    def due(self, now: float) -> list[ServiceConnection]:
        """Return the connections with listens to send now."""
        table, queue = service_connections, forward_queue
        queued = (
            select(queue.c.number)
            .where(queue.c.owner == table.c.owner, queue.c.service == table.c.service)
            .where(queue.c.state != "refused", _is_free(now))
            .exists()
        )
        return self._read(
            table.c.forwards, table.c.stopped.is_(False), table.c.retry_at <= now, queued
        )

    def claim(
        self, owner: str, service: str, most: int, now: float
    ) -> tuple[str, list[QueuedListen]]:
        """Claim the queued listens that came first; return the claim and them."""
        claim, queue = secrets.token_urlsafe(12), forward_queue
        mine = _own(queue, owner, service)
        first = (
            select(queue.c.number)
            .where(*mine, queue.c.state != "refused", _is_free(now))
            .order_by(queue.c.number)
            .limit(most)
        )
        lost = update(queue).where(*mine, queue.c.claim.is_not(None), _is_free(now))
        with self._database.begin() as connection:
            connection.execute(lost.values(state="unsure", claim=None))
            numbers = list(connection.scalars(first))
            taken = update(queue).where(queue.c.number.in_(numbers))
            connection.execute(taken.values(claim=claim, claimed=now))
            query = select(queue.c.number, queue.c.listen, queue.c.state)
            rows = connection.execute(query.where(queue.c.claim == claim).order_by(queue.c.number))
            return claim, [
                QueuedListen(number, json.loads(listen), state == "unsure")
                for number, listen, state in rows
            ]

    def finish(
        self,
        owner: str,
        service: str,
        claim: str,
        *,
        taken: Sequence[int] = (),
        refused: Mapping[int, str] | None = None,
    ) -> None:
        """Note the results of claimed listens; the others keep the claim."""
        queue, table = forward_queue, service_connections
        with self._database.begin() as connection:
            gone = delete(queue).where(queue.c.claim == claim, queue.c.number.in_(taken))
            n_taken = connection.execute(gone).rowcount
            for number, reason in (refused or {}).items():
                one = update(queue).where(queue.c.claim == claim, queue.c.number == number)
                connection.execute(one.values(state="refused", error=reason, claim=None))
            values = {"failures": 0, "retry_at": 0.0, "error": None, "sent": table.c.sent + n_taken}
            mine = update(table).where(*_own(table, owner, service))
            connection.execute(mine.values(values))

    def release(self, claim: str, *, state: QueueState | None = None) -> None:
        """Give claimed listens back, in another state if one is given."""
        queue = forward_queue
        values: dict[str, Any] = {"claim": None} | ({} if state is None else {"state": state})
        with self._database.begin() as connection:
            connection.execute(update(queue).where(queue.c.claim == claim).values(values))

    def refused(self, owner: str, service: str, most: int = 20) -> list[tuple[dict[str, Any], str]]:
        """Return the listens that a service refused, the latest first, with the reasons."""
        queue = forward_queue
        query = select(queue.c.listen, queue.c.error).where(*_own(queue, owner, service))
        query = query.where(queue.c.state == "refused").order_by(queue.c.number.desc()).limit(most)
        with self._database.connect() as connection:
            rows = connection.execute(query).all()
        return [(json.loads(listen), error or "") for listen, error in rows]

    # playlists -----------------------------------------------------------------------------------

    def fetching(self) -> list[ServiceConnection]:
        """Return the connections whose weekly playlists are fetched."""
        return self._read(service_connections.c.fetches, service_connections.c.stopped.is_(False))

    def playlists(self, owner: str, service: str) -> dict[str, ServicePlaylist]:
        """Return the playlists that follow lists of a service, by the names of these."""
        table = service_playlists
        columns = (table.c[name] for name in ServicePlaylist._fields)
        with self._database.connect() as connection:
            rows = connection.execute(select(*columns).where(*_own(table, owner, service))).all()
        return {row[0]: ServicePlaylist(*row) for row in rows}

    def put_playlist(self, owner: str, service: str, one: ServicePlaylist) -> None:
        """Store which playlist follows a list of a service."""
        table = service_playlists
        mine = (*_own(table, owner, service), table.c.name == one.name)
        with self._database.begin() as connection:
            connection.execute(delete(table).where(*mine))
            values = {"owner": owner, "service": service, **one._asdict()}
            connection.execute(insert(table).values(values))

    def _read(self, *which: Any) -> list[ServiceConnection]:
        table, queue = service_connections, forward_queue
        counts = []
        for refused in (False, True):
            state = queue.c.state == "refused" if refused else queue.c.state != "refused"
            count = select(func.count()).select_from(queue).where(state)
            count = count.where(queue.c.owner == table.c.owner, queue.c.service == table.c.service)
            counts.append(count.scalar_subquery().label("refused" if refused else "waiting"))
        query = select(*(table.c[name] for name in _PUBLIC), *counts).where(*which)
        with self._database.connect() as connection:
            rows = connection.execute(query.order_by(table.c.owner, table.c.service)).mappings()
            return [ServiceConnection(**row) for row in rows]


def _own(table: Any, owner: str, service: str) -> tuple[Any, ...]:
    return table.c.owner == owner, table.c.service == service


def _is_free(now: float) -> Any:
    queue = forward_queue
    return or_(queue.c.claim.is_(None), queue.c.claimed < now - CLAIM_SECONDS)
