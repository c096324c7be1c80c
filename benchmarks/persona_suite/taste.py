"""True affinities of a person: drawn from the genres they state, before any behavior."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from . import parameters as p
from .people import Person
from .world import GENRES, Numbers, World

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Taste:
    """Affinity of each track in [-1, 1], and artists that the person cannot stand."""

    affinity: Floats
    disliked_artists: Numbers


def draw_taste(world: World, person: Person, rng: np.random.Generator) -> Taste:
    """Return affinities: genre plus artist plus song; versions of a song have the same."""
    by_genre = np.full(len(GENRES), p.UNKNOWN)
    by_genre[[GENRES.index(genre) for genre in person.likes]] = p.LIKED
    by_genre[[GENRES.index(genre) for genre in person.dislikes]] = p.DISLIKED
    by_artist = rng.normal(0, p.ARTIST_SPREAD, len(world.artists))
    by_song = rng.normal(0, p.TRACK_SPREAD, int(world.song.max()) + 1)
    affinity = by_genre[world.genre] + by_artist[world.artist] + by_song[world.song]
    disliked = _disliked_artists(world, person, rng)
    hated = np.isin(world.artist, disliked)
    affinity[hated] = p.DISLIKED_ARTIST + 0.2 * by_song[world.song[hated]]
    return Taste(affinity.clip(-1, 1), disliked)


def _disliked_artists(world: World, person: Person, rng: np.random.Generator) -> Numbers:
    """Return artists of liked genres with several tracks, none of them in a liked genre's top."""
    own = world.artist[world.of_genre(*person.likes)]
    artists, n_tracks = np.unique(own, return_counts=True)
    enough = artists[n_tracks >= min(6, int(n_tracks.max()))]
    n = min(p.N_DISLIKED_ARTISTS, len(enough) // 4)
    return rng.choice(enough, n, replace=False)
