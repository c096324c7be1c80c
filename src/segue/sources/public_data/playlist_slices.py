"""Read the Million Playlist Dataset: JSON slices of 1,000 playlists each.

Conventions
-----------
- The directory, or `data` in it, has the files ``mpd.slice.FIRST-LAST.json``.
- A playlist is read as a listener: its tracks are listens in the order of their `pos`, without a
  time. Its id is ``playlist PID``. All models of listeners then work on playlists.
- `track_id` is the `track_uri`. The URIs of artist and album are kept in the metadata; a track has
  the names of the slice that names it first.
- A slice is read playlist by playlist; a slice that is cut short counts up to there.

Source: README of the dataset, version of 2018 (recsys-challenge.spotify.com/dataset; mirrored by
aicrowd.com/challenges/spotify-million-playlist-dataset-challenge).
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import ijson

from segue.errors import DatasetError
from segue.sources.public_data.listen_spool import ListenSpool
from segue.sources.public_data.public_dataset import PublicDataset
from segue.sources.tables.problem_collector import ProblemCollector
from segue.text import clean_id, clean_text, known_text
from segue.types import Progress, Track, no_progress

KIND: Final = "million-playlists"
USER_PREFIX = "playlist "
"""The ids of listeners that are playlists begin with this, followed by the `pid`."""
_NAME = re.compile(r"mpd\.slice\.(\d+)-\d+\.json")


def is_playlist_slices(directory: Path) -> bool:
    """Return whether a directory, or `data` in it, has slices."""
    return bool(_slices(directory))


def read_playlist_slices(directory: Path, progress: Progress = no_progress) -> PublicDataset:
    """Read all slices as listens."""
    reading = _Playlists()
    paths = _slices(directory)
    with progress("Reading the dataset Million Playlists", len(paths)) as advance:
        for path in paths:
            reading.read(path)
            advance(1)
    return PublicDataset(
        list(reading.tracks.values()), reading.listens.finish(), reading.found.problems()
    )


def _slices(directory: Path) -> list[Path]:
    """Return the slices in the order of their playlists."""
    for place in (directory, directory / "data"):
        if place.is_dir():
            found = [(_NAME.fullmatch(path.name), path) for path in place.iterdir()]
            slices = [(int(name[1]), path) for name, path in found if name]
            if slices:
                return [path for _, path in sorted(slices)]
    return []


class _Playlists:
    """The playlists read so far."""

    def __init__(self) -> None:
        self.listens = ListenSpool()
        self.tracks: dict[str, Track] = {}
        self.found = ProblemCollector()
        self._pids: set[int] = set()

    def read(self, path: Path) -> None:
        """Read one slice."""
        users: list[str] = []
        tracks: list[str] = []
        positions: list[float] = []
        try:
            with path.open("rb") as file:
                for number, playlist in enumerate(_playlists(file), start=1):
                    for user, track, position in self._entries(path.name, number, playlist):
                        users.append(user)
                        tracks.append(track)
                        positions.append(position)
        except OSError as error:
            raise DatasetError(
                f"{path} cannot be read ({error.strerror}): check its permissions."
            ) from error
        except ijson.JSONError as error:
            reason = (
                f"the file is cut short or damaged ({clean_text(str(error))}): download it again"
            )
            self.found.add(path.name, reason)
        if users:
            self.listens.add(users, tracks, position=positions)

    def _entries(self, source: str, number: int, playlist: Any) -> Iterator[tuple[str, str, float]]:
        """Yield the playlist, track and position of each entry of a playlist."""
        pid = playlist.get("pid") if isinstance(playlist, dict) else None
        if not isinstance(pid, int) or isinstance(pid, bool):
            self.found.add(source, "the playlist has no pid: it is left out", number)
            return
        if pid in self._pids:
            reason = f"playlist {pid} was read before: the first is used"
            self.found.add(source, reason, number)
            return
        if not isinstance(playlist.get("tracks"), list):
            self.found.add(source, "the playlist has no tracks: it is left out", number)
            return
        self._pids.add(pid)
        for entry in playlist["tracks"]:
            uri = entry.get("track_uri") if isinstance(entry, dict) else None
            track_id = clean_id(uri) if isinstance(uri, str) else ""
            if not track_id:
                reason = "an entry has no track_uri: it is left out"
                self.found.add(source, reason, number, f"{USER_PREFIX}{pid}")
                continue
            position = entry.get("pos")
            placed = isinstance(position, int) and not isinstance(position, bool) and position >= 0
            if not placed:
                reason = "pos is not a number from 0: it counts as unknown"
                self.found.add(source, reason, number, f"{USER_PREFIX}{pid}")
            if track_id not in self.tracks:
                self.tracks[track_id] = _track(track_id, entry)
            yield f"{USER_PREFIX}{pid}", track_id, float(position) if placed else float("nan")


def _playlists(file: Any) -> Iterator[Any]:
    """Yield the playlists of a slice; numbers are int and float."""
    yield from ijson.items(file, "playlists.item", use_float=True)


def _track(track_id: str, entry: dict[str, Any]) -> Track:
    title, artist, album = (
        known_text(value) if isinstance(value := entry.get(name), str) else None
        for name in ("track_name", "artist_name", "album_name")
    )
    ms = entry.get("duration_ms")
    seconds = ms / 1e3 if isinstance(ms, int) and not isinstance(ms, bool) and ms > 0 else None
    uris = {name: entry.get(name) for name in ("artist_uri", "album_uri")}
    metadata = {name: clean_id(uri) for name, uri in uris.items() if isinstance(uri, str) and uri}
    return Track(
        track_id=track_id,
        title=title,
        artist=artist,
        album=album,
        duration=seconds,
        metadata=metadata,
    )
