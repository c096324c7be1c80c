"""Upgrades of `library.db` from earlier formats: one function for each format, in order.

Each function gets a connection inside one transaction for all of them. It renames tables, adds
columns and changes rows; tables that are missing are made afterwards by `upgrade`. A function must
also work where tables of later formats exist already.
"""

import json
import os
import secrets
from collections import defaultdict
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path, PurePath
from typing import Any, Final

from sqlalchemy import (
    Connection,
    Table,
    bindparam,
    case,
    func,
    insert,
    inspect,
    select,
    text,
    update,
)

from segue.artist_names import comparison_key, guests_of_title
from segue.library import schema
from segue.library.catalogue import path_from_text
from segue.library.entities import ALBUM_ARTIST, VARIOUS_ARTISTS
from segue.library.entity_rows import public_id, update_entities
from segue.library.files import add_checksums
from segue.library.schema import meta
from segue.library.seal import LAST_CHANGE
from segue.library.serving_schema import annotations, playlists
from segue.ratings import DISLIKED, LIKED, RatingScale, rating_scale
from segue.types import ArtistCredit

Migration = Callable[[Connection], None]

LIBRARY_ID: Final = "library id"
"""Key in `meta` of a random text that identifies the library."""
_LOVED_OR_HATED: Final = RatingScale(0.0, 5.0)
_SCALES_OF_FORMAT_7: Final = {
    "live": RatingScale(1.0, 5.0),
    "import:listenbrainz": _LOVED_OR_HATED,
    "import:lastfm": _LOVED_OR_HATED,
    "import:beets": RatingScale(1.0, 5.0),
}
"""Scales of sources that had one whatever their ratings; others are inferred."""


def first_meta() -> list[dict[str, str]]:
    """Return the rows of `meta` of a new library."""
    values = {
        "format": str(schema.FORMAT_VERSION),
        LIBRARY_ID: secrets.token_hex(16),
        LAST_CHANGE: "0",
    }
    return [{"key": key, "value": value} for key, value in values.items()]


def upgrade(connection: Connection, version: int) -> None:
    """Bring the tables of the format `version` up to the current one."""
    for to_version, migrate in MIGRATIONS.items():
        if version < to_version:
            migrate(connection)
    make_tables(connection)
    current = str(schema.FORMAT_VERSION)
    connection.execute(update(meta).where(meta.c.key == "format").values(value=current))


def make_tables(connection: Connection) -> None:
    """Make the tables and indexes that are missing."""
    schema.schema.create_all(connection)
    for table in schema.schema.tables.values():
        for index in table.indexes:
            index.create(connection, checkfirst=True)  # create_all skips tables that exist


def _to_2(connection: Connection) -> None:
    _add_column(connection, "tracks", "missing", "BOOLEAN")


def _to_3(connection: Connection) -> None:
    _add_column(connection, "tracks", "left_out", "BOOLEAN")
    _add_column(connection, "audio_files", "failed_after", "FLOAT")


def _to_4(connection: Connection) -> None:
    _add_column(connection, "listens", "fingerprint", "BLOB")


def _to_6(connection: Connection) -> None:
    """Give tables standard names, and artists and albums rows of their own."""
    for old, new in (
        ("alike", "duplicate_pairs"),
        ("sought", "track_references"),
        ("waiting", "unmatched_listens"),
        ("beliefs", "weight_posteriors"),
        ("tries", "login_attempts"),
        ("marks", "annotations"),
    ):
        _rename_table(connection, old, new)
    _rename_column(connection, "duplicate_pairs", "likeness", "similarity")
    _rename_column(connection, "unmatched_listens", "sought", "reference")
    for index in ("waiting_by_sought", "tries_by_name", "tries_by_address"):
        connection.execute(text(f"DROP INDEX IF EXISTS {index}"))
    _add_column(connection, "tracks", "artists", "TEXT")
    _add_column(connection, "tracks", "album_row", "INTEGER REFERENCES albums (row)")
    make_tables(connection)
    _list_artists(connection)
    old_ids = _album_ids_of_format_5(connection)
    update_entities(connection)
    _update_annotations(connection, old_ids)
    _rename_dials_of_recipes(connection)


