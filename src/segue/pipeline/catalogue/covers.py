"""Find the covers of tracks, albums and artists, and cache them resized.

All tracks of an album share one cover: the embedded picture of one of its first tracks, else an
image in its folder (`FOLDER_NAMES`). An artist shows the cover of an album. Access to files is that
of `audio_access`: an image is read only if it lies below a directory that audio may lie in.

A resized cover is stored under a digest of the files that it may come from (their paths, sizes and
times), so that it is made again after one of them has changed.
"""

import os
import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from stat import S_ISREG
from typing import Final, NamedTuple, Self

import numpy as np
from cachetools import LRUCache, cached
from numpy.typing import NDArray

from segue.artist_names import comparison_key
from segue.audio.pictures import MAX_BYTES, Picture, embedded_picture
from segue.errors import AudioError
from segue.library import Catalogue, Library, public_id
from segue.library.cover_store import CoverStore
from segue.pipeline.catalogue.audio_access import playable_path
from segue.pipeline.catalogue.browse import UNKNOWN_ARTIST, unknown_album_id
from segue.pipeline.catalogue.cover_images import CoverFormat, resize_picture
from segue.types import Track

FOLDER_NAMES: Final = ("cover", "folder", "front", "album", "albumart")
"""Names of images in a folder, without their suffix, in order of preference; case is ignored."""
FOLDER_SUFFIXES: Final = (".jpg", ".jpeg", ".png", ".webp", ".gif")

_MAX_TRACKS: Final = 5  # of an album that are searched for a picture
_MAX_ALBUMS: Final = 5  # of an artist that are searched for a cover
_MAX_READ: Final = 50  # tracks of an album, missing ones too
_UNKNOWN: Final = -1
_MAX_FOLDERS: Final = 2
_DISC_FOLDER = re.compile(r"(cd|dis[ck]|disque|vol|volume|part|side)[ _.-]*\w{1,2}", re.IGNORECASE)
_NO_PICTURE: Final = "none"
_FORMAT_VERSION: Final = "1"  # changes when covers are made in another way


class _SourceFile(NamedTuple):
    """A file that may hold a cover."""

    path: Path
    is_audio: bool
    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class CoverIndex:
    """The albums whose covers show the tracks, albums and artists of a catalogue.

    The maps are from public ids to rows; `_made_by` is the artist of each album. Tracks without an
    album or artist have row -1.
    """

    catalogue: Catalogue
    _artists: Mapping[str, int]
    _albums: Mapping[str, int]
    _loose: Mapping[str, int]
    _made_by: Mapping[int, int | None]

    @classmethod
    def of(cls, library: Library, catalogue: Catalogue) -> Self:
        """Read the ids of all artists and albums of a library."""
        artists, albums = library.browse.artists(), library.browse.albums()
        keys = {row: one.key for row, one in artists.items()}
        keys[_UNKNOWN] = comparison_key(UNKNOWN_ARTIST)
        return cls(
            catalogue,
            {one.artist_id: row for row, one in artists.items()}
            | {public_id("ar", keys[_UNKNOWN]): _UNKNOWN},
            {one.album_id: row for row, one in albums.items()},
            {unknown_album_id(key): row for row, key in keys.items()},
            {row: one.artist for row, one in albums.items()},
        )

    def tracks_for(self, item: str) -> list[list[Track]] | None:
        """Return tracks of each album that may show an item, the preferred album first.

        Parameters
        ----------
        item
            Id of a track, album or artist. None is returned if there is none of this id.
        """
        ids = self.catalogue.ids
        position = self.catalogue.positions.get(item)
        if position is not None:
            album = int(ids.album[position])
            return [self._of_album(album)] if album >= 0 else [self._tracks([position])]
        if item in self._albums:
            return [self._of_album(self._albums[item])]
        if item in self._loose:
            return self._loose_of(self._loose[item])
        if item not in self._artists:
            return None
        artist = self._artists[item]
        albums, counts = np.unique(ids.album[self._positions_of(artist)], return_counts=True)
        number = dict(zip(albums.tolist(), counts.tolist(), strict=True))
        number.pop(-1, None)
        own = sorted(number, key=lambda row: (self._made_by.get(row) != artist, -number[row], row))
        return [*map(self._of_album, own[:_MAX_ALBUMS]), *self._loose_of(artist)]

    def _positions_of(self, artist: int) -> NDArray[np.int64]:
        """Return the positions of the tracks of an artist, also those as a guest."""
        ids = self.catalogue.ids
        entries = np.flatnonzero(ids.artists == artist)
        as_any = np.searchsorted(ids.starts, entries, side="right") - 1
        return np.union1d(np.flatnonzero(ids.artist == artist), as_any)

    def _of_album(self, album: int) -> list[Track]:
        return self._tracks(np.flatnonzero(self.catalogue.ids.album == album).tolist())

    def _loose_of(self, artist: int) -> list[list[Track]]:
        """Return the tracks of an artist that are on no album, one by one."""
        ids = self.catalogue.ids
        positions = np.flatnonzero((ids.artist == artist) & (ids.album < 0))
        return [[track] for track in self._tracks(positions.tolist())]

    def _tracks(self, positions: Sequence[int]) -> list[Track]:
        """Return the first of some tracks that are not missing."""
        tracks = (self.catalogue.tracks[position] for position in positions[:_MAX_READ])
        return list(islice((track for track in tracks if not track.missing), _MAX_TRACKS))


