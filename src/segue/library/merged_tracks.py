"""Merge tracks that are one recording: one of them keeps its id, row and everything of both.

The file of a recording was replaced: the track of the old file is missing, and the new file came
as a track of its own. Of the two, the one with the lower row is kept. It gets the file, the tags
and the analysis of the track that is not missing, and the listens, opinions, playlists, stars and
rules of the other. The id of the removed track stays known: see `schema.former_ids`.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import delete, or_, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from segue.library import schema
from segue.library.feedback import opinion_key
from segue.library.serving_schema import annotations, playback, playlist_tracks
from segue.library.writes import mark_outdated_entities, put_meta

if TYPE_CHECKING:
    from sqlalchemy import Connection

_HISTORY: Final = (
    *(schema.listens, schema.feedback, playlist_tracks, schema.former_ids, schema.tag_backups),
)
_UNMERGED: Final = "rows of unmerged tracks"
"""Key in `meta`: the rows of tracks that are new since they were compared with missing ones."""
_OF_FILE: Final = frozenset({"row", "track_id", "split", "album_row"})
"""Columns of a track that are not those of its file."""


def merge_tracks(connection: "Connection", pairs: Sequence[tuple[int, int]]) -> dict[int, int]:
    """Merge pairs of tracks: the row of a missing one, and that of the one with its file now.

    Returns
    -------
    dict of int to int
        The new row of each track whose features must be moved: from the row that is removed to the
        one that is kept. A removed track without a value of its own maps to itself: its features
        are not needed any more.
    """
    moved: dict[int, int] = {}
    for missing, present in pairs:
        kept, removed = min(missing, present), max(missing, present)
        if removed == present:
            _take_file(connection, kept, removed)
            moved[removed] = kept
        else:
            _forget_file(connection, removed)
            moved[removed] = removed
        _move_history(connection, removed, kept)
        _remove(connection, removed, kept)
    mark_outdated_entities(connection)
    return moved


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


def _take_file(connection: "Connection", kept: int, removed: int) -> None:
    """Give a track the file, tags and analysis of another."""
    tracks, files, pairs = schema.tracks, schema.audio_files, schema.duplicate_pairs
    record = connection.execute(select(tracks).where(tracks.c.row == removed)).mappings().one()
    values = {name: value for name, value in record.items() if name not in _OF_FILE}
    connection.execute(update(tracks).where(tracks.c.row == kept).values(values))
    _forget_file(connection, kept)
    connection.execute(update(files).where(files.c.track == removed).values(track=kept))
    query = select(pairs).where(or_(pairs.c.one == removed, pairs.c.other == removed))
    for pair in connection.execute(query).all():
        other = pair.other if pair.one == removed else pair.one
        own = (pairs.c.one == pair.one) & (pairs.c.other == pair.other)
        low, high = min(kept, other), max(kept, other)
        connection.execute(update(pairs).where(own).values(one=low, other=high))


def _forget_file(connection: "Connection", row: int) -> None:
    files, pairs = schema.audio_files, schema.duplicate_pairs
    connection.execute(delete(files).where(files.c.track == row))
    tags = schema.tag_backups  # kept, but not to be written to another file
    connection.execute(update(tags).where(tags.c.track == row).values(undone=True))
    connection.execute(delete(pairs).where(or_(pairs.c.one == row, pairs.c.other == row)))


def _move_history(connection: "Connection", old: int, new: int) -> None:
    """Move listens, opinions, playlists, stars and rules of a track to another."""
    old_id, new_id = _id_of(connection, old), _id_of(connection, new)
    _move_opinions(connection, old_id, new_id)
    for table in _HISTORY:
        connection.execute(update(table).where(table.c.track == old).values(track=new))
    splits = schema.splits
    own = select(splits.c.target).where(splits.c.track == new)
    connection.execute(delete(splits).where(splits.c.track == old, splits.c.target.in_(own)))
    connection.execute(update(splits).where(splits.c.track == old).values(track=new))
    connection.execute(
        update(playback).where(playback.c.track_id == old_id).values(track_id=new_id)
    )
    _move_annotations(connection, old_id, new_id)
    _move_rules(connection, old_id, new_id)


def _move_opinions(connection: "Connection", old_id: str, new_id: str) -> None:
    """Give the opinions of the old track the key of the new one; the later of two stays."""
    listens, users = schema.listens, schema.users
    query = (
        select(listens.c.id, listens.c.timestamp, users.c.user_id)
        .join_from(listens, users)
        .join(schema.tracks)
        .where(schema.tracks.c.track_id == old_id, listens.c.fingerprint.is_not(None))
    )
    for number, at, user in connection.execute(query).all():
        key = listens.c.fingerprint == opinion_key(user, old_id)
        if connection.scalar(select(listens.c.id).where(key)) != number:
            continue
        new_key = opinion_key(user, new_id)
        same = select(listens.c.id, listens.c.timestamp).where(listens.c.fingerprint == new_key)
        other = connection.execute(same).first()
        if other is not None and (other.timestamp or 0.0) > (at or 0.0):
            connection.execute(delete(listens).where(listens.c.id == number))
            continue
        if other is not None:
            connection.execute(delete(listens).where(listens.c.id == other.id))
        this = listens.c.id == number
        connection.execute(update(listens).where(this).values(fingerprint=new_key))


def _move_annotations(connection: "Connection", old_id: str, new_id: str) -> None:
    """Move the stars and ratings of a track; those that an owner gave the new track stay."""
    songs = annotations.c.kind == "song"
    by_owner: dict[str, Mapping[Any, Any]] = {
        record["owner"]: record
        for record in connection.execute(
            select(annotations).where(songs, annotations.c.item == new_id)
        ).mappings()
    }
    query = select(annotations).where(songs, annotations.c.item == old_id)
    for record in connection.execute(query).mappings().all():
        there = by_owner.get(record["owner"])
        own = songs & (annotations.c.owner == record["owner"])
        if there is None:
            statement = update(annotations).where(own, annotations.c.item == old_id)
            connection.execute(statement.values(item=new_id))
            continue
        names = ("starred", "rating", "opinion")
        values = {name: record[name] if there[name] is None else there[name] for name in names}
        statement = update(annotations).where(own, annotations.c.item == new_id)
        connection.execute(statement.values(values))
        connection.execute(delete(annotations).where(own, annotations.c.item == old_id))


def _move_rules(connection: "Connection", old_id: str, new_id: str) -> None:
    rules = schema.listener_rules
    own = (rules.c.kind == "track") & (rules.c.value == new_id)
    found = connection.execute(select(rules.c.user, rules.c.effect).where(own))
    there = set(map(tuple, found))
    query = select(rules).where(rules.c.kind == "track", rules.c.value == old_id)
    for rule in connection.execute(query).all():
        own = rules.c.row == rule.row
        if (rule.user, rule.effect) in there:
            connection.execute(delete(rules).where(own))
        else:
            connection.execute(update(rules).where(own).values(value=new_id))


def _remove(connection: "Connection", removed: int, kept: int) -> None:
    """Remove a track that nothing refers to any more; its id becomes a former one."""
    links, tracks = schema.track_artists, schema.tracks
    track_id = _id_of(connection, removed)
    connection.execute(delete(links).where(links.c.track == removed))
    connection.execute(delete(tracks).where(tracks.c.row == removed))
    statement = upsert(schema.former_ids).values(track_id=track_id, track=kept)
    changed = {"track": statement.excluded.track}
    connection.execute(statement.on_conflict_do_update(index_elements=["track_id"], set_=changed))


def _id_of(connection: "Connection", row: int) -> str:
    tracks = schema.tracks
    query = select(tracks.c.track_id).where(tracks.c.row == row)
    return str(connection.execute(query).scalar_one())
