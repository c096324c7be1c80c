"""Queue listens and opinions for other services, in the transaction that stores or deletes them.

An opinion is queued as a listen with an `opinion` (1 like, -1 dislike, 0 neither) and replaces one
of the same track that still waits.
"""

import json
import secrets
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, Final, Literal

from sqlalchemy import delete, func, select

from segue.library import schema
from segue.library.serving_schema import forward_queue, service_connections
from segue.library.upserts import upsert

if TYPE_CHECKING:
    from sqlalchemy import Connection

QueueState = Literal["waiting", "unsure", "refused"]

_OPINION_SERVICES: Final = ("listenbrainz", "lastfm")
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
    listen = {**_names(connection, track), "ms_played": ms_played}
    queue_listen(connection, owner, services, fingerprint, listen=listen, at=at)


def queue_track_opinion(
    connection: "Connection",
    owner: str,
    services: Collection[str],
    mark: bytes,
    *,
    track: int,
    at: float,
    score: int,
) -> None:
    """Queue an opinion of the track at a row; see `queue_opinion`."""
    names = _names(connection, track)
    queue_opinion(connection, owner, services, mark, names=names, at=at, score=score)


def queue_opinion(
    connection: "Connection",
    owner: str,
    services: Collection[str],
    mark: bytes,
    *,
    names: Mapping[str, Any],
    at: float,
    score: int,
) -> None:
    """Queue an opinion for the services that have opinions.

    `mark` is the same for all opinions of a listener of one track: the one that waits is replaced.
    """
    queue = forward_queue
    same = func.substr(queue.c.fingerprint, 1, len(mark)) == mark
    old = (queue.c.owner == owner, same, queue.c.claim.is_(None), queue.c.state != "refused")
    connection.execute(delete(queue).where(*old))
    taking = [service for service in services if service in _OPINION_SERVICES]
    # one that is being sent stays, so this one has a fingerprint of its own
    fingerprint = mark + secrets.token_bytes(8)
    listen = {**names, "opinion": score}
    queue_listen(connection, owner, taking, fingerprint, listen=listen, at=at)


def _names(connection: "Connection", track: int) -> dict[str, Any]:
    """Return what services are told about the track at a row."""
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
    return {**names, "duration": analyzed or duration}


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
