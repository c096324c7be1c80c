"""Browse a library by artist, album and genre, as music players do.

Conventions
-----------
- Numbers of artists and albums are places in `BrowseIndex.artists` and `BrowseIndex.albums`, which
  are in alphabetical order; positions are those of a catalogue.
- Artists and albums are those of the library, with its ids. An artist has the tracks and albums on
  which they are credited, and the albums that they made.
- Missing and hidden tracks are left out. Tracks without an artist or album are listed under
  `UNKNOWN_ARTIST` or `UNKNOWN_ALBUM`, so that every track can be reached.
"""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from segue.artist_names import comparison_key
from segue.library import BrowseTrack, Catalogue, Library, public_id
from segue.sources.cleaning.genres import known_genre, read_genres

UNKNOWN_ARTIST: Final = "[Unknown Artist]"
UNKNOWN_ALBUM: Final = "[Unknown Album]"
ARTICLES: Final = ("The", "El", "La", "Los", "Las", "Le", "Les")
"""Words at the start of a name that do not count for its order."""

_ARTICLES = tuple(f"{article.casefold()} " for article in ARTICLES)
_BETWEEN_GENRES = re.compile(r"[|;,/\\\x00]")
_NO_ARTIST = -1

Positions = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Artist:
    """An artist with the numbers of their albums and the positions of their tracks."""

    id: str
    name: str
    letter: str
    albums: tuple[int, ...]
    tracks: Positions
    musicbrainz_id: str


@dataclass(frozen=True, slots=True)
class Album:
    """An album: `tracks` in their order, `duration` in seconds, `since` when it was added."""

    id: str
    name: str
    letter: str
    artist: int
    year: int | None
    genres: tuple[str, ...]
    tracks: Positions
    duration: float
    since: float
    musicbrainz_id: str


@dataclass(frozen=True, slots=True)
class Genre:
    """A genre in its first spelling, with its tracks and the number of its albums."""

    name: str
    tracks: Positions
    n_albums: int


@dataclass(frozen=True, slots=True)
class BrowseIndex:
    """Artists, albums and genres of one catalogue; `version` changes with any of them.

    `artist_of` (the main artist) and `album_of` ``[n_tracks]`` are -1 for tracks that are left out;
    all artists of the track at position i are ``artists_of[starts[i] : starts[i + 1]]``.
    `durations` and `since` are in seconds, `sizes` in bytes; durations are NaN, all other columns 0
    where unknown. `spellings` are those of genres that most tags have, by the genre of segue.
    """

    catalogue: Catalogue
    version: str
    artists: Sequence[Artist]
    albums: Sequence[Album]
    genres: Mapping[str, Genre]
    artist_of: Positions
    album_of: Positions
    artists_of: Positions
    starts: NDArray[np.int64]
    durations: NDArray[np.float32]
    since: NDArray[np.float64]
    sizes: NDArray[np.int64]
    years: NDArray[np.int32]
    numbers: NDArray[np.int32]
    discs: NDArray[np.int32]
    spellings: Mapping[str, str]
    _artists: Mapping[str, int]
    _albums: Mapping[str, int]
    _keys: Mapping[str, int]

    def artist(self, artist_id: str) -> Artist | None:
        """Return the artist with an id, None where there is none."""
        number = self._artists.get(artist_id)
        return None if number is None else self.artists[number]

    def album(self, album_id: str) -> Album | None:
        """Return the album with an id, None where there is none."""
        number = self._albums.get(album_id)
        return None if number is None else self.albums[number]

    def artist_called(self, name: str) -> Artist | None:
        """Return the artist with a name in any spelling; None where there is none."""
        number = self._keys.get(comparison_key(name))
        return None if number is None else self.artists[number]

    def genre(self, name: str) -> Genre | None:
        """Return a genre by its name, without regard to case, or by another word for it."""
        read = (name, known_genre(name) or "", *read_genres(name)[:1])
        found = (self.genres.get(one.casefold()) for one in read)
        return next((genre for genre in found if genre is not None), None)

    def genres_of(self, tracks: Positions) -> list[str]:
        """Return the genres of the albums of some tracks, most frequent first."""
        albums = [self.albums[int(one)] for one in np.unique(self.album_of[tracks]) if one >= 0]
        counts = Counter(genre for album in albums for genre in album.genres)
        return [genre for genre, _ in counts.most_common()]

    def made_by(self, artist: Artist) -> list[Album]:
        """Return the albums that an artist made, without those on which they only appear."""
        number = self._artists[artist.id]
        albums = [self.albums[one] for one in artist.albums]
        return [album for album in albums if album.artist == number]

    def artist_totals(self, values: NDArray[Any]) -> NDArray[np.float64]:
        """Return the sums of values of tracks ``[n_tracks]`` for each artist ``[n_artists]``."""
        of_credits = np.repeat(np.nan_to_num(values.astype(np.float64)), np.diff(self.starts))
        totals: NDArray[np.float64] = np.bincount(
            self.artists_of, of_credits, len(self.artists)
        ).astype(np.float64)
        return totals

    def credited(self, position: int) -> list[Artist]:
        """Return all artists of a track, main ones first."""
        numbers = self.artists_of[self.starts[position] : self.starts[position + 1]]
        return [self.artists[number] for number in numbers.tolist()]

    def shelved(self) -> Positions:
        """Return the positions of all tracks that are not left out."""
        return np.flatnonzero(self.album_of >= 0).astype(np.int32)


