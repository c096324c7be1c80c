"""Playlists as files for other players, and files of other players as tracks of the library.

Conventions
-----------
- `place` is the directory of a playlist file. Tracks below it get relative paths, others absolute
  ones. Without a place the file contains no path of this machine: a track whose id is the end of
  its path, as in music folders, is named by its id, another by its file name.
- `segue.pipeline.playlists.named_tracks` matches the entries of a file to tracks.
"""

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from segue.errors import DatasetError, PlaylistError
from segue.library import Catalogue
from segue.pipeline.playlists.named_tracks import TrackFinder
from segue.sources.history_import.matching import recordings_in
from segue.sources.playlist_files import (
    MAX_BYTES,
    Format,
    PlaylistEntry,
    PlaylistFile,
    read_playlist_file,
    write_playlist_file,
)
from segue.types import Track


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadPlaylist:
    """Tracks of the library that a playlist file names.

    `tracks` are ids in the order of the file, `unmatched` the names of entries without a track,
    `problems` the parts of the file that could not be read.
    """

    name: str | None
    tracks: Sequence[str]
    unmatched: Sequence[str]
    problems: Sequence[str]


def write_playlist(
    catalogue: Catalogue,
    tracks: Sequence[str],
    format: Format = "m3u8",  # noqa: A002
    name: str | None = None,
    *,
    place: Path | None = None,
    creator: str | None = None,
) -> bytes:
    """Return a playlist file of some tracks, by id.

    Parameters
    ----------
    place
        The directory of the file; by default the file contains no path of this machine.
    creator
        The owner of the playlist.

    Raises
    ------
    UnknownTrackError
        If a track is not in the library.
    ValueError
        If there is no such format.
    """
    found = [catalogue.tracks[catalogue.position(track_id)] for track_id in tracks]
    places = () if place is None else (place.absolute(), place.resolve())
    playlist = PlaylistFile(
        entries=[_entry(track, places) for track in found],
        name=name,
        creator=creator,
        date=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    )
    return write_playlist_file(playlist, format)


def without_recording(catalogue: Catalogue, tracks: Sequence[str]) -> list[str]:
    """Return the tracks without a MusicBrainz recording: ListenBrainz refuses lists with such."""
    found = ((one, catalogue.tracks[catalogue.position(one)]) for one in tracks)
    return [one for one, track in found if not recordings_in(track.metadata)]


def save_playlist(path: Path, data: bytes) -> None:
    """Write a playlist file completely or not at all, replacing an existing one.

    Raises
    ------
    PlaylistError
        If it cannot be written.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        temporary.write_bytes(data)
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True) if path.parent.is_dir() else None
        raise PlaylistError(
            f"{path} cannot be written ({error.strerror}): choose another place."
        ) from error


def read_playlist(
    catalogue: Catalogue,
    data: bytes,
    *,
    place: Path | None = None,
) -> ReadPlaylist:
    """Return the tracks of the library that a playlist file names.

    Parameters
    ----------
    place
        The directory of the file, if its relative paths are those of this machine.

    Raises
    ------
    DatasetError
        If it is not a playlist in a known format.
    """
    said = read_playlist_file(data)
    finder = TrackFinder(catalogue, said.entries, place)
    found = [(entry, finder.find(entry)) for entry in said.entries]
    return ReadPlaylist(
        name=said.name,
        tracks=[track_id for _, track_id in found if track_id is not None],
        unmatched=[entry.name for entry, track_id in found if track_id is None],
        problems=said.problems,
    )


def load_playlist(catalogue: Catalogue, path: Path) -> ReadPlaylist:
    """Read a playlist file of this machine.

    Raises
    ------
    DatasetError
        If it is not there, or no playlist that can be read.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise DatasetError(f"{path} cannot be read ({error.strerror}): check the path.") from error
    try:
        return read_playlist(catalogue, data, place=path.parent)
    except DatasetError as error:
        raise DatasetError(f"{path} cannot be read. {error}") from None


def _entry(track: Track, places: Sequence[Path]) -> PlaylistEntry:
    return PlaylistEntry(
        title=track.title,
        artist=track.artist,
        album=track.album,
        duration=track.duration,
        recording=next(iter(recordings_in(track.metadata)), None),
        location=_location(track, places),
        track_id=track.track_id,
    )


def _location(track: Track, places: Sequence[Path]) -> str | None:
    path = track.path
    if path is None:
        return None
    if not places:
        whole = track.track_id.split("/")
        return track.track_id if list(path.parts[-len(whole) :]) == whole else path.name
    for place in places:
        if path.is_relative_to(place):
            return path.relative_to(place).as_posix()
    return path.as_posix()
