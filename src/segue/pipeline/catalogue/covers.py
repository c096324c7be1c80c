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
from collections.abc import Iterator, Sequence
from hashlib import blake2b
from pathlib import Path
from stat import S_ISREG
from typing import Final, NamedTuple

from cachetools import LRUCache, cached

from segue.audio.pictures import MAX_BYTES, Picture, embedded_picture
from segue.errors import AudioError
from segue.library import Catalogue
from segue.library.cover_store import CoverStore
from segue.pipeline.catalogue.audio_access import playable_path
from segue.pipeline.catalogue.browse import BrowseIndex, Positions
from segue.pipeline.catalogue.cover_images import CoverFormat, resize_picture
from segue.types import Track

FOLDER_NAMES: Final = ("cover", "folder", "front", "album", "albumart")
"""Names of images in a folder, without their suffix, in order of preference; case is ignored."""
FOLDER_SUFFIXES: Final = (".jpg", ".jpeg", ".png", ".webp", ".gif")

_MAX_TRACKS: Final = 5  # of an album that are searched for an embedded picture
_MAX_ALBUMS: Final = 5  # of an artist that are searched for a cover
_MAX_LOOSE: Final = 5  # tracks without an album that are searched, for their artist
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


def tracks_for_cover(
    item: str, catalogue: Catalogue, shelves: BrowseIndex
) -> list[list[Track]] | None:
    """Return the tracks of each album whose cover shows an item, the preferred album first.

    Parameters
    ----------
    item
        Id of a track, album or artist. None is returned if there is none of this id.
    """
    position = catalogue.positions.get(item)
    if position is not None:
        n_known = len(shelves.album_of)
        album_number = int(shelves.album_of[position]) if position < n_known else -1
        if album_number < 0 or catalogue.ids.album[position] < 0:
            return [[catalogue.tracks[position]]]
        groups = [shelves.albums[album_number].tracks]
    elif (album := shelves.album(item)) is not None:
        groups = [album.tracks]
    elif (artist := shelves.artist(item)) is not None:
        albums = [shelves.albums[place] for place in artist.albums]
        own = {one.id for one in albums if shelves.artists[one.artist].id == item}
        albums.sort(key=lambda one: (one.id not in own, -len(one.tracks), one.id))
        groups = [one.tracks for one in albums[:_MAX_ALBUMS]]
    else:
        return None
    return [part for group in groups for part in _albums(group, catalogue)]


def _albums(group: Positions, catalogue: Catalogue) -> list[list[Track]]:
    """Return the first tracks of an album; tracks that are on no album one by one."""
    tracks = [catalogue.tracks[position] for position in group[:_MAX_TRACKS].tolist()]
    if len(group) and catalogue.ids.album[group[0]] < 0:
        return [[track] for track in tracks[:_MAX_LOOSE]]
    return [tracks]


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
            Tracks of each album: see `tracks_for_cover`.
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
