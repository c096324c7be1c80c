"""Queries over all tracks at once for browsing: artists, albums, columns of tracks, play counts.

Rows are read as plain columns, since a hundred thousand tracks as objects would be slow and large.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import func, or_, select

from segue.library import schema
from segue.library.database import Database

_DISC: Final = ("discnumber", "disc", "disc_number")
_NUMBER: Final = ("tracknumber", "track", "track_number")


class BrowseTrack(NamedTuple):
    """Columns of a track for browsing; `disc`, `number`, `size`, `since` are 0 where unknown.

    `genre_tag` is the text of the genres in the tags of its file, empty where there is none.
    """

    row: int
    disc: int
    number: int
    year: int | None
    genres: tuple[str, ...]
    duration: float | None
    missing: bool
    size: int
    since: float
    genre_tag: str = ""


class ArtistRow(NamedTuple):
    """An artist of the library: see the table `artists`."""

    artist_id: str
    key: str
    name: str | None
    musicbrainz_id: str | None


class AlbumRow(NamedTuple):
    """An album of the library: see the table `albums`. `artist` is the row of its artist."""

    album_id: str
    title: str | None
    artist: int | None
    musicbrainz_id: str | None


@dataclass(frozen=True, slots=True)
class PlayCounts:
    """Plays of a listener: `rows` of tracks, ascending, counts, last times (NaN: unknown)."""

    rows: NDArray[np.int64]
    counts: NDArray[np.int64]
    last: NDArray[np.float64]


class BrowseQueries:
    """Reads the artists, albums, tracks and plays of one library."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def artists(self) -> dict[int, ArtistRow]:
        """Return all artists by row, also those without tracks."""
        table = schema.artists
        query = select(table.c.row, *(table.c[name] for name in ArtistRow._fields))
        with self._database.connect() as connection:
            return {row: ArtistRow(*values) for row, *values in connection.execute(query)}

    def albums(self) -> dict[int, AlbumRow]:
        """Return all albums by row, also those without tracks."""
        table = schema.albums
        query = select(table.c.row, *(table.c[name] for name in AlbumRow._fields))
        with self._database.connect() as connection:
            return {row: AlbumRow(*values) for row, *values in connection.execute(query)}

    def each_track(self) -> Iterator[BrowseTrack]:
        """Yield every track in the order of rows."""
        tracks, files = schema.tracks, schema.audio_files
        query = select(
            tracks.c.row,
            tracks.c.year,
            tracks.c.genres,
            func.coalesce(files.c.duration, tracks.c.duration),
            tracks.c.metadata,
            tracks.c.missing,
            files.c.size,
            files.c.mtime_ns,
            tracks.c.details,
        )
        query = query.join_from(tracks, files, isouter=True).order_by(tracks.c.row)
        parts = lru_cache(maxsize=10_000)(lambda text: tuple(json.loads(text)))  # few differ
        with self._database.connect() as connection:
            streamed = connection.execution_options(yield_per=2_000).execute(query)
            for row, year, genres, duration, metadata, *file in streamed:
                missing, size, written, details = file
                more = {} if metadata == "{}" else json.loads(metadata)
                yield BrowseTrack(
                    row,
                    _first_number(more, _DISC),
                    _first_number(more, _NUMBER),
                    year,
                    parts(genres),
                    duration,
                    bool(missing),
                    size or 0,
                    (written or 0) / 1e9,
                    _genre_tag(details),
                )

    def latest_listen(self, user: str) -> int:
        """Return the number of a listener's latest listen, which changes with every new one."""
        listens, users = schema.listens, schema.users
        own = select(users.c.row).where(users.c.user_id == user).scalar_subquery()
        query = select(func.max(listens.c.id)).where(listens.c.user == own)
        with self._database.connect() as connection:
            return connection.scalar(query) or 0

    def plays(self, user: str) -> PlayCounts:
        """Return how often a listener played each track, without skips."""
        listens, users = schema.listens, schema.users
        own = select(users.c.row).where(users.c.user_id == user).scalar_subquery()
        # a row with only a rating is an opinion, not a play
        played = or_(listens.c.plays.is_not(None), listens.c.rating.is_(None))
        query = (
            select(
                listens.c.track,
                func.sum(func.coalesce(listens.c.plays, 1.0)),
                func.max(listens.c.timestamp),
            )
            .where(listens.c.user == own, played, listens.c.skipped.is_not(True))
            .group_by(listens.c.track)
            .order_by(listens.c.track)
        )
        with self._database.connect() as connection:
            found = connection.execute(query).all()
        return PlayCounts(
            np.array([row[0] for row in found], np.int64),
            np.array([row[1] for row in found], np.float64).round().astype(np.int64),
            np.array([np.nan if row[2] is None else row[2] for row in found], np.float64),
        )


def _genre_tag(details: str | None) -> str:
    """Return the text of the genres in the details of a file; most files of a folder have one."""
    return json.loads(details).get("genre_tag", "") if details else ""


def _first_number(more: dict[str, str], names: tuple[str, ...]) -> int:
    """Return the number of a track or disc, which tags write as "3" or "3/12"; 0 for none.

    >>> _first_number({"track": "3/12"}, ("tracknumber", "track"))
    3
    """
    for name in names:
        if name not in more:
            continue
        text = str(more[name]).partition("/")[0].strip()
        if text.isascii() and text.isdigit() and len(text) < 7:
            return int(text)
    return 0
