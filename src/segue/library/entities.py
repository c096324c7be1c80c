"""Identify the artists and albums of tracks: equal keys mean the same artist or album.

Artists
    An artist is a MusicBrainz id where one is stated, else a name, compared by
    `segue.artist_names.comparison_key`. A name without an id belongs to the first artist with that
    name. A track without a name may have the column `artist_id`.
Albums
    An album is a MusicBrainz id where one is stated, else its title, its artist and, if that is
    several artists, its folder (the folders of its discs count as one). Without a stated album
    artist it is the artist of the track. A folder that mostly holds one title is one album, and so
    are tracks of one title in a folder that hardly share artists: of the artist of most of its
    tracks, or of various artists where there is none.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import PurePath
from typing import Final, NamedTuple

from segue.artist_names import comparison_key, credits_of, is_various, read_credit
from segue.types import ArtistCredit, ArtistRole, Track

ALBUM_ARTIST: Final = ("albumartist", "album_artist", "album artist")
"""Names of the column of the album artist in the metadata of tracks."""
ALBUM_IDS: Final = (*("musicbrainz_album_id", "musicbrainz_albumid", "mb_albumid", "release_mbid"),)
"""Names of the column of the MusicBrainz id of an album (a release)."""
VARIOUS_ARTISTS: Final = "Various Artists"

_MIN_ARTISTS: Final = 3  # of a compilation without an album artist in a folder of several albums
_SEPARATOR = "\x1f"
_UNKNOWN_ID = re.compile(r"-\d+")
_DISC_FOLDER = re.compile(r"(?:cd|dis[ck]|disque)[\s._-]*\d{1,2}(?:\b.*)?", re.IGNORECASE)
_key = lru_cache(maxsize=500_000)(comparison_key)


class TrackNames(NamedTuple):
    """The names of one track that say which artists and album it belongs to."""

    artist: str | None
    artists: Sequence[ArtistCredit]
    album: str | None
    metadata: Mapping[str, str]
    path: str | None


@dataclass(frozen=True, slots=True)
class ArtistIdentity:
    """An artist: `key` is unique among all artists, `name` the first spelling of it."""

    key: str
    name: str | None
    musicbrainz_id: str | None


@dataclass(frozen=True, slots=True)
class AlbumIdentity:
    """An album: `key` is unique among all albums, `artist` the key of its artist."""

    key: str
    title: str | None
    artist: str | None
    musicbrainz_id: str | None


class TrackEntities(NamedTuple):
    """The keys of the artists of a track, main ones first, and of its album."""

    artists: tuple[tuple[str, ArtistRole], ...]
    album: str | None


@dataclass(frozen=True, slots=True)
class Entities:
    """All artists and albums by key, and those of each track in the order of the tracks."""

    artists: Mapping[str, ArtistIdentity]
    albums: Mapping[str, AlbumIdentity]
    tracks: Sequence[TrackEntities]


def names_of(track: Track) -> TrackNames:
    """Return the names of a track."""
    path = track.path or track.features
    return TrackNames(
        track.artist, track.artists, track.album, track.metadata, str(path) if path else None
    )


def identify(tracks: Iterable[TrackNames]) -> Entities:
    """Return the artists and albums of `tracks`; earlier tracks decide keys and spellings.

    Examples
    --------
    >>> found = identify([TrackNames("Anna", (), "Hits", {"albumartist": "Various"}, "/m/h/1.ogg"),
    ...                   TrackNames("Bob", (), "Hits", {"albumartist": "Various"}, "/m/h/2.ogg")])
    >>> [track.artists for track in found.tracks]
    [(('anna', 'main'),), (('bob', 'main'),)]
    >>> found.tracks[0].album == found.tracks[1].album
    True
    """
    known = list(tracks)
    artists = _Artists()
    for track in known:
        artists.read(track)
    of_tracks = [artists.of(track) for track in known]
    folders = _Folders(known, of_tracks)
    albums = _Albums()
    stated = [
        _base_of(track, own, artists, folders) for track, own in zip(known, of_tracks, strict=True)
    ]
    for base in stated:
        if base is not None:
            albums.read(base)
    keys = [None if base is None else albums.of(base) for base in stated]
    return Entities(
        artists.found,
        albums.found,
        [TrackEntities(own, key) for own, key in zip(of_tracks, keys, strict=True)],
    )


class _Artists:
    """Keys of artists: of each name the ids that it has, in the order they came."""

    def __init__(self) -> None:
        self.found: dict[str, ArtistIdentity] = {}
        self._ids: dict[str, list[str]] = defaultdict(list)
        self._key_of_id: dict[str, str] = {}
        self._spelled: dict[str, str] = {}

    def read(self, track: TrackNames) -> None:
        """Note the names and ids of a track."""
        for credit in credits_of(track.artist, track.artists):
            name = _key(credit.name)
            self._spelled.setdefault(name, credit.name)
            if credit.musicbrainz_id:
                self._note(name, credit.musicbrainz_id)

    def _note(self, name: str, musicbrainz_id: str) -> None:
        if musicbrainz_id in self._key_of_id:
            if musicbrainz_id not in self._ids[name]:
                self._ids[name].append(musicbrainz_id)
            return
        first = not any(self._key_of_id[one] == name for one in self._ids[name])
        self._ids[name].append(musicbrainz_id)
        self._key_of_id[musicbrainz_id] = name if first else f"{name}{_SEPARATOR}{musicbrainz_id}"

    def named(self, name: str, musicbrainz_id: str | None = None) -> str:
        """Return the key of an artist, who is among those found from now on."""
        plain = _key(name)
        spelled = self._spelled.setdefault(plain, name)
        ids = self._ids.get(plain, ())
        own = musicbrainz_id or next(iter(ids), None)
        key = self._key_of_id.get(own, plain) if own else plain
        self.found.setdefault(key, ArtistIdentity(key, spelled, own))
        return key

    def of(self, track: TrackNames) -> tuple[tuple[str, ArtistRole], ...]:
        """Return the artists of a track."""
        found: dict[str, ArtistRole] = {}
        for credit in credits_of(track.artist, track.artists):
            found.setdefault(self.named(credit.name, credit.musicbrainz_id), credit.role)
        if not found and (number := _stated_id(track, "artist_id")):
            key = f"id{_SEPARATOR}{number}"
            self.found.setdefault(key, ArtistIdentity(key, None, None))
            found[key] = "main"
        return tuple(found.items())


class _Base(NamedTuple):
    """An album as a track states it: its key without regard to ids, and what it is called."""

    key: str
    title: str | None
    artist: str | None
    musicbrainz_id: str | None


@dataclass
class _Albums:
    """Keys of albums: the first id of a base key has that key, others one of their own."""

    found: dict[str, AlbumIdentity] = field(default_factory=dict)
    _key_of_id: dict[str, str] = field(default_factory=dict)
    _id_of_base: dict[str, str] = field(default_factory=dict)

    def read(self, base: _Base) -> None:
        """Note the id of an album."""
        if base.musicbrainz_id and base.musicbrainz_id not in self._key_of_id:
            first = self._id_of_base.setdefault(base.key, base.musicbrainz_id)
            own = first == base.musicbrainz_id
            key = base.key if own else f"{base.key}{_SEPARATOR}{base.musicbrainz_id}"
            self._key_of_id[base.musicbrainz_id] = key

    def of(self, base: _Base) -> str:
        """Return the key of an album, which is among those found from now on."""
        own = base.musicbrainz_id or self._id_of_base.get(base.key)
        key = self._key_of_id[own] if own else base.key
        self.found.setdefault(key, AlbumIdentity(key, base.title, base.artist, own))
        return key


class _Folders:
    """Folders that are albums: most of their tracks have one title and state no album artist."""

    def __init__(
        self,
        tracks: Sequence[TrackNames],
        of_tracks: Sequence[tuple[tuple[str, ArtistRole], ...]],
    ) -> None:
        sizes: Counter[str] = Counter()
        members: dict[tuple[str, str], list[tuple[tuple[str, ArtistRole], ...]]] = defaultdict(list)
        for track, own in zip(tracks, of_tracks, strict=True):
            if track.path and track.album:
                folder = folder_of(track.path)
                sizes[folder] += 1
                if not _album_artist(track):
                    members[folder, _key(track.album)].append(own)
        self._artist = {
            place: _most(own)
            for place, own in members.items()
            if len(own) > 1 and (2 * len(own) > sizes[place[0]] or _is_compilation(own))
        }

    def artist_of(self, folder: str, title: str) -> tuple[bool, str | None]:
        """Return whether a folder is the album `title`, and its artist (None: various)."""
        place = folder, title
        return place in self._artist, self._artist.get(place)


def _is_compilation(tracks: Sequence[tuple[tuple[str, ArtistRole], ...]]) -> bool:
    """Return whether tracks with one album title are by many artists, most with one track only.

    Albums of one title by several artists in one folder ("Greatest Hits") have several each.
    """
    artists = {key for own in tracks for key, role in own[:1] if role == "main"}
    return len(artists) >= _MIN_ARTISTS and len(tracks) < 2 * len(artists)


def _most(tracks: Sequence[tuple[tuple[str, ArtistRole], ...]]) -> str | None:
    """Return the main artist of more than half of some tracks; None where there is none."""
    counts = Counter(key for own in tracks for key, role in own[:1] if role == "main")
    key, n = next(iter(counts.most_common(1)), ("", 0))
    return key if 2 * n > len(tracks) else None


def _base_of(
    track: TrackNames,
    own: tuple[tuple[str, ArtistRole], ...],
    artists: _Artists,
    folders: _Folders,
) -> _Base | None:
    """Return the album that a track states; None where it states none."""
    musicbrainz_id = next(filter(None, (track.metadata.get(name) for name in ALBUM_IDS)), None)
    if not track.album:
        number = _stated_id(track, "album_id")
        key = f"id{_SEPARATOR}{number}" if number else musicbrainz_id
        return None if key is None else _Base(key, None, _main(own), musicbrainz_id)
    title = _key(track.album)
    folder = folder_of(track.path) if track.path else ""
    stated = _album_artist(track)
    if stated is not None:
        artist = None if is_various(stated) else artists.named(_first_artist(stated))
        various = artist is None
    else:
        is_album, artist = folders.artist_of(folder, title)
        various = is_album and artist is None
        artist = artist if is_album else _main(own)
    if various:
        artist = artists.named(VARIOUS_ARTISTS)
        key = _SEPARATOR.join((artist, title, folder))
    else:
        key = _SEPARATOR.join((artist or "", title))
    return _Base(key, track.album, artist, musicbrainz_id)


def folder_of(path: str) -> str:
    """Return the folder of a file; the folders of discs count as the one that they lie in.

    >>> folder_of("/music/Hits/CD 2/01.flac"), folder_of("/music/Hits/02.flac")
    ('/music/Hits', '/music/Hits')
    """
    parent = PurePath(path).parent
    return str(parent.parent if _DISC_FOLDER.fullmatch(parent.name) else parent)


def _album_artist(track: TrackNames) -> str | None:
    return next(filter(None, (track.metadata.get(name) for name in ALBUM_ARTIST)), None)


def _first_artist(stated: str) -> str:
    credit = read_credit(stated.partition("|")[0])
    return stated if credit is None else credit.artist


def _main(own: tuple[tuple[str, ArtistRole], ...]) -> str | None:
    return next((key for key, role in own if role == "main"), None)


def _stated_id(track: TrackNames, column: str) -> str | None:
    number = track.metadata.get(column)
    return number if number and not _UNKNOWN_ID.fullmatch(number) else None
