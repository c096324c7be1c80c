"""A simulated music library: genres, artists, albums, songs in several versions, and their sound.

Tracks are numbers from 0 on. Sound is a point per track, near that of its artist, which is near
that of its genre; frames are noise around it. Genres share the sound of their family, so that
neighbors such as soul and r&b are harder to tell apart than metal and ambient.
"""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int64]

FAMILIES: dict[str, tuple[str, ...]] = {
    "acoustic": ("folk", "singer-songwriter", "country", "chanson"),
    "black": ("soul", "r&b", "hip-hop", "reggae"),
    "blue": ("jazz", "blues", "latin"),
    "club": ("house", "techno", "drum and bass", "electronic"),
    "guitar": ("rock", "indie rock", "punk", "metal"),
    "quiet": ("ambient", "classical", "soundtrack"),
    "sung": ("pop", "children's music", "holiday"),
}
"""Families of genres with a similar sound; 25 genres."""

GENRES = tuple(sorted(genre for family in FAMILIES.values() for genre in family))
_BY_ARTIST = (*GENRES, "classical", "classical")
N_BANDS, N_FRAMES = 24, 60
TAGS = ("calm", "sad", "happy", "loud", "dark", "warm", "live", "female vocals", "piano", "guitar")


def _words(text: str) -> list[str]:
    """Return the words of a text."""
    return text.split()


_FIRST = _words(
    """amber ash blue bright cold copper dawn deep distant early ember empty evening faded
fallen far first frozen gentle glass golden green hidden hollow iron ivory last late lonely long
lost lucky marble midnight misty morning northern open pale paper quiet red restless river rolling
secret seven silent silver sleeping slow small southern stolen stone summer sunken sweet velvet
wandering white wild winter wooden yellow"""
)
_SECOND = _words(
    """anchor arrow avenue bell bird boat bridge candle carnival castle chapel city clock
cloud coast corner crown dance desert door dream echo engine feather field fire flower fountain
garden ghost harbor heart highway hill horizon island journey kingdom kite lake lantern letter
lighthouse line lion machine map meadow mirror moon mountain music ocean orchard parade photograph
promise radio rain road roof room rose sail season shadow ship shore sky smoke snow song sparrow
square star station stone storm story stranger street summer sun table thunder tide tower train
valley village voice wave weather wheel window wire wolf world"""
)
_SURNAMES = _words(
    """Abel Barlow Brandt Calder Castell Dorn Ekman Farrow Fenn Gallo Hale Hartmann Ibsen
Jansen Keller Lind Lorenz Marlow Moreau Nordin Novak Okafor Palmer Quist Ravel Rossi Sandoval
Seidel Tanner Ueda Vance Vogel Weber Yates Zeller"""
)
_GROUPS = ("Ensemble", "Quartet", "Orchestra")
_FORMS = ("Symphony", "String Quartet", "Piano Sonata", "Suite", "Concerto")
_MOVEMENTS = ("I. Allegro", "II. Andante", "III. Scherzo", "IV. Finale")
_VERSIONS = ("Live", "Remastered 2011", "Acoustic", "Demo")


@dataclass(frozen=True)
class World:
    """The tracks of a library: arrays and lists by track, and names of artists.

    `song` is the number of the song or work that a track is a version of; `version` is empty for
    the studio version. `durations` are seconds, `sound` is ``[n, N_BANDS]``.
    """

    genre: Numbers
    artist: Numbers
    album: Numbers
    song: Numbers
    titles: Sequence[str]
    version: Sequence[str]
    artists: Sequence[str]
    albums: Sequence[str]
    years: Numbers
    durations: NDArray[np.float64]
    popularity: NDArray[np.float64]
    tags: Sequence[str]
    sound: NDArray[np.float64]

    def __len__(self) -> int:
        """Return the number of tracks."""
        return len(self.genre)

    def of_genre(self, *names: str) -> Numbers:
        """Return the tracks of genres."""
        return np.flatnonzero(np.isin(self.genre, [GENRES.index(name) for name in names]))

    def track_id(self, track: int) -> str:
        """Return the id of a track in the library."""
        return f"t{track:05}"

    def track(self, track_id: str) -> int:
        """Return the track of an id."""
        return int(track_id[1:])