class _AlbumKey(NamedTuple):
    """The row of an album, or -1 and the row of the artist whose tracks without one it holds."""

    row: int
    artist: int


def browse_index(library: Library, catalogue: Catalogue) -> BrowseIndex:
    """Return the index of the tracks of a catalogue; later tracks of the library are left out."""
    return _Builder(library, catalogue).build()


class _Builder:
    """Columns of all tracks, and the artists and albums that have tracks."""

    def __init__(self, library: Library, catalogue: Catalogue) -> None:
        self._catalogue, self._ids = catalogue, catalogue.ids
        self._artist_rows, self._album_rows = library.browse.artists(), library.browse.albums()
        tracks = list(_among(library, catalogue.rows.tolist()))
        self._columns = np.array(
            [
                (
                    np.nan if one.duration is None else one.duration,
                    one.since,
                    one.number,
                    one.disc,
                    one.year or 0,
                    one.size,
                )
                for one in tracks
            ],
            np.float64,
        ).reshape(len(tracks), 6)
        self._genres_of = [one.genres for one in tracks]
        hidden = [False] * len(tracks) if catalogue.hidden is None else catalogue.hidden.tolist()
        shown = [one for one, away in zip(tracks, hidden, strict=True) if not away]
        self._spellings = _spellings(one.genre_tag for one in shown)
        self._there = [not (one.missing or away) for one, away in zip(tracks, hidden, strict=True)]
        self._tracks_of: dict[_AlbumKey, list[int]] = defaultdict(list)
        self._credits: list[list[int]] = []
        for position, there in enumerate(self._there):
            self._credits.append(self._credited(position) if there else [])
            if there:
                self._tracks_of[self._album_key(position)].append(position)

    def _credited(self, position: int) -> list[int]:
        """Return the rows of the artists of a track, its main artist (or none) first."""
        main = int(self._ids.artist[position])
        others = [one for one in self._ids.of_track(position).tolist() if one != main]
        return [main, *others]

    def _album_key(self, position: int) -> _AlbumKey:
        row = int(self._ids.album[position])
        if row in self._album_rows:
            artist = self._album_rows[row].artist
            return _AlbumKey(row, _NO_ARTIST if artist is None else artist)
        return _AlbumKey(-1, int(self._ids.artist[position]))

    def build(self) -> BrowseIndex:
        rows = {row for own in self._credits for row in own}
        rows |= {key.artist for key in self._tracks_of}
        artists = sorted(rows, key=lambda row: (_in_order(self._name(row)), self._key(row)))
        number_of = {row: number for number, row in enumerate(artists)}
        albums = sorted(
            self._tracks_of, key=lambda key: (_in_order(self._title(key)), self._album_id(key))
        )
        n_tracks = len(self._there)
        artist_of, album_of = np.full(n_tracks, -1, np.int32), np.full(n_tracks, -1, np.int32)
        appears_on: dict[int, set[int]] = defaultdict(set)
        tracks_of: dict[int, list[int]] = defaultdict(list)
        for number, key in enumerate(albums):
            album_of[self._tracks_of[key]] = number
            appears_on[number_of[key.artist]].add(number)
        credited = [[number_of[row] for row in own] for own in self._credits]
        for position, own in enumerate(credited):
            for artist in own:
                tracks_of[artist].append(position)
                appears_on[artist].add(int(album_of[position]))
            artist_of[position] = own[0] if own else -1
        made_artists = [
            self._artist(row, appears_on[number], tracks_of[number])
            for number, row in enumerate(artists)
        ]
        made_albums = [self._album(key, number_of[key.artist]) for key in albums]
        keys: dict[str, int] = {}
        for number, row in enumerate(artists):
            keys.setdefault(comparison_key(self._name(row)), number)
        return BrowseIndex(
            self._catalogue,
            self._version(made_artists, made_albums),
            made_artists,
            made_albums,
            self._genres(album_of),
            artist_of,
            album_of,
            np.array([number for own in credited for number in own], np.int32),
            np.cumsum([0, *map(len, credited)], dtype=np.int64),
            self._columns[:, 0].astype(np.float32),
            self._columns[:, 1],
            self._columns[:, 5].astype(np.int64),
            self._columns[:, 4].astype(np.int32),
            self._columns[:, 2].astype(np.int32),
            self._columns[:, 3].astype(np.int32),
            self._spellings,
            {artist.id: number for number, artist in enumerate(made_artists)},
            {album.id: number for number, album in enumerate(made_albums)},
            keys,
        )

    def _version(self, artists: Sequence[Artist], albums: Sequence[Album]) -> str:
        digest = blake2b(self._columns.tobytes(), digest_size=12)
        entities: list[Artist | Album] = [*artists, *albums]
        for one in entities:
            digest.update(
                f"{one.id}\x1f{one.name}\x1f{one.tracks.tolist()}".encode("utf-8", "replace")
            )
        digest.update(repr((self._genres_of, self._spellings)).encode("utf-8", "replace"))
        return digest.hexdigest()

    def _name(self, row: int) -> str:
        return (self._artist_rows[row].name if row >= 0 else None) or UNKNOWN_ARTIST

    def _key(self, row: int) -> str:
        return self._artist_rows[row].key if row >= 0 else comparison_key(UNKNOWN_ARTIST)

    def _artist(self, row: int, albums: set[int], tracks: Sequence[int]) -> Artist:
        name, known = self._name(row), self._artist_rows.get(row)
        return Artist(
            known.artist_id if known else public_id("ar", self._key(row)),
            name,
            _letter(name),
            tuple(sorted(albums)),
            np.array(tracks, np.int32),
            (known and known.musicbrainz_id) or "",
        )

    def _title(self, key: _AlbumKey) -> str:
        return (self._album_rows[key.row].title if key.row >= 0 else None) or UNKNOWN_ALBUM

    def _album_id(self, key: _AlbumKey) -> str:
        if key.row >= 0:
            return self._album_rows[key.row].album_id
        return unknown_album_id(self._key(key.artist))

    def _album(self, key: _AlbumKey, artist: int) -> Album:
        positions = self._tracks_of[key]
        tracks = np.array(positions, np.int32)
        numbers, discs = self._columns[tracks, 2], self._columns[tracks, 3]
        tracks = tracks[np.lexsort((tracks, numbers, discs))]
        genres = Counter(genre for position in positions for genre in self._genres_of[position])
        known = self._album_rows.get(key.row)
        return Album(
            self._album_id(key),
            self._title(key),
            _letter(self._title(key)),
            artist,
            int(self._columns[tracks, 4].max()) or None,
            tuple(genre for genre, _ in genres.most_common()),
            tracks,
            float(np.nansum(self._columns[tracks, 0])),
            float(self._columns[tracks, 1].max()),
            (known and known.musicbrainz_id) or "",
        )

    def _genres(self, album_of: Positions) -> dict[str, Genre]:
        names: dict[str, str] = {}
        tracks: dict[str, list[int]] = defaultdict(list)
        for position, there in enumerate(self._there):
            for genre in self._genres_of[position] if there else ():
                names.setdefault(genre.casefold(), genre)
                tracks[genre.casefold()].append(position)
        return {
            key: Genre(names[key], np.array(own, np.int32), len(np.unique(album_of[own])))
            for key, own in sorted(tracks.items())
        }


