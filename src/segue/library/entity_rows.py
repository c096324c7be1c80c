"""Artists and albums as rows of the database, inside a transaction that the caller holds.

Rows and public ids never change and are never deleted: players keep ids, and annotations name them.
An album whose key changes (another title, another folder) keeps its row where its tracks do.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from hashlib import blake2b
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import bindparam, delete, insert, select, update

from segue.catalogue_ids import CatalogueIds
from segue.library import schema
from segue.library.catalogue import artists_from
from segue.library.entities import AlbumIdentity, Entities, TrackNames, identify

if TYPE_CHECKING:
    from sqlalchemy import Connection, Select, Table

_CHUNK = 10_000


def public_id(kind: str, key: str) -> str:
    """Return the id of an artist (``ar``) or album (``al``) that players are given.

    >>> public_id("ar", "anna")
    'ar-10a7c5ede50e7c1bc8e6'
    """
    digest = blake2b(key.encode("utf-8", "surrogatepass"), digest_size=10).hexdigest()
    return f"{kind}-{digest}"


def update_entities(connection: "Connection") -> None:
    """Make artists and albums those of the tracks as they are now."""
    rows, names, albums_before = _tracks(connection)
    found = identify(names)
    artists = _put_artists(connection, found)
    albums = _put_albums(connection, found, artists, albums_before)
    _put_track_artists(connection, rows, found, artists)
    changed = [
        {"track_row": row, "new_album": None if track.album is None else albums[track.album]}
        for row, track, before in zip(rows, found.tracks, albums_before, strict=True)
        if (None if track.album is None else albums[track.album]) != before
    ]
    table = schema.tracks
    statement = update(table).where(table.c.row == bindparam("track_row"))
    _execute(connection, statement.values(album_row=bindparam("new_album")), changed)


def _tracks(
    connection: "Connection",
) -> tuple[list[int], list[TrackNames], list[int | None]]:
    """Return rows, names and album rows of all tracks, by row."""
    rows: list[int] = []
    names: list[TrackNames] = []
    albums: list[int | None] = []
    for row, album_row, track in _each(connection):
        rows.append(row)
        albums.append(album_row)
        names.append(track)
    return rows, names, albums


def _each(connection: "Connection") -> Iterator[tuple[int, int | None, TrackNames]]:
    table = schema.tracks
    names = ("row", "album_row", "artist", "artists", "album", "metadata", "path", "features")
    query = select(*(table.c[name] for name in names)).order_by(table.c.row)
    for row, album_row, artist, artists, album, metadata, path, features in connection.execute(
        query
    ):
        more = {} if metadata == "{}" else json.loads(metadata)
        track = TrackNames(artist, artists_from(artists), album, more, path or features)
        yield row, album_row, track


def _put_artists(connection: "Connection", found: Entities) -> dict[str, int]:
    """Return the rows of all artists by key; new ones are inserted."""
    table = schema.artists
    there = {record.key: record for record in connection.execute(select(table))}
    taken = {record.artist_id for record in there.values()}
    new = [
        {
            "artist_id": _free_id("ar", one.key, taken),
            "key": one.key,
            "name": one.name,
            "musicbrainz_id": one.musicbrainz_id,
        }
        for one in found.artists.values()
        if one.key not in there
    ]
    _execute(connection, insert(table), new)
    identified = [
        {"artist_key": one.key, "stated": one.musicbrainz_id}
        for one in found.artists.values()
        if one.key in there
        and one.musicbrainz_id is not None
        and there[one.key].musicbrainz_id != one.musicbrainz_id
    ]
    statement = update(table).where(table.c.key == bindparam("artist_key"))
    _execute(connection, statement.values(musicbrainz_id=bindparam("stated")), identified)
    return _rows_of(connection, table)


def _put_albums(
    connection: "Connection",
    found: Entities,
    artists: Mapping[str, int],
    before: Sequence[int | None],
) -> dict[str, int]:
    """Return the rows of all albums by key; new ones get a row, or that of their tracks."""
    table = schema.albums
    there = {record.key: record for record in connection.execute(select(table))}
    taken = {record.album_id for record in there.values()}
    moved = _moved(found, {record.row: key for key, record in there.items()}, before)
    new, changed = [], []
    for one in found.albums.values():
        values = _album_values(one, artists)
        if one.key in moved:
            changed.append({"album_at": moved[one.key], **values})
        elif one.key not in there:
            new.append({"album_id": _free_id("al", one.key, taken), **values})
        else:
            record = there[one.key]
            if any(getattr(record, name) != value for name, value in values.items()):
                changed.append({"album_at": record.row, **values})
    statement = update(table).where(table.c.row == bindparam("album_at"))
    names = ("key", "title", "artist", "musicbrainz_id")
    to_set = {name: bindparam(f"new_{name}", type_=table.c[name].type) for name in names}
    renamed = [
        {f"new_{name}": one[name] for name in names} | {"album_at": one["album_at"]}
        for one in changed
    ]
    _execute(connection, statement.values(to_set), renamed)
    _execute(connection, insert(table), new)
    return _rows_of(connection, table)


def _album_values(one: AlbumIdentity, artists: Mapping[str, int]) -> dict[str, Any]:
    return {
        "key": one.key,
        "title": one.title,
        "artist": None if one.artist is None else artists[one.artist],
        "musicbrainz_id": one.musicbrainz_id,
    }


def _moved(
    found: Entities, keys: Mapping[int, str], before: Sequence[int | None]
) -> dict[str, int]:
    """Return the rows that albums with new keys take over from those that have no tracks left."""
    known = set(keys.values())
    came_from: dict[str, Counter[int]] = {}
    for track, row in zip(found.tracks, before, strict=True):
        if track.album is not None and track.album not in known and row is not None:
            came_from.setdefault(track.album, Counter())[row] += 1
    moved: dict[str, int] = {}
    for key, rows in came_from.items():
        row = rows.most_common(1)[0][0]
        if keys[row] not in found.albums and row not in moved.values():
            moved[key] = row
    return moved


def _put_track_artists(
    connection: "Connection",
    rows: Sequence[int],
    found: Entities,
    artists: Mapping[str, int],
) -> None:
    table = schema.track_artists
    before: dict[int, list[tuple[int, str]]] = {}
    query = select(table.c.track, table.c.artist, table.c.role)
    for track, artist, role in connection.execute(query.order_by(table.c.track, table.c.position)):
        before.setdefault(track, []).append((artist, role))
    old, new = [], []
    for row, one in zip(rows, found.tracks, strict=True):
        own = [(artists[key], role) for key, role in one.artists]
        if own != before.get(row, []):
            if row in before:
                old.append({"track_row": row})
            new += [
                {"track": row, "position": place, "artist": artist, "role": role}
                for place, (artist, role) in enumerate(own)
            ]
    _execute(connection, delete(table).where(table.c.track == bindparam("track_row")), old)
    _execute(connection, insert(table), new)


def _free_id(kind: str, key: str, taken: set[str]) -> str:
    """Return an id that is not taken; an album with a new key keeps the id of its old one."""
    found, n = public_id(kind, key), 2
    while found in taken:
        found, n = public_id(kind, f"{key}\x1f{n}"), n + 1
    taken.add(found)
    return found


def _rows_of(connection: "Connection", table: "Table") -> dict[str, int]:
    return {record.key: record.row for record in connection.execute(select(table))}


def _execute(connection: "Connection", statement: Any, rows: Sequence[Mapping[str, Any]]) -> None:
    for start in range(0, len(rows), _CHUNK):
        connection.execute(statement, list(rows[start : start + _CHUNK]))


def catalogue_ids(connection: "Connection", rows: NDArray[np.int64]) -> CatalogueIds:
    """Return the artists and albums of the tracks at some rows, which ascend."""
    table, tracks = schema.track_artists, schema.tracks
    query = select(table.c.track, table.c.artist, (table.c.role == "main").label("main"))
    links = _integers(connection, query.order_by(table.c.track, table.c.position), 3)
    links = links[np.isin(links[:, 0], rows)]
    places = np.searchsorted(rows, links[:, 0])
    main = links[:, 2] > 0
    artist, album = np.full(len(rows), -1, np.int64), np.full(len(rows), -1, np.int64)
    artist[places[main][::-1]] = links[main, 1][::-1]  # the first main artist of a track stays
    known = select(tracks.c.row, tracks.c.album_row).where(tracks.c.album_row.is_not(None))
    albums = _integers(connection, known, 2)
    albums = albums[np.isin(albums[:, 0], rows)]
    album[np.searchsorted(rows, albums[:, 0])] = albums[:, 1]
    counts = np.bincount(places, minlength=len(rows))
    starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    return CatalogueIds(artist, album, starts, links[:, 1].copy())


def _integers(connection: "Connection", query: "Select[Any]", n_columns: int) -> NDArray[np.int64]:
    """Return the rows of a query of integers as an array ``[n, n_columns]``."""
    values = chain.from_iterable(connection.execute(query))
    return np.fromiter(values, np.int64).reshape(-1, n_columns)