def _list_artists(connection: Connection) -> None:
    """Move guests from the metadata of tracks, and from their titles, to their artists."""
    table = schema.tracks
    names = ("row", "title", "artist", "metadata")
    found = connection.execute(select(*(table.c[name] for name in names))).all()
    for row, title, artist, metadata in found:
        more = json.loads(metadata)
        featured = more.pop("featured", "")
        guests = [name for name in featured.split("|") if name]
        main = [artist] if artist else []
        keys = set(map(comparison_key, [*main, *guests]))
        guests += [
            name for name in guests_of_title(title or "") if comparison_key(name) not in keys
        ]
        if not guests:
            continue
        listed = [*map(ArtistCredit, main), *(ArtistCredit(name, "guest") for name in guests)]
        values: dict[str, Any] = {"artists": json.dumps(listed, ensure_ascii=False)}
        if featured:
            values["metadata"] = json.dumps(more, ensure_ascii=False)
        connection.execute(update(table).where(table.c.row == row).values(values))


def _album_ids_of_format_5(connection: Connection) -> dict[int, str]:
    """Return the id by which format 5 annotated the album of each track, by the track's row."""
    table = schema.tracks
    query = select(table.c.row, table.c.artist, table.c.album, table.c.metadata)
    found: dict[int, str] = {}
    for row, artist, album, metadata in connection.execute(query):
        more = json.loads(metadata)
        stated = next(filter(None, (more.get(name) for name in ALBUM_ARTIST)), None)
        names = (stated or artist or "[Unknown Artist]", album or "[Unknown Album]")
        found[row] = public_id("al", "\x1f".join(map(comparison_key, names)))
    return found


def _update_annotations(connection: Connection, old_ids: Mapping[int, str]) -> None:
    """Let annotations name the albums of their tracks now, and various artists by one name."""
    tracks, albums = schema.tracks, schema.albums
    query = select(tracks.c.row, albums.c.album_id).join_from(tracks, albums)
    new_ids: dict[str, str] = {}
    for row, album_id in connection.execute(query.order_by(tracks.c.row)):
        new_ids.setdefault(old_ids[row], album_id)
    known = set(new_ids.values())
    various = public_id("ar", comparison_key(VARIOUS_ARTISTS))
    new_ids |= {public_id("ar", key): various for key in ("various", "va")}
    own = annotations.c.kind.in_(("album", "artist"))
    for owner, item in connection.execute(
        select(annotations.c.owner, annotations.c.item).where(own)
    ).all():
        if item in new_ids and item not in known:
            one = own & (annotations.c.owner == owner) & (annotations.c.item == item)
            there = annotations.alias()
            taken = select(there.c.item).where(
                there.c.owner == owner,
                there.c.kind == annotations.c.kind,
                there.c.item == new_ids[item],
            )
            connection.execute(
                update(annotations).where(one, ~taken.exists()).values(item=new_ids[item])
            )


def _rename_dials_of_recipes(connection: Connection) -> None:
    """Give dials in the recipes of playlists their current names."""
    new_names = {"familiar": "max_known_share", "variety": "randomness"}
    found = connection.execute(select(playlists.c.row, playlists.c.recipe)).all()
    for row, document in found:
        recipe = json.loads(document)
        dials = recipe.get("dials")
        if dials and not new_names.keys().isdisjoint(dials):
            recipe["dials"] = {new_names.get(name, name): value for name, value in dials.items()}
            values = {"recipe": json.dumps(recipe, ensure_ascii=False)}
            connection.execute(update(playlists).where(playlists.c.row == row).values(values))


def _to_7(connection: Connection) -> None:
    """Give the library an id, and a mark of its last transaction."""
    _add_column(connection, "users", "withholds", "BOOLEAN")
    for key, value in ((LIBRARY_ID, secrets.token_hex(16)), (LAST_CHANGE, "0")):
        if connection.scalar(select(meta.c.value).where(meta.c.key == key)) is None:
            connection.execute(insert(meta).values(key=key, value=value))


def _to_8(connection: Connection) -> None:
    """Store ratings as opinions in [-1, 1], and how listens came about."""
    for table in ("listens", "unmatched_listens"):
        for column in ("completed", "recommended", "private"):
            _add_column(connection, table, column, "BOOLEAN")
        _convert_ratings(connection, schema.schema.tables[table])
    _add_column(connection, "feedback", "recommended", "BOOLEAN")
    make_tables(connection)


def _to_9(connection: Connection) -> None:
    """Make new tables; tags of folders count as read by the first version of the reader."""
    new = "tag_reader" not in _columns(connection, "tracks")
    _add_column(connection, "audio_files", "incomplete", "TEXT")
    _add_column(connection, "tracks", "tag_reader", "INTEGER")
    make_tables(connection)
    if new:
        _mark_read_tags(connection)


def _to_10(connection: Connection) -> None:
    """Add the column of sessions to listens."""
    for table in ("listens", "unmatched_listens"):
        _add_column(connection, table, "session_id", "VARCHAR")
    make_tables(connection)


