"""Queue listens for other services, in the transaction that stores or deletes them."""

import json
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import delete, select
from sqlalchemy.dialects.sqlite import insert as upsert

from segue.library import schema
from segue.library.serving_schema import forward_queue, service_connections

if TYPE_CHECKING:
    from sqlalchemy import Connection

QueueState = Literal["waiting", "unsure", "refused"]

_RECORDING = ("recording", "mbid", "musicbrainz_trackid", "mb_trackid")


def forwarding_services(connection: "Connection", owners: Collection[str]) -> dict[str, list[str]]:
    """Return the services that take the listens of some listeners, by listener."""
    table = service_connections
    query = select(table.c.owner, table.c.service).where(table.c.forwards)
    found: dict[str, list[str]] = {}
    for owner, service in connection.execute(query):  # there are few connections
        if owner in owners:
            found.setdefault(owner, []).append(service)
    return found


def queue_track(
    connection: "Connection",
    owner: str,
    services: Collection[str],
    fingerprint: bytes,
    *,
    track: int,
    at: float,
    ms_played: float | None,
) -> None:
    """Queue a play of the track at a row."""
    table, files = schema.tracks, schema.audio_files
    query = select(
        table.c.artist, table.c.title, table.c.album, table.c.duration, table.c.metadata
    ).where(table.c.row == track)
    artist, title, album, duration, metadata = connection.execute(query).one()
    analyzed = connection.scalar(select(files.c.duration).where(files.c.track == track))
    named = {
        name: value
        for name, value in json.loads(metadata).items()
        if any(part in name for part in _RECORDING)
    }
    names = {"artist": artist, "title": title, "album": album, "metadata": named}
    listen = {**names, "duration": analyzed or duration, "ms_played": ms_played}
    queue_listen(connection, owner, services, fingerprint, listen=listen, at=at)


def queue_listen(
    connection: "Connection",
    owner: str,
    services: Collection[str],
    fingerprint: bytes,
    *,
    listen: Mapping[str, Any],
    at: float,
) -> None:
    """Queue a listen with `artist`, `title` and what else is known; without both it is not sent."""
    if not listen.get("artist") or not listen.get("title"):
        return
    text = json.dumps({**listen, "at": int(at)}, ensure_ascii=False)
    for service in services:
        values = {
            "owner": owner,
            "service": service,
            "fingerprint": fingerprint,
            "at": at,
            "listen": text,
            "state": "waiting",
        }
        connection.execute(upsert(forward_queue).values(values).on_conflict_do_nothing())


def unqueue(connection: "Connection", owner: str, fingerprint: bytes) -> None:
    """Take a listen that was deleted out of the queue, unless it is being sent."""
    queue = forward_queue
    mine = (queue.c.owner == owner, queue.c.fingerprint == fingerprint)
    connection.execute(delete(queue).where(*mine, queue.c.claim.is_(None)))
