"""What is known of the audio files of tracks, in the table `audio_files`: one row a track.

The row of a track that was analysed says what was heard; that of one that could not be analysed
says why. Its `path`, `size` and `mtime_ns` are those of the file that this holds for.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, insert, select
from sqlalchemy.dialects.sqlite import insert as upsert

from segue.library import schema
from segue.library.catalogue import from_record, path_from_text, path_to_text
from segue.types import FileState, Track

if TYPE_CHECKING:
    from sqlalchemy import Connection

_CHUNK = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioFile:
    """What is known of one audio file.

    `digest` is of its sound, as hexadecimal text. `failed` says why it could not be analysed,
    `failed_with` which segue could not, `failed_after` how many seconds it was given, if it took
    too long; a file that was heard `fast` may have failed to be heard whole. `tempo` and `key` are
    None where they are doubtful; the confidences tell how sure they are, from 0 to 1.
    """

    path: Path
    state: FileState
    digest: str | None = None
    failed: str | None = None
    failed_with: str | None = None
    failed_after: float | None = None
    fast: bool = False
    duration: float | None = None
    tempo: float | None = None
    tempo_confidence: float | None = None
    key: str | None = None
    key_confidence: float | None = None
    loudness: float | None = None


@dataclass(frozen=True, slots=True)
class KnownTrack:
    """A track as its dataset stated it, its row, and its audio file where there was one."""

    row: int
    track: Track
    file: AudioFile | None


_AS_THEY_ARE = (
    "digest",
    "failed",
    "failed_with",
    "failed_after",
    "fast",
    "duration",
    "tempo",
    "tempo_confidence",
    "key",
    "key_confidence",
    "loudness",
)


def put_audio_files(connection: "Connection", files: Mapping[int, AudioFile]) -> None:
    """Keep what is known of the files of some tracks, by row, in place of what was known."""
    if not files:
        return
    records = [
        {
            "track": row,
            "path": path_to_text(file.path),
            "size": file.state.size,
            "mtime_ns": file.state.mtime_ns,
            **{name: getattr(file, name) for name in _AS_THEY_ARE},
        }
        for row, file in files.items()
    ]
    statement = upsert(schema.audio_files)
    values = {name: statement.excluded[name] for name in records[0] if name != "track"}
    statement = statement.on_conflict_do_update(index_elements=["track"], set_=values)
    for start in range(0, len(records), _CHUNK):
        connection.execute(statement, records[start : start + _CHUNK])


def place_audio_file(connection: "Connection", row: int, path: Path, state: FileState) -> None:
    """Note that the same sound lies elsewhere now, or in a file that was written anew."""
    table = schema.audio_files
    connection.execute(
        table.update()
        .where(table.c.track == row)
        .values(path=path_to_text(path), size=state.size, mtime_ns=state.mtime_ns)
    )


def forget_audio_files(connection: "Connection", rows: Iterable[int]) -> None:
    """Forget what was known of the files of some tracks."""
    pairs = schema.duplicate_pairs
    for row in rows:
        connection.execute(delete(schema.audio_files).where(schema.audio_files.c.track == row))
        connection.execute(delete(pairs).where((pairs.c.one == row) | (pairs.c.other == row)))


def audio_files(connection: "Connection") -> dict[int, AudioFile]:
    """Return what is known of the audio files, by the row of their track."""
    records = connection.execute(select(schema.audio_files)).mappings()
    return {
        record["track"]: AudioFile(
            path=path_from_text(record["path"]),
            state=FileState(record["size"], record["mtime_ns"]),
            **{name: record[name] for name in _AS_THEY_ARE},
        )
        for record in records
    }


def known_tracks(connection: "Connection") -> dict[str, KnownTrack]:
    """Return every track by its id."""
    files = audio_files(connection)
    records = connection.execute(select(schema.tracks).order_by(schema.tracks.c.row)).mappings()
    return {
        record["track_id"]: KnownTrack(
            record["row"], from_record(dict(record)), files.get(record["row"])
        )
        for record in records
    }


def put_duplicate_pairs(
    connection: "Connection", pairs: Sequence[tuple[int, int, float]], among: Collection[int]
) -> None:
    """Note which tracks, by row, are one recording, and how alike they are.

    They take the place of all pairs that one of the tracks `among` which they were sought was in.
    """
    table = schema.duplicate_pairs
    sought = set(among)
    old = [
        {"a": one, "b": other}
        for one, other in connection.execute(select(table.c.one, table.c.other))
        if one in sought or other in sought
    ]
    if old:
        pair = (table.c.one == bindparam("a")) & (table.c.other == bindparam("b"))
        connection.execute(delete(table).where(pair), old)
    records: list[dict[str, Any]] = [
        {"one": min(one, other), "other": max(one, other), "similarity": value}
        for one, other, value in pairs
    ]
    for start in range(0, len(records), _CHUNK):
        connection.execute(insert(table), records[start : start + _CHUNK])
