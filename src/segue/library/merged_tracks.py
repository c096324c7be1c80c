"""Merge tracks that are one recording: one of them keeps its id, row and everything of both.

The file of a recording was replaced: the track of the old file is missing, and the new file came
as a track of its own. Of the two, the one with the lower row is kept. It gets the file, the tags
and the analysis of the track that is not missing, and the listens, opinions, playlists, stars and
rules of the other. The id of the removed track stays known: see `schema.former_ids`.

Statements move what belongs to all pairs at once, by a temporary table: those of `listens` read
the whole table.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import (
    Column,
    MetaData,
    String,
    Table,
    bindparam,
    delete,
    insert,
    or_,
    select,
    update,
)

from segue.library import schema
from segue.library.catalogue import from_record, to_record, with_stated
from segue.library.connection_schema import connection_items
from segue.library.feedback import opinion_key
from segue.library.serving_schema import annotations, bookmarks, playback, playlist_tracks
from segue.library.upserts import upsert
from segue.library.writes import mark_outdated_entities, put_meta

if TYPE_CHECKING:
    from sqlalchemy import Connection

MAX_PAIRS: Final = 500
"""Number of pairs that are merged in one transaction: other processes wait meanwhile."""
_HISTORY: Final = (
    *(schema.listens, schema.feedback, playlist_tracks, schema.former_ids, schema.tag_backups),
    connection_items,
)
_UNMERGED: Final = "rows of unmerged tracks"
"""Key in `meta`: the rows of tracks that are new since they were compared with missing ones."""

_merged = Table(
    "merged",
    MetaData(),
    Column("old", schema.Int64, primary_key=True),
    Column("new", schema.Int64, nullable=False, unique=True),
    Column("old_id", String, nullable=False, unique=True),
    Column("new_id", String, nullable=False, unique=True),
    Column("missing", schema.Int64, nullable=False, unique=True),
    prefixes=["TEMPORARY"],
)
"""The pairs: the row and id that are removed, those that are kept, and the row without a file."""
_NEW_ROW: Final = select(_merged.c.new)
_OLD_ROWS: Final = select(_merged.c.old)


def merge_tracks(connection: "Connection", pairs: Sequence[tuple[int, int]]) -> dict[int, int]:
    """Merge pairs of tracks: the row of a missing one, and that of the one with its file now.

    No row is in two pairs.

    Returns
    -------
    dict of int to int
        The new row of each track whose features must be moved: from the row that is removed to the
        one that is kept. A removed track without a value of its own maps to itself: its features
        are not needed any more.
    """
    if not pairs:
        return {}
    tracks = schema.tracks
    rows = [row for pair in pairs for row in pair]
    found = connection.execute(select(tracks).where(tracks.c.row.in_(rows))).mappings()
    records = {record["row"]: dict(record) for record in found}
    _merged.create(connection)
    connection.execute(
        insert(_merged),
        [
            {
                "old": max(pair),
                "new": min(pair),
                "old_id": records[max(pair)]["track_id"],
                "new_id": records[min(pair)]["track_id"],
                "missing": pair[0],
            }
            for pair in pairs
        ],
    )
    _move_tags(connection, pairs, records)
    _move_files(connection)
    _move_pairs(connection, pairs)
    _move_opinions(connection)
    for table in _HISTORY:
        _move(connection, table)
    _move_splits(connection)
    of_track = select(_merged.c.new_id).where(_merged.c.old_id == playback.c.track_id)
    playing = update(playback).where(playback.c.track_id.in_(select(_merged.c.old_id)))
    connection.execute(playing.values(track_id=of_track.scalar_subquery()))
    _move_bookmarks(connection)
    _move_annotations(connection)
    _move_rules(connection)
    _remove(connection)
    _merged.drop(connection)
    mark_outdated_entities(connection)
    return {
        max(pair): min(pair) if max(pair) == present else max(pair)
        for pair in pairs
        for present in pair[1:]
    }


def note_unmerged(
    connection: "Connection", before: Collection[int], after: Collection[int]
) -> None:
    """Note which tracks are new, by the rows before and after some were added.

    They stay noted until a scan has compared them, also if the process is killed before.
    """
    noted = unmerged_rows(connection)
    # rows of removed tracks are used again
    now = (noted & set(before)) | (set(after) - set(before))
    if now != noted:
        _put_unmerged(connection, now)


def unmerged_rows(connection: "Connection") -> set[int]:
    """Return the noted rows."""
    found = connection.scalar(select(schema.meta.c.value).where(schema.meta.c.key == _UNMERGED))
    return set(json.loads(found)) if found else set()


def forget_unmerged(connection: "Connection", track_ids: Collection[str]) -> None:
    """Forget the noted rows of some tracks, and those of tracks that are removed."""
    noted, done = unmerged_rows(connection), set(track_ids)
    if not noted:
        return
    tracks = schema.tracks
    rows = connection.execute(select(tracks.c.row, tracks.c.track_id))
    _put_unmerged(connection, {row for row, track_id in rows if track_id not in done} & noted)


def _put_unmerged(connection: "Connection", rows: Collection[int]) -> None:
    put_meta(connection, _UNMERGED, json.dumps(sorted(rows)))


def _move(connection: "Connection", table: Table) -> None:
    """Let the rows of a table that refer to removed tracks refer to the kept ones."""
    new = _NEW_ROW.where(_merged.c.old == table.c.track).scalar_subquery()
    connection.execute(update(table).where(table.c.track.in_(_OLD_ROWS)).values(track=new))


def _move_tags(
    connection: "Connection",
    pairs: Sequence[tuple[int, int]],
    records: Mapping[int, Mapping[str, Any]],
) -> None:
    """Give kept tracks the tags and paths of those that have a file.

    What a table stated of the missing ones stays.
    """
    values = []
    for missing, present in pairs:
        kept = records[min(missing, present)]
        track = replace(from_record(records[present]), split=kept["split"])
        track = with_stated(track, from_record(records[missing]))
        track = replace(track, track_id=kept["track_id"])
        values.append({"at": kept["row"], **to_record(track)})
    columns: dict[str, Any] = {name: bindparam(name) for name in values[0] if name != "at"}
    tracks = schema.tracks
    statement = update(tracks).where(tracks.c.row == bindparam("at")).values(columns)
    connection.execute(statement, values)


def _move_files(connection: "Connection") -> None:
    """Delete the files of missing tracks, and move those of removed ones."""
    files, tags = schema.audio_files, schema.tag_backups
    missing = select(_merged.c.missing)
    connection.execute(delete(files).where(files.c.track.in_(missing)))
    # kept, but not to be written to another file
    connection.execute(update(tags).where(tags.c.track.in_(missing)).values(undone=True))
    _move(connection, files)


def _move_pairs(connection: "Connection", pairs: Sequence[tuple[int, int]]) -> None:
    """Delete the duplicates of missing tracks, and move those of removed ones."""
    table = schema.duplicate_pairs
    rows = [row for pair in pairs for row in pair]
    query = select(table).where(or_(table.c.one.in_(rows), table.c.other.in_(rows)))
    found = connection.execute(query).all()
    missing = {one for one, _ in pairs}
    new = {max(pair): min(pair) for pair in pairs}
    moved: dict[tuple[int, int], float] = {}
    for pair in found:
        if missing.isdisjoint((pair.one, pair.other)):
            one, other = new.get(pair.one, pair.one), new.get(pair.other, pair.other)
            moved[min(one, other), max(one, other)] = pair.similarity
    own = (table.c.one == bindparam("a")) & (table.c.other == bindparam("b"))
    if found:
        gone = [{"a": pair.one, "b": pair.other} for pair in found]
        connection.execute(delete(table).where(own), gone)
    if moved:
        connection.execute(
            insert(table),
            [{"one": one, "other": other, "similarity": n} for (one, other), n in moved.items()],
        )


def _move_opinions(connection: "Connection") -> None:
    """Give opinions of removed tracks the keys of the kept ones; the later of two stays."""
    listens, users = schema.listens, schema.users
    columns = (listens.c.id, listens.c.timestamp, listens.c.fingerprint)
    query = (
        select(*columns, users.c.user_id, _merged.c.old_id, _merged.c.new_id)
        .join_from(listens, _merged, listens.c.track == _merged.c.old)
        .join(users)
        .where(listens.c.fingerprint.is_not(None))
    )
    opinions = {
        opinion_key(one.user_id, one.new_id): one
        for one in connection.execute(query)
        if one.fingerprint == opinion_key(one.user_id, one.old_id)
    }
    others = {}
    for keys in _chunks(list(opinions)):
        found = connection.execute(select(*columns).where(listens.c.fingerprint.in_(keys)))
        others.update({one.fingerprint: one for one in found})
    gone, changed = [], []
    for key, one in opinions.items():
        other = others.get(key)
        if other is not None and (other.timestamp or 0.0) > (one.timestamp or 0.0):
            gone.append(one.id)
            continue
        if other is not None:
            gone.append(other.id)
        changed.append({"at": one.id, "key": key})
    for numbers in _chunks(gone):
        connection.execute(delete(listens).where(listens.c.id.in_(numbers)))
    if changed:
        own = update(listens).where(listens.c.id == bindparam("at"))
        connection.execute(own.values(fingerprint=bindparam("key")), changed)


def _chunks(values: Sequence[Any]) -> Iterable[Sequence[Any]]:
    return (values[start : start + 1_000] for start in range(0, len(values), 1_000))


def _move_splits(connection: "Connection") -> None:
    """Move the splits of removed tracks; those that the kept ones have stay."""
    splits, kept = schema.splits, schema.splits.alias()
    there = (
        select(kept.c.track)
        .join_from(kept, _merged, kept.c.track == _merged.c.new)
        .where(_merged.c.old == splits.c.track, kept.c.target == splits.c.target)
    )
    both = splits.c.track.in_(_OLD_ROWS) & there.exists()
    connection.execute(delete(splits).where(both))
    _move(connection, splits)


def _move_bookmarks(connection: "Connection") -> None:
    """Move bookmarks of removed tracks; one of the track that is kept counts more."""
    old, kept = bookmarks.c.track_id.in_(select(_merged.c.old_id)), bookmarks.alias()
    of_track = select(_merged.c.new_id).where(_merged.c.old_id == bookmarks.c.track_id)
    there = (
        select(kept.c.owner)
        .join_from(kept, _merged, kept.c.track_id == _merged.c.new_id)
        .where(_merged.c.old_id == bookmarks.c.track_id, kept.c.owner == bookmarks.c.owner)
    )
    connection.execute(delete(bookmarks).where(old & there.exists()))
    moved = update(bookmarks).where(old).values(track_id=of_track.scalar_subquery())
    connection.execute(moved)


def _move_annotations(connection: "Connection") -> None:
    """Move the stars and ratings of tracks; those that an owner gave the kept ones stay."""
    songs = annotations.c.kind == "song"
    query = select(annotations).where(songs, annotations.c.item.in_(select(_merged.c.new_id)))
    known = {
        (record["owner"], record["item"]): record for record in connection.execute(query).mappings()
    }
    query = (
        select(annotations, _merged.c.new_id)
        .join_from(annotations, _merged, annotations.c.item == _merged.c.old_id)
        .where(songs)
    )
    moved, joined, gone = [], [], []
    for record in connection.execute(query).mappings():
        there = known.get((record["owner"], record["new_id"]))
        old = {"by": record["owner"], "at": record["item"]}
        if there is None:
            moved.append({**old, "item": record["new_id"]})
            continue
        gone.append(old)
        names = ("starred", "rating", "opinion")
        values = {name: record[name] if there[name] is None else there[name] for name in names}
        joined.append({"by": record["owner"], "at": record["new_id"], **values})
    own = songs & (annotations.c.owner == bindparam("by")) & (annotations.c.item == bindparam("at"))
    if gone:
        connection.execute(delete(annotations).where(own), gone)
    for rows in (moved, joined):
        if rows:
            values = {name: bindparam(name) for name in rows[0] if name not in ("by", "at")}
            connection.execute(update(annotations).where(own).values(values), rows)


def _move_rules(connection: "Connection") -> None:
    """Move the rules of listeners; those that they have for the kept tracks stay."""
    rules = schema.listener_rules
    of_tracks = rules.c.kind == "track"
    columns = (rules.c.user, rules.c.effect, rules.c.value)
    query = select(*columns).where(of_tracks, rules.c.value.in_(select(_merged.c.new_id)))
    there = set(map(tuple, connection.execute(query)))
    query = (
        select(rules.c.row, *columns, _merged.c.new_id)
        .join_from(rules, _merged, rules.c.value == _merged.c.old_id)
        .where(of_tracks)
    )
    found = connection.execute(query).all()
    gone = [{"at": one.row} for one in found if (one.user, one.effect, one.new_id) in there]
    moved = [
        {"at": one.row, "now": one.new_id}
        for one in found
        if (one.user, one.effect, one.new_id) not in there
    ]
    own = rules.c.row == bindparam("at")
    if gone:
        connection.execute(delete(rules).where(own), gone)
    if moved:
        connection.execute(update(rules).where(own).values(value=bindparam("now")), moved)


def _remove(connection: "Connection") -> None:
    """Remove tracks that nothing refers to any more; their ids become former ones."""
    links, tracks, former = schema.track_artists, schema.tracks, schema.former_ids
    connection.execute(delete(links).where(links.c.track.in_(_OLD_ROWS)))
    connection.execute(delete(tracks).where(tracks.c.row.in_(_OLD_ROWS)))
    ids = [tuple(pair) for pair in connection.execute(select(_merged.c.old_id, _merged.c.new))]
    statement = upsert(former)
    changed = {"track": statement.excluded.track}
    statement = statement.on_conflict_do_update(index_elements=["track_id"], set_=changed)
    connection.execute(statement, [{"track_id": old, "track": new} for old, new in ids])
