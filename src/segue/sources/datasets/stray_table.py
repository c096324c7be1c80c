"""Read a music folder with a table that names few of its files, such as another program's.

Such a table does not hide the other files: all are read with their own tags, and its rows replace
the tags of the files that they name.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from segue.sources.datasets.dataset import ReadTrack
from segue.text import plural
from segue.types import Problem, Track


def is_stray(tracks: Sequence[Track], files: Collection[Path]) -> bool:
    """Return whether a table has rows for less than half of the audio files of its folder.

    One that names precomputed frames was made for segue.
    """
    return len(files) > 2 * len(tracks) and not any(track.features for track in tracks)


def rows_by_file(tracks: Sequence[Track]) -> dict[Path, Track]:
    """Return the rows of a table that name a file, by that file."""
    return {track.path: track for track in tracks if track.path is not None}


def with_rows(reads: Sequence[ReadTrack], rows: Mapping[Path, Track]) -> list[ReadTrack]:
    """Replace what the tags of a file say by what its row says."""
    return [
        (_merged(track, rows[track.path]), reasons)
        if track.path is not None and track.path in rows
        else (track, reasons)
        for track, reasons in reads
    ]


def stray_problems(source: str, tracks: Sequence[Track], files: Collection[Path]) -> list[Problem]:
    """Return the problems of a stray table: what it names, and the rows that name no file."""
    n_named = len(rows_by_file(tracks).keys() & set(files))
    reason = (
        f"it names {n_named} of {plural(len(files), 'audio file')}: the other"
        f" {len(files) - n_named} are read with their own tags; add rows for them, or remove the"
        " table"
    )
    problems = [Problem(source=source, reason=reason)]
    if n_named < len(tracks):
        n_rows = len(tracks) - n_named
        reason = f"{plural(n_rows, 'row names', 'rows name')} no audio file: left out"
        problems.append(Problem(source=source, reason=reason))
    return problems


def _merged(track: Track, row: Track) -> Track:
    stated = {
        name: value
        for name in ("title", "album", "year", "genres", "tags", "tempo", "lyrics", "split")
        if (value := getattr(row, name))
    }
    if row.artist is not None:
        stated |= {"artist": row.artist, "artists": row.artists}
    return replace(
        track,
        duration=row.duration if track.duration is None else track.duration,
        metadata={**track.metadata, **row.metadata},
        **stated,
    )
