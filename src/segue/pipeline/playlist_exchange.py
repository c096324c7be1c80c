"""Playlists as files: written so that other players find the tracks, read as tracks of a library.

A written file names tracks by what they are, by their ids here, and by their paths inside the
directory that they were taken in from: whoever puts it there can play it, and nothing else of the
machine is told.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from segue.library import Catalogue, Library
from segue.sources.matching import Matcher
from segue.sources.playlist_files import (
    Entry,
    Format,
    PlaylistFile,
    read_playlist_file,
    write_playlist_file,
)
from segue.types import Sought, Track


@dataclass(frozen=True, slots=True)
class ReadPlaylist:
    """What a file was taken for: the ids of its tracks, what of it is not here, what is wrong."""

    name: str | None
    track_ids: Sequence[str]
    unmatched: Sequence[str]
    problems: Sequence[str]


def written(
    library: Library,
    tracks: Sequence[Track],
    format: Format = "m3u8",  # noqa: A002
    *,
    name: str | None = None,
    creator: str | None = None,
) -> bytes:
    """Return tracks as a playlist file.

    Raises
    ------
    ValueError
        If there is no such format.
    """
    roots = [Path(directory) for directory in library.jobs.datasets()]
    entries = [_entry(track, roots) for track in tracks]
    date = datetime.now(UTC).replace(microsecond=0).isoformat()
    playlist = PlaylistFile(entries=entries, name=name, creator=creator, date=date)
    return write_playlist_file(playlist, format)


def read(matcher: Matcher, catalogue: Catalogue, data: bytes) -> ReadPlaylist:
    """Return what a playlist file names, as tracks of the catalogue that the matcher is made of.

    `matcher` gives positions: see `matcher_of`.

    Raises
    ------
    DatasetError
        If it is too large, or no playlist of a format that is known.
    """
    found = read_playlist_file(data)
    ids, unmatched = [], []
    for entry in found.entries:
        match = matcher.match(_sought(entry))
        if match is None:
            unmatched.append(entry.name)
        else:
            ids.append(catalogue.tracks[match.row].track_id)
    return ReadPlaylist(found.name, ids, unmatched, found.problems)


def matcher_of(catalogue: Catalogue) -> Matcher:
    """Return what finds tracks of a catalogue, by their positions."""
    return Matcher(enumerate(catalogue.tracks))


def _entry(track: Track, roots: Sequence[Path]) -> Entry:
    return Entry(
        title=track.title,
        artist=track.artist,
        album=track.album,
        duration=track.duration,
        recording=track.metadata.get("musicbrainz_recording_id"),
        location=_location(track.path, roots),
        track_id=track.track_id,
    )


def _location(path: Path | None, roots: Sequence[Path]) -> str | None:
    if path is None:
        return None
    for root in roots:
        if path.is_relative_to(root):
            return path.relative_to(root).as_posix()
    return path.name


def _sought(entry: Entry) -> Sought:
    """Return what an entry means; a file's name stands in where it says no title."""
    title = entry.title
    if title is None and entry.location:
        title = Path(entry.location).stem
    return Sought(
        track_id=entry.track_id,
        recording=entry.recording,
        artist=entry.artist,
        title=title,
        album=entry.album,
    )
