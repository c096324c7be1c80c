"""Audio files of tracks and their analysis, in the table `audio_files`: one row a track.

The row of an analyzed track has its descriptors; that of a track whose analysis failed has the
reason. `path`, `size` and `mtime_ns` are those of the file that was analyzed.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, insert, select

from segue.library import schema
from segue.library.catalogue import from_record, path_from_text, path_to_text
from segue.library.upserts import upsert
from segue.types import FileState, Track

if TYPE_CHECKING:
    from sqlalchemy import Connection

_CHUNK = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioFile:
    """One audio file and the results of its analysis.

    `digest` is that of its sound, as hexadecimal text. `failed` is the reason why analysis failed,
    `failed_with` the version of segue, `failed_after` the time limit in seconds if it took too
    long; `incomplete` is the reason why an analyzed file seems to be cut short. A file that was
    analyzed `fast` may have failed as a whole. `tempo` and `key` are None
    where they are uncertain; confidences are from 0 to 1.
    """

    path: Path
    state: FileState
    digest: str | None = None
    failed: str | None = None
    failed_with: str | None = None
    failed_after: float | None = None
    incomplete: str | None = None
    fast: bool = False
    duration: float | None = None
    tempo: float | None = None
    tempo_confidence: float | None = None
    key: str | None = None
    key_confidence: float | None = None
    loudness: float | None = None


@dataclass(frozen=True, slots=True)
class KnownTrack:
    """A track as its dataset states it, its row, and its audio file where it has one."""

    row: int
    track: Track
    file: AudioFile | None


_COLUMNS = (
    "digest",
    "failed",
    "failed_with",
    "failed_after",
    "incomplete",
    "fast",
    "duration",
    "tempo",
    "tempo_confidence",
    "key",
    "key_confidence",
    "loudness",
)


def put_audio_files(connection: "Connection", files: Mapping[int, AudioFile]) -> None:
    """Replace the audio files of some tracks, by row."""
    if not files:
        return
    records = [
        {
            "track": row,
            "path": path_to_text(file.path),
            "size": file.state.size,
            "mtime_ns": file.state.mtime_ns,
            **{name: getattr(file, name) for name in _COLUMNS},
        }
        for row, file in files.items()
    ]
    statement = upsert(schema.audio_files)
    values = {name: statement.excluded[name] for name in records[0] if name != "track"}
    statement = statement.on_conflict_do_update(index_elements=["track"], set_=values)
    for start in range(0, len(records), _CHUNK):
        connection.execute(statement, records[start : start + _CHUNK])


def place_audio_file(connection: "Connection", row: int, path: Path, state: FileState) -> None:
    """Set the path and state of a file that has the same sound as before."""
    table = schema.audio_files
    connection.execute(
        table.update()
        .where(table.c.track == row)
        .values(path=path_to_text(path), size=state.size, mtime_ns=state.mtime_ns)
    )


def forget_audio_files(connection: "Connection", rows: Iterable[int]) -> None:
    """Delete the audio files and duplicates of some tracks, by row."""
    pairs = schema.duplicate_pairs
    for row in rows:
        connection.execute(delete(schema.audio_files).where(schema.audio_files.c.track == row))
        connection.execute(delete(pairs).where((pairs.c.one == row) | (pairs.c.other == row)))


def audio_files(connection: "Connection") -> dict[int, AudioFile]:
    """Return all audio files by the row of their track."""
    records = connection.execute(select(schema.audio_files)).mappings()
    return {
        record["track"]: AudioFile(
            path=path_from_text(record["path"]),
            state=FileState(record["size"], record["mtime_ns"]),
            **{name: record[name] for name in _COLUMNS},
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
    """Store pairs of tracks, by row, that are one recording, with their similarity.

    They replace all pairs with one of the tracks `among` which duplicates were looked for.
    """
    table = schema.duplicate_pairs
    compared = set(among)
    old = [
        {"a": one, "b": other}
        for one, other in connection.execute(select(table.c.one, table.c.other))
        if one in compared or other in compared
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