def _among(library: Library, rows: Sequence[int]) -> Iterator[BrowseTrack]:
    """Yield the tracks at some rows, which ascend."""
    wanted = iter(rows)
    row = next(wanted, None)
    for track in library.browse.each_track():
        if track.row == row:
            yield track
            row = next(wanted, None)


def _spellings(texts: Iterable[str]) -> dict[str, str]:
    """Return the most frequent spelling of each genre in the texts of tags.

    >>> _spellings(["Trip Hop|Drum & Bass", "Hip-Hop", "hip hop", "Hip-Hop"])
    {'trip-hop': 'Trip Hop', 'drum and bass': 'Drum & Bass', 'hip-hop': 'Hip-Hop'}
    """
    counts: dict[str, Counter[str]] = {}
    for text, n_tracks in Counter(texts).items():
        for part in map(str.strip, _BETWEEN_GENRES.split(text)):
            genres = read_genres(part)
            if len(genres) == 1:
                counts.setdefault(genres[0], Counter())[part] += n_tracks
    return {genre: own.most_common(1)[0][0] for genre, own in counts.items()}


def unknown_album_id(artist_key: str) -> str:
    """Return the id of the album of an artist's tracks that are on no album."""
    return public_id("al", f"{artist_key}\x1f{comparison_key(UNKNOWN_ALBUM)}")


def _in_order(name: str) -> str:
    """Return the form of a name that is sorted by.

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