def _to_11(connection: Connection) -> None:
    """Add the speed and the reason of jobs."""
    _add_column(connection, "jobs", "rate", "FLOAT")
    _add_column(connection, "jobs", "reason", "VARCHAR")


def _to_12(connection: Connection) -> None:
    """Make the tables of connections, services, players and schedules; add details of files."""
    _add_column(connection, "tracks", "details", "TEXT")
    make_tables(connection)


def _to_13(connection: Connection) -> None:
    """Make the table of the folders of accounts; add how playlists are kept current."""
    for column in ("keeps_current", "edited"):
        _add_column(connection, "playlists", column, "BOOLEAN")
    make_tables(connection)


def _mark_read_tags(connection: Connection) -> None:
    """Mark the tracks of folders: their tags are read again, unlike what tables state."""
    runs, tracks = schema.runs, schema.tracks
    query = select(runs.c.result).where(runs.c.verb == "preprocess").order_by(runs.c.id)
    results = [json.loads(result) for result in connection.scalars(query)]
    kinds = {one["dataset"]: one.get("kind") for one in results if "dataset" in one}

    @cache
    def in_folder(directory: str) -> bool:
        # paths of tracks may lead through links, names of datasets do not
        for place in (directory, os.path.realpath(directory)):
            for parent in (place, *map(str, PurePath(place).parents)):
                if parent in kinds:
                    return bool(kinds[parent] == "folder")
        return False

    found = connection.execute(
        select(tracks.c.row, tracks.c.path).where(tracks.c.path.is_not(None))
    )
    rows = [{"at": row} for row, path in found if in_folder(str(path_from_text(path).parent))]
    statement = update(tracks).where(tracks.c.row == bindparam("at")).values(tag_reader=0)
    if rows:
        connection.execute(statement, rows)


def _convert_ratings(connection: Connection, table: Table) -> None:
    """Convert the ratings of a table of listens, each source from its own scale."""
    if not inspect(connection).has_table(table.name):
        return
    rated = table.c.rating.is_not(None)
    found: dict[str, set[float]] = defaultdict(set)
    with_plays: set[str] = set()
    plays = func.max(case((table.c.plays > 0, 1), else_=0))
    query = select(table.c.dataset, table.c.rating, plays).where(rated)
    for source, rating, played in connection.execute(query.group_by("dataset", "rating")):
        found[source].add(rating)
        if played:
            with_plays.add(source)
    for source, ratings in found.items():
        known = _SCALES_OF_FORMAT_7.get(source)
        scale = known or rating_scale(ratings, totals=source in with_plays)
        if scale.zero_is_unrated:
            unrated = (table.c.dataset == source) & (table.c.rating == 0)
            connection.execute(update(table).where(unrated).values(rating=None))
        unit = 2 * (table.c.rating - scale.lowest) / (scale.highest - scale.lowest) - 1
        bounded = case((unit < DISLIKED, DISLIKED), (unit > LIKED, LIKED), else_=unit)
        own = rated & (table.c.dataset == source)
        connection.execute(update(table).where(own).values(rating=bounded))


def upgrade_files(directory: Path, version: int) -> None:
    """Bring the files of a library of the format `version` up to the current one.

    Models and reports get checksums. Feature stores are upgraded by their next writer.
    """
    if version < 7:
        for path in (*directory.glob("models/[!.]*"), *directory.glob("reports/[!.]*")):
            if path.is_dir():
                add_checksums(path)


MIGRATIONS: Final[Mapping[int, Migration]] = {
    2: _to_2,
    3: _to_3,
    4: _to_4,
    6: _to_6,
    7: _to_7,
    8: _to_8,
    9: _to_9,
    10: _to_10,
    11: _to_11,
    12: _to_12,
    13: _to_13,
}
"""Functions by the format that they lead to, in order. Format 5 only added tables."""


def _add_column(connection: Connection, table: str, column: str, kind: str) -> None:
    there = inspect(connection)
    if there.has_table(table) and column not in _columns(connection, table):
        connection.execute(text(f"ALTER TABLE {table} ADD COLUMN {column} {kind}"))


def _rename_table(connection: Connection, old: str, new: str) -> None:
    there = inspect(connection)
    if there.has_table(old) and not there.has_table(new):
        connection.execute(text(f"ALTER TABLE {old} RENAME TO {new}"))


def _rename_column(connection: Connection, table: str, old: str, new: str) -> None:
    if inspect(connection).has_table(table) and old in _columns(connection, table):
        connection.execute(text(f"ALTER TABLE {table} RENAME COLUMN {old} TO {new}"))


def _columns(connection: Connection, table: str) -> set[str]:
    return {column["name"] for column in inspect(connection).get_columns(table)}