class _Builder:
    """Collects the rows of a world, album by album."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        self.rows: list[tuple[int, int, int, int, str, str, int, float]] = []
        self.artists: list[str] = []
        self.albums: list[str] = []
        self.works: list[tuple[int, str]] = []
        self.n_songs = 0
        self._used: set[str] = set()

    def name(self, first: Sequence[str], second: Sequence[str]) -> str:
        """Return a name that no artist, album or song has yet."""
        while True:
            found = f"{self.rng.choice(first)} {self.rng.choice(second)}".title()
            if found in self._used:
                found += f" {self.rng.choice(_SECOND)}".title()
            if found not in self._used:
                self._used.add(found)
                return found

    def artist(self, genre: int, n_tracks: int) -> None:
        """Add an artist with albums that hold `n_tracks` tracks together."""
        classical = GENRES[genre] == "classical"
        self.artists.append(
            f"{self.name(_FIRST, _SURNAMES)} {self.rng.choice(_GROUPS)}"
            if classical
            else self.name(_FIRST, _SURNAMES if self.rng.random() < 0.5 else _SECOND)
        )
        debut, left = int(self.rng.integers(1965, 2012)), n_tracks
        studio: list[int] = []
        while left:
            size = min(left, int(self.rng.integers(5, 13)))
            year = debut + 2 * len(self.albums) % 12
            album = len(self.albums)
            self.albums.append(self.name(_FIRST, _SECOND))
            for _ in range(size):
                if classical:
                    self._movement(genre, album, year)
                elif len(studio) > 3 and self.rng.random() < 0.15:
                    self._version(genre, album, year, studio)
                else:
                    studio.append(len(self.rows))
                    self._song(genre, album, year, self.name(_FIRST, _SECOND))
            left -= size

    def _song(self, genre: int, album: int, year: int, title: str) -> None:
        typical = {"classical": 420, "ambient": 360, "techno": 380, "children's music": 130}
        length = self.rng.lognormal(np.log(typical.get(GENRES[genre], 225)), 0.25)
        row = (genre, len(self.artists) - 1, album, self.n_songs, title, "", year, float(length))
        self.rows.append(row)
        self.n_songs += 1

    def _version(self, genre: int, album: int, year: int, studio: list[int]) -> None:
        """Add another version of a song of the artist."""
        song = self.rows[studio.pop(int(self.rng.integers(len(studio))))]
        version = str(self.rng.choice(_VERSIONS))
        title = (
            f"{song[4]} ({version})" if version != "Remastered 2011" else f"{song[4]} - {version}"
        )
        length = song[7] * self.rng.uniform(0.95, 1.2)
        artist = len(self.artists) - 1
        self.rows.append((genre, artist, album, song[3], title, version, year, float(length)))

    def _movement(self, genre: int, album: int, year: int) -> None:
        """Add a movement: of a work that another artist plays, too, in a third of the cases."""
        if self.works and self.rng.random() < 0.33:
            song, title = self.works[int(self.rng.integers(len(self.works)))]
            length = float(self.rng.lognormal(np.log(420), 0.25))
            artist = len(self.artists) - 1
            self.rows.append((genre, artist, album, song, title, "", year, length))
            return
        number = self.rng.integers(1, 16)
        composer, form = self.rng.choice(_SURNAMES), self.rng.choice(_FORMS)
        title = f"{composer}: {form} No. {number}: {self.rng.choice(_MOVEMENTS)}"
        if any(title == name for _, name in self.works):
            self._movement(genre, album, year)
            return
        self.works.append((self.n_songs, title))
        self._song(genre, album, year, title)


def build_world(seed: int, n_tracks: int = 3_000, n_artists: int = 400) -> World:
    """Return a library of about `n_tracks` tracks by `n_artists` artists, the same for a seed."""
    rng = np.random.default_rng([seed, 18])
    builder = _Builder(rng)
    sizes = rng.lognormal(0, 0.6, n_artists)
    sizes = np.maximum((sizes / sizes.sum() * n_tracks).round().astype(int), 2)
    for number, size in enumerate(sizes.tolist()):
        builder.artist(GENRES.index(_BY_ARTIST[number % len(_BY_ARTIST)]), size)
    genre, artist, album, song, titles, version, years, durations = zip(*builder.rows, strict=True)
    genres, artists = np.array(genre), np.array(artist)
    fame = rng.lognormal(0, 1, n_artists)
    n = len(genres)
    return World(
        genre=genres,
        artist=artists,
        album=np.array(album),
        song=np.array(song),
        titles=titles,
        version=version,
        artists=builder.artists,
        albums=builder.albums,
        years=np.array(years),
        durations=np.array(durations),
        popularity=fame[artists] * rng.lognormal(0, 1, n),
        tags=_tags(genres, artists, version, rng),
        sound=_sound(genres, artists, np.array(song), rng),
    )


def _sound(
    genres: Numbers, artists: Numbers, songs: Numbers, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Return a point for each track; versions of a song are near each other.

    Of the ten nearest tracks about 70% are of the same genre, not all of them.
    """
    families = rng.normal(0, 1, (len(FAMILIES), N_BANDS))
    family_of = {genre: i for i, names in enumerate(FAMILIES.values()) for genre in names}
    centers = families[[family_of[name] for name in GENRES]]
    centers = centers + rng.normal(0, 0.5, centers.shape)
    by_artist = rng.normal(0, 1.0, (artists.max() + 1, N_BANDS))
    by_song = rng.normal(0, 1.0, (songs.max() + 1, N_BANDS))
    by_track = rng.normal(0, 0.2, (len(genres), N_BANDS))
    return centers[genres] + by_artist[artists] + by_song[songs] + by_track


