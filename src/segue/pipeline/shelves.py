"""Tracks on shelves, as players show them: by artist and album, and by genre.

Conventions
-----------
- Numbers of artists and albums are their places in `Shelves.artists` and `Shelves.albums`, which
  are in alphabetical order; positions are those of a catalogue.
- Names that differ in case, accents, punctuation or a leading "The" are one artist or album. An
  album is told by its name and its album artist, or else the artist of its tracks.
- Ids of artists and albums are made of their names: they stay the same as long as these do, in
  every library, and tell nothing of where files lie.
- Files that are gone stand on no shelf. A track without a name for its artist or album stands under
  `UNKNOWN_ARTIST` or `UNKNOWN_ALBUM`, so that all can be reached.
"""

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from typing import Final

import numpy as np
from numpy.typing import NDArray

from segue.artist_names import comparison_key
from segue.library import Library, Shelved

UNKNOWN_ARTIST: Final = "[Unknown Artist]"
UNKNOWN_ALBUM: Final = "[Unknown Album]"
ARTICLES: Final = ("The", "El", "La", "Los", "Las", "Le", "Les")
"""Words that are passed over at the beginning of a name when names are put in order."""

_ARTICLES = tuple(f"{article.casefold()} " for article in ARTICLES)

Positions = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Artist:
    """An artist: `albums` are the numbers of those that they made or are heard on."""

    id: str
    name: str
    letter: str
    albums: tuple[int, ...]
    tracks: Positions


@dataclass(frozen=True, slots=True)
class Album:
    """An album: its `tracks` in their order, `duration` in seconds, `since` when it is there."""

    id: str
    name: str
    artist: int
    year: int | None
    genres: tuple[str, ...]
    tracks: Positions
    duration: float
    since: float


@dataclass(frozen=True, slots=True)
class Genre:
    """A genre as it is spelled first, and the tracks and albums that have it."""

    name: str
    tracks: Positions
    n_albums: int


@dataclass(frozen=True, slots=True)
class Shelves:
    """All shelves of one catalogue.

    `artist_of` and `album_of` ``[n_tracks]`` are -1 for tracks that stand nowhere. `durations` and
    `since` are in seconds, `sizes` in bytes; the durations are NaN, all else is 0 where unknown.
    """

    artists: Sequence[Artist]
    albums: Sequence[Album]
    genres: Mapping[str, Genre]
    artist_of: Positions
    album_of: Positions
    durations: NDArray[np.float32]
    since: NDArray[np.float64]
    sizes: NDArray[np.int64]
    years: NDArray[np.int32]
    numbers: NDArray[np.int32]
    discs: NDArray[np.int32]
    _artists: Mapping[str, int]
    _albums: Mapping[str, int]
    _keys: Mapping[str, int]

    def artist(self, artist_id: str) -> Artist | None:
        """Return the artist of an id, None where there is none."""
        number = self._artists.get(artist_id)
        return None if number is None else self.artists[number]

    def album(self, album_id: str) -> Album | None:
        """Return the album of an id, None where there is none."""
        number = self._albums.get(album_id)
        return None if number is None else self.albums[number]

    def artist_called(self, name: str) -> Artist | None:
        """Return the artist of a name, however it is spelled; None where there is none."""
        number = self._keys.get(comparison_key(name))
        return None if number is None else self.artists[number]

    def genre(self, name: str) -> Genre | None:
        """Return a genre by its name, without regard to case."""
        return self.genres.get(name.casefold())

    def shelved(self) -> Positions:
        """Return the positions of all tracks that stand on a shelf."""
        return np.flatnonzero(self.album_of >= 0).astype(np.int32)


def shelves_of(library: Library, rows: NDArray[np.int64]) -> Shelves:
    """Put the tracks of a library on shelves.

    Parameters
    ----------
    rows
        Those of the catalogue whose positions are meant, ascending; what came later is left out.
    """
    return _Sorting(_among(library.shelving.each(), rows.tolist())).shelves()


def _among(tracks: Iterable[Shelved], rows: Sequence[int]) -> Iterator[Shelved]:
    wanted = iter(rows)
    row = next(wanted, None)
    for track in tracks:
        if track.row == row:
            yield track
            row = next(wanted, None)