class Covers:
    """Resized covers of the albums of a library."""

    def __init__(self, store: CoverStore) -> None:
        self._store = store

    def find(
        self,
        groups: Sequence[Sequence[Track]],
        roots: Sequence[Path],
        size: int,
        kind: CoverFormat,
    ) -> Picture | None:
        """Return the cover of the first album that has one; None if none of them has.

        Parameters
        ----------
        groups
            Tracks of each album: see `CoverIndex.tracks_for`.
        roots
            Directories that files may lie in: see `audio_access.audio_roots`.
        size
            Longest edge in pixels, one of `COVER_SIZES`.
        """
        for tracks in groups:
            data = self._of_album(list(_source_files(tracks, roots)), size, kind)
            if data is not None:
                return Picture(f"image/{kind}", data)
        return None

    def _of_album(self, files: Sequence[_SourceFile], size: int, kind: CoverFormat) -> bytes | None:
        if not files:
            return None
        text = "\n".join((_FORMAT_VERSION, *map(repr, files)))
        key = blake2b(text.encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()
        name = f"{key}-{size}.{kind}"
        data = self._store.get(name)
        if data is not None:
            return data
        if self._store.get(f"{key}.{_NO_PICTURE}") is not None:
            return None
        for file in files:
            picture = _picture_of(file)
            data = None if picture is None else resize_picture(picture, size, kind)
            if data is not None:
                self._store.put(name, data)
                return data
        self._store.put(f"{key}.{_NO_PICTURE}", b"")
        return None


def _picture_of(file: _SourceFile) -> bytes | None:
    if not file.is_audio:
        try:
            with file.path.open("rb") as stream:
                return stream.read(MAX_BYTES)
        except OSError:
            return None
    try:
        found = embedded_picture(file.path)
    except AudioError:
        return None
    return None if found is None else found.data


def _source_files(tracks: Sequence[Track], roots: Sequence[Path]) -> Iterator[_SourceFile]:
    """Yield the audio files of an album, then the images in its folder."""
    folders: dict[Path, None] = {}
    for track in tracks:
        try:
            path = playable_path(track, roots)
        except AudioError:
            continue
        if track.path is not None:
            folders[track.path.parent] = None
        yield from _source_file(path, is_audio=True)
    for folder in _with_parents(list(folders)[:_MAX_FOLDERS]):
        for path in _images(folder):
            resolved = _resolved(path, roots)
            if resolved is not None:
                yield from _source_file(resolved, is_audio=False)


def _with_parents(folders: Sequence[Path]) -> list[Path]:
    """Return folders, and the parents of those that hold one disc of an album.

    >>> [str(path) for path in _with_parents([Path("/music/One/CD 1"), Path("/music/Two")])]
    ['/music/One/CD 1', '/music/Two', '/music/One']
    """
    discs = [folder.parent for folder in folders if _DISC_FOLDER.fullmatch(folder.name)]
    return list(dict.fromkeys([*folders, *discs]))


def _source_file(path: Path, *, is_audio: bool) -> Iterator[_SourceFile]:
    try:
        state = path.stat()
    except OSError:
        return
    if S_ISREG(state.st_mode) and (is_audio or state.st_size <= MAX_BYTES):
        yield _SourceFile(path, is_audio, state.st_size, state.st_mtime_ns)


def _resolved(path: Path, roots: Sequence[Path]) -> Path | None:
    """Return an image with links resolved, None if it lies outside of `roots`."""
    try:
        resolved = path.resolve(strict=True)
    except (OSError, RuntimeError):
        return None
    return resolved if any(map(resolved.is_relative_to, roots)) else None


def _images(folder: Path) -> list[Path]:
    try:
        changed = folder.stat().st_mtime_ns
    except OSError:
        return []
    return _images_at(folder, changed)


@cached(LRUCache(4096), lock=threading.Lock())
def _images_at(folder: Path, changed: int) -> list[Path]:  # noqa: ARG001
    """Return the images of a folder that show an album, the preferred one first.

    A folder may hold thousands of files, so the result is kept until the folder has `changed`.
    """
    try:
        names = os.listdir(folder)  # noqa: PTH208
    except OSError:
        return []
    found = []
    for name in names:
        stem, suffix = os.path.splitext(name.casefold())  # noqa: PTH122
        if stem in FOLDER_NAMES and suffix in FOLDER_SUFFIXES:
            place = FOLDER_NAMES.index(stem), FOLDER_SUFFIXES.index(suffix), name
            found.append((place, folder / name))
    return [path for _, path in sorted(found)]
