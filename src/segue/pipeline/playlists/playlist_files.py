"""Playlists as files for other players, and files of other players as tracks of the library.

Conventions
-----------
- Where a file is written to is its `place`: tracks that lie below it are named by relative paths,
  others by absolute ones. Without a place no path of this machine is told: a track whose id is the
  end of its path, as in music folders, is named by its id, another by the name of its file.
- Which tracks a file names that is read: see `segue.pipeline.playlists.named_tracks`.
"""

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from segue.errors import DatasetError, PlaylistError
from segue.library import Catalogue
from segue.pipeline.playlists.named_tracks import TrackFinder, recordings_of
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
    """What of a playlist file is in the library.

    `tracks` are ids in the order of the file, `unmatched` the names of those that were not found,
    `problems` what of the file could not be read.
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
        The directory that the file will lie in; by default no path of this machine is in it.
    creator
        Whose list it is.

    Raises
    ------
    UnknownTrackError
        If the library does not hold one of the tracks.
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


def save_playlist(path: Path, data: bytes) -> None:
    """Write a playlist file: what was there is replaced once the new one is whole.

    Raises
    ------
    PlaylistError
        If it cannot be written there.
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
    """Return which tracks of the library a playlist file names.

    Parameters
    ----------
    place
        The directory that the file lies in, if its relative paths mean anything here.

    Raises
    ------
    DatasetError
        If it is no playlist that can be read.
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
        recording=next(iter(recordings_of(track)), None),
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