def _tags(
    genres: Numbers, artists: Numbers, versions: Sequence[str], rng: np.random.Generator
) -> list[str]:
    """Return a cell of tags for each track: moods of its artist and genre; a fifth has none."""
    moods = rng.dirichlet(np.full(len(TAGS), 0.4), len(GENRES))
    own = rng.dirichlet(np.full(len(TAGS), 0.4), artists.max() + 1)
    cells = []
    for genre, artist, version in zip(genres, artists, versions, strict=True):
        if rng.random() < 0.2:
            cells.append("")
            continue
        counts = rng.multinomial(12, 0.6 * moods[genre] + 0.4 * own[artist])
        counts[TAGS.index("live")] = 9 if version == "Live" else 0
        cells.append("|".join(f"{tag}:{n}" for tag, n in zip(TAGS, counts, strict=True) if n > 1))
    return cells


def write_dataset(world: World, directory: Path, seed: int, *, silent: bool = False) -> None:
    """Write a dataset directory: metadata.csv and, unless `silent`, the frames of each track."""
    (directory / "features").mkdir(parents=True)
    rng = np.random.default_rng([seed, 19])
    columns = ["track_id", "title", "artist", "album", "year", "genre", "tags", "duration"]
    with (directory / "metadata.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(columns if silent else [*columns, "features"])
        for track in range(len(world)):
            name = f"features/{world.track_id(track)}.npy"
            if not silent:
                frames = world.sound[track] + rng.normal(0, 0.8, (N_FRAMES, N_BANDS))
                np.save(directory / name, frames.astype(np.float32))
            table.writerow(
                [
                    world.track_id(track),
                    world.titles[track],
                    world.artists[world.artist[track]],
                    world.albums[world.album[track]],
                    world.years[track],
                    GENRES[world.genre[track]],
                    world.tags[track],
                    round(float(world.durations[track]), 1),
                    *([] if silent else [name]),
                ]
            )