class _Sorting:
    """Tracks on their way to their shelves: artists and albums are numbered as they come."""

    def __init__(self, tracks: Iterable[Shelved]) -> None:
        self._key = cache(comparison_key)
        self._artists: dict[str, str] = {}
        self._albums: dict[tuple[str, str], tuple[str, list[int]]] = {}
        self._genres: dict[str, tuple[str, list[int]]] = {}
        self._tracks: list[tuple[str, tuple[str, str]] | None] = []
        self._columns: list[tuple[float, ...]] = []
        self._genres_of: dict[int, tuple[str, ...]] = {}
        for position, track in enumerate(tracks):
            self._take(position, track)

    def _take(self, position: int, track: Shelved) -> None:
        duration = np.nan if track.duration is None else track.duration
        self._columns.append(
            (duration, track.since, track.number, track.disc, track.year or 0, track.size)
        )
        if track.missing:
            self._tracks.append(None)
            return
        artist, album = self._named(track.artist), track.album or UNKNOWN_ALBUM
        key = (self._named(track.album_artist or track.artist), self._key(album))
        self._albums.setdefault(key, (album, []))[1].append(position)
        self._tracks.append((artist, key))
        if track.genres:
            self._genres_of[position] = track.genres
        for genre in track.genres:
            self._genres.setdefault(genre.casefold(), (genre, []))[1].append(position)

    def _named(self, name: str | None) -> str:
        key = self._key(name or UNKNOWN_ARTIST)
        self._artists.setdefault(key, name or UNKNOWN_ARTIST)
        return key

    def shelves(self) -> Shelves:
        artists = sorted(self._artists, key=lambda key: (_in_order(self._artists[key]), key))
        artist_numbers = {key: number for number, key in enumerate(artists)}
        albums = sorted(self._albums, key=lambda key: (_in_order(self._albums[key][0]), key))
        album_numbers = {key: number for number, key in enumerate(albums)}
        columns = np.array(self._columns, np.float64).reshape(len(self._columns), 6)
        artist_of = np.full(len(columns), -1, np.int32)
        album_of = np.full(len(columns), -1, np.int32)
        heard_on: dict[int, set[int]] = defaultdict(set)
        for position, track in enumerate(self._tracks):
            if track is not None:
                artist_of[position] = artist_numbers[track[0]]
                album_of[position] = album_numbers[track[1]]
                heard_on[int(artist_of[position])].add(int(album_of[position]))
                heard_on[artist_numbers[track[1][0]]].add(int(album_of[position]))
        made_artists = [
            self._artist(key, artist_of, artist_numbers[key], heard_on) for key in artists
        ]
        made_albums = [self._album(key, columns, artist_numbers[key[0]]) for key in albums]
        genres = {
            key: Genre(name, np.array(tracks, np.int32), len(np.unique(album_of[tracks])))
            for key, (name, tracks) in sorted(self._genres.items())
        }
        return Shelves(
            made_artists,
            made_albums,
            genres,
            artist_of,
            album_of,
            columns[:, 0].astype(np.float32),
            columns[:, 1],
            columns[:, 5].astype(np.int64),
            columns[:, 4].astype(np.int32),
            columns[:, 2].astype(np.int32),
            columns[:, 3].astype(np.int32),
            {artist.id: number for number, artist in enumerate(made_artists)},
            {album.id: number for number, album in enumerate(made_albums)},
            artist_numbers,
        )

    def _artist(
        self, key: str, artist_of: Positions, number: int, heard_on: Mapping[int, set[int]]
    ) -> Artist:
        name = self._artists[key]
        tracks = self._grouped(artist_of).get(number, np.zeros(0, np.int32))
        return Artist(_id("ar", key), name, _letter(name), tuple(sorted(heard_on[number])), tracks)

    def _grouped(self, artist_of: Positions) -> dict[int, Positions]:
        """Return the positions of each artist's tracks; worked out once."""
        if not hasattr(self, "_groups"):
            order = np.argsort(artist_of, kind="stable").astype(np.int32)
            names, starts = np.unique(artist_of[order], return_index=True)
            parts = np.split(order, starts[1:])
            self._groups = dict(zip(names.tolist(), parts, strict=True))
        return self._groups

    def _album(self, key: tuple[str, str], columns: NDArray[np.float64], artist: int) -> Album:
        name, positions = self._albums[key]
        tracks = np.array(positions, np.int32)
        numbers, discs = columns[tracks, 2], columns[tracks, 3]
        tracks = tracks[np.lexsort((tracks, numbers, discs))]
        years = columns[tracks, 4]
        genres = Counter(
            genre for position in positions for genre in self._genres_of.get(position, ())
        )
        return Album(
            _id("al", "\x1f".join(key)),
            name,
            artist,
            int(years.max()) or None,
            tuple(genre for genre, _ in genres.most_common()),
            tracks,
            float(np.nansum(columns[tracks, 0])),
            float(columns[tracks, 1].max()),
        )


def _in_order(name: str) -> str:
    """Return what a name is put in order by.

    >>> _in_order("The Beatles"), _in_order("Äther")
    ('beatles', 'ather')
    """
    decomposed = unicodedata.normalize("NFKD", name.casefold())
    plain = "".join(letter for letter in decomposed if not unicodedata.combining(letter)).strip()
    for article in _ARTICLES:
        if plain.startswith(article):
            return plain[len(article) :].strip() or plain
    return plain


def _letter(name: str) -> str:
    first = _in_order(name)[:1].upper()
    return first[:1] if first.isalpha() else "#"


def _id(kind: str, text: str) -> str:
    digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=10).hexdigest()
    return f"{kind}-{digest}"
