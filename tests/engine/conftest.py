"""A small catalogue with artists, albums, genres and vectors, and an engine over it."""

from dataclasses import dataclass

import numpy as np
import pytest

from segue.engine import CatalogueArrays, Engine, examples_from, profile_from_seeds
from segue.library.catalogue import ids_of
from segue.signals import VectorSignal, popularity
from segue.types import Track

N = 60


@pytest.fixture(scope="session")
def catalogue():
    """Tracks of 12 artists, 24 albums and 4 genres; one in ten has none of them."""
    return [
        Track(track_id=f"t{i}")
        if i % 10 == 9
        else Track(
            track_id=f"t{i}",
            title=f"No. {i}",
            artist=f"Artist {i % 12}",
            album=f"Album {i % 24}",
            genres=(("folk", "jazz", "rock", "techno")[i % 4],),
            tags={"quiet": 2.0, f"tag {i % 3}": 5.0},
            year=1960 + i,
            duration=60.0 + i,
        )
        for i in range(N)
    ]


@pytest.fixture(scope="session")
def listeners():
    rng = np.random.default_rng(1)
    return [profile_from_seeds(rng.choice(N, 8, replace=False).tolist()) for _ in range(15)]


@pytest.fixture(scope="session")
def whole(listeners):
    """An engine of two spaces and popularity."""
    rng = np.random.default_rng(2)
    spaces = []
    for name in ("timbre", "tags"):
        vectors = rng.normal(size=(N, 6)).astype(np.float32)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        vectors[-3:] = 0
        spaces.append(VectorSignal(name, vectors))
    return Engine.fit([*spaces, popularity(listeners, N)], examples_from(listeners))


@pytest.fixture(scope="session")
def facts(catalogue, listeners, whole):
    return CatalogueArrays.of(catalogue, ids_of(catalogue), listeners, whole.signals[0])


@dataclass(frozen=True, repr=False)
class World:
    """All of it together: the repr of what a property test fails on has to stay short."""

    tracks: list
    listeners: list
    engine: Engine
    facts: CatalogueArrays


@pytest.fixture(scope="session")
def world(catalogue, listeners, whole, facts):
    return World(catalogue, listeners, whole, facts)
