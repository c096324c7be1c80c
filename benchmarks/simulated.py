"""Create a large, seeded, simulated library, to measure serving with.

Run: ``python benchmarks/simulated.py DIRECTORY [--tracks 100000] [--listens 5000000]``. Artists are
points in 32 dimensions, each of one of 24 genres. Their tracks are points near them, with titles,
tags and embeddings that follow; popularity follows a power law. Each listener has a few genres and
artists, plays tracks of a pool of their own in sessions, again and again, and skips some.

Tracks, embeddings and models are in the library's own stores. Embeddings are random, since there is
no audio to learn from; the usual code decides which encoder is used and whether hubs are reduced.
Models of listening data are fitted with usual settings, without a search, and weights are learned
on listeners that the models have seen: the library shows how long a list takes, not how good it is.
"""

import argparse
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import repeat
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segue.engine import examples_from, learn
from segue.index import normalise
from segue.library import Library, settings_hash
from segue.listening import Collaborative, CollaborativeSettings
from segue.listening.sequences import fit_sequences
from segue.pipeline.recommender.open_signals import engine_fingerprint
from segue.pipeline.training.content import content_signals
from segue.pipeline.training.engine_weights import save_weights
from segue.pipeline.training.listening_models import (
    ListeningModels,
    TrainingData,
    listening_signals,
)
from segue.signals import KnnModel, opinions_of
from segue.sources.datasets.listens import no_listens
from segue.types import Track

GENRES, TAGS, DIMENSIONS = 24, 400, 32
EMBEDDINGS = {"cnn": 64, "rnn": 64}
WORDS = [
    "ash",
    "blue",
    "cold",
    "dawn",
    "ember",
    "field",
    "glass",
    "harbour",
    "iron",
    "june",
    "kite",
    "lantern",
    "moss",
    "north",
    "oak",
    "paper",
    "quiet",
    "river",
    "stone",
    "tide",
    "umber",
    "velvet",
    "winter",
    "yellow",
    "zero",
    "amber",
    "bright",
    "cloud",
    "drift",
    "echo",
    "flame",
    "garden",
    "hollow",
    "island",
    "jasmine",
    "keeper",
    "light",
    "morning",
    "night",
    "ocean",
]
BEGIN = 1_700_000_000
SECONDS = 2 * 365 * 86_400
MIN_WEIGHT = 0.05
SPLITS = ("train",) * 98 + ("valid", "test")


class World:
    """Where artists and tracks stand, and how popular tracks are."""

    def __init__(self, n_tracks: int, rng: np.random.Generator) -> None:
        self.n, self.rng = n_tracks, rng
        n_artists = max(n_tracks // 12, 2)
        centres = rng.standard_normal((GENRES, DIMENSIONS))
        self.genre_of_artist = rng.integers(0, GENRES, n_artists)
        at = centres[self.genre_of_artist] + 0.7 * rng.standard_normal((n_artists, DIMENSIONS))
        self.artist = np.sort(rng.integers(0, n_artists, n_tracks))
        self.genre = self.genre_of_artist[self.artist]
        self.places = at[self.artist] + 0.4 * rng.standard_normal((n_tracks, DIMENSIONS))
        fame = rng.pareto(1.1, n_artists) + 0.1
        self.popularity = fame[self.artist] * (rng.pareto(1.5, n_tracks) + 0.1)
        self.duration = np.round(rng.normal(230, 50, n_tracks).clip(40), 1)

    def tracks(self) -> list[Track]:
        """Return the catalogue."""
        words = np.array(WORDS)
        titles = words[self.rng.integers(0, len(words), (self.n, 2))]
        artists = words[self.rng.integers(0, len(words), (len(self.genre_of_artist), 2))]
        taste = self.rng.standard_normal((DIMENSIONS, TAGS))
        years = 1965 + (self.artist * 7919) % 55
        found = []
        for number in range(self.n):
            artist = int(self.artist[number])
            tags = np.argsort(-(self.places[number] @ taste))[:6]
            name = f"{artists[artist][0].title()} {artists[artist][1].title()} {artist}"
            found.append(
                Track(
                    track_id=f"t{number:06}",
                    title=f"{titles[number][0].title()} {titles[number][1]} {number % 97}",
                    artist=name,
                    album=f"{titles[number - number % 9][0].title()} {artist}-{number // 9}",
                    year=int(years[number]),
                    genres=(f"genre {self.genre[number]:02}",),
                    tags={
                        f"tag {tag:03}": float(9 - place) for place, tag in enumerate(tags.tolist())
                    },
                    duration=float(self.duration[number]),
                    split=SPLITS[artist % 100],  # type: ignore[arg-type]
                )
            )
        return found

    def noisy_vectors(self, width: int, noise: float) -> NDArray[np.float32]:
        """Return what an encoder might make of the tracks, ``[n, width]``."""
        mixed = self.places @ self.rng.standard_normal((DIMENSIONS, width)) / DIMENSIONS**0.5
        return (mixed + noise * self.rng.standard_normal((self.n, width))).astype(np.float32)

    def listens(self, n_listens: int, n_listeners: int) -> Iterator[tuple[int, Any]]:
        """Give each listener's number and plays: tracks, times, milliseconds played, skipped."""
        rng = self.rng
        order = np.lexsort((-self.popularity, self.genre))
        starts = np.searchsorted(self.genre[order], np.arange(GENRES + 1))
        of_artist = np.searchsorted(self.artist, np.arange(len(self.genre_of_artist) + 1))
        share = rng.pareto(1.3, n_listeners) + 0.15
        counts = np.maximum((share / share.sum() * n_listens).astype(int), 5)
        counts = np.minimum(counts, 20_000)
        for listener, n in enumerate(counts.tolist()):
            genres = rng.integers(0, GENRES, 3)
            n_pool = max(int(n * 0.45), 4)
            which = rng.choice(genres, n_pool, p=(0.6, 0.3, 0.1))
            reach = rng.random(n_pool) ** 3
            by_genre = order[
                starts[which] + (reach * (starts[which + 1] - starts[which])).astype(int)
            ]
            artists = self.artist[by_genre]
            first, last = of_artist[artists], of_artist[artists + 1]
            by_artist = first + (rng.random(n_pool) * (last - first)).astype(int)
            pool = np.where(rng.random(n_pool) < 0.5, by_genre, by_artist)
            picks = pool[(n_pool * rng.random(n) ** 2).astype(int)]
            follow = rng.random(n) < 0.3  # the next track of the same artist's
            shifted = np.minimum(np.roll(picks, 1) + 1, self.n - 1)
            picks = np.where(follow, shifted, picks)
            times = np.sort(rng.random(n)) * SECONDS + BEGIN
            skipped = rng.random(n) < 0.08
            part = np.where(skipped, 0.1, 1.0) * self.duration[picks] * 1000
            yield listener, (picks, times, part, skipped)


def put_tracks(library: Library, world: World) -> None:
    """Put the catalogue, and no listens yet."""
    library.add_dataset("simulated", tracks=world.tracks(), listens=no_listens())


def put_listens(library: Library, world: World, n_listens: int, n_listeners: int) -> int:
    """Put the listens straight into the table: the ordinary way takes a minute a million."""
    connection = sqlite3.connect(library.directory / "library.db")
    connection.executemany(
        "INSERT INTO users (user_id) VALUES (?)", [(f"u{n:05}",) for n in range(n_listeners)]
    )
    total = 0
    for listener, (tracks, times, ms_played, skipped) in world.listens(n_listens, n_listeners):
        columns = (tracks + 1, times, ms_played, skipped)
        rows = zip(repeat(listener + 1), *(one.tolist() for one in columns), strict=False)
        connection.executemany(
            "INSERT INTO listens (user, track, timestamp, ms_played, skipped, plays, dataset)"
            " VALUES (?, ?, ?, ?, ?, 1, 'simulated')",
            rows,
        )
        total += len(tracks)
    friends = world.rng.integers(1, n_listeners + 1, (n_listeners, 2)).tolist()
    connection.executemany("INSERT OR IGNORE INTO friends VALUES (?, ?)", friends)
    connection.commit()
    connection.close()
    return total


def put_embeddings(library: Library, world: World) -> None:
    """Put what models give of every track, with the manifests that models have."""
    rows = np.arange(1, world.n + 1).tolist()
    for name, width in EMBEDDINGS.items():
        about = {
            "kind": name,
            "target": "genre",
            "fingerprint": f"simulated-{name}",
            "input": "audio",
        }
        with library.models.saving(name, {**about, "metrics": {}, "settings": {}, "seconds": 0.0}):
            pass
        store = library.features(
            {"embedding of": name, "fingerprint": about["fingerprint"]},
            {"embedding": "float32", "probabilities": "float32"},
        )
        chances = np.full((world.n, 1), 1, np.float32)
        with store:
            store.add_many(
                rows, {"embedding": world.noisy_vectors(width, 0.3), "probabilities": chances}
            )
    put_knn(library, world)


def put_knn(library: Library, world: World) -> None:
    """Fit the combined vector on drawn descriptors, and place every track with it."""
    catalogue = library.catalogue()
    train = np.array([track.split == "train" for track in catalogue.tracks])
    summary = world.noisy_vectors(96, 0.5)
    model = KnnModel.fit(catalogue.tracks, summary, ["mfcc"] * 96, train)
    about = {"kind": "knn", "target": "genre", "fingerprint": "simulated-knn", "input": "audio"}
    about |= {"settings": model.settings_dict(), "metrics": {}, "seconds": 0.0}
    with library.models.saving("knn", about) as directory:
        np.savez(directory / "arrays.npz", allow_pickle=False, **model.arrays)
    store = library.features(
        {"embedding of": "knn", "fingerprint": "simulated-knn"}, {"embedding": "float32"}
    )
    with store:
        vectors = normalise(model.transform(catalogue.tracks, summary))
        store.add_many(catalogue.rows.tolist(), {"embedding": vectors})


def fit(library: Library, told: Any) -> None:
    """Fit the models of listening data and the weights on all listens."""
    catalogue = library.catalogue()
    content = content_signals(library, catalogue)
    told(f"signals of content: {', '.join(signal.name for signal in content)}")
    material = TrainingData.of(library, catalogue, content)
    listens = library.listens()
    profiles = material.profiles(listens)
    told(f"{len(profiles):,} profiles")
    n = len(catalogue)
    settings = CollaborativeSettings()
    collaborative = Collaborative(settings).fit(opinions_of(list(profiles.values()), n))
    told("fitted collaborative")
    histories = [one.history for one in profiles.values() if len(one.history) >= 2]
    sequence = fit_sequences(histories, n, artists=catalogue.ids.artist, attentive=False)
    told("fitted sequence")
    for name, model in (("collaborative", collaborative), ("sequence", sequence)):
        manifest = {"kind": name, "metrics": {}, "settings": {}, "seconds": 0.0, "seed": 0}
        manifest["fingerprint"] = settings_hash({"simulated": name, "listens": len(listens)})
        with library.models.saving(name, manifest) as directory:
            model.save(directory)
    signals = [
        *content,
        *listening_signals(material, profiles, ListeningModels(collaborative, sequence)),
    ]
    some = list(profiles.values())[:: max(len(profiles) // 300, 1)]
    weights = learn(signals, examples_from(some))
    # on listens that its signals have seen, all others would count nothing
    weights = replace(weights, everyone=np.maximum(weights.everyone, MIN_WEIGHT))
    save_weights(
        library,
        weights,
        [signal.name for signal in signals],
        engine_fingerprint(library, catalogue, signals),
    )
    told(f"weights {weights.everyone.round(2).tolist()}")
    told(f"spread {weights.spread.round(2).tolist()}")


def make(directory: Path, n_tracks: int, n_listens: int, n_listeners: int, seed: int) -> Library:
    """Make the whole library."""
    started = time.monotonic()

    def told(what: str) -> None:
        print(f"{time.monotonic() - started:7.1f} s  {what}", flush=True)

    world = World(n_tracks, np.random.default_rng(seed))
    library = Library(directory)
    put_tracks(library, world)
    told(f"{n_tracks:,} tracks")
    n = put_listens(library, world, n_listens, n_listeners)
    told(f"{n:,} listens of {n_listeners:,} listeners")
    put_embeddings(library, world)
    told("embeddings")
    fit(library, told)
    library.record_run("train", {"models": []})
    return library


def main() -> None:
    """Make it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--tracks", type=int, default=100_000)
    parser.add_argument("--listens", type=int, default=5_000_000)
    parser.add_argument("--listeners", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    make(asked.directory, asked.tracks, asked.listens, asked.listeners, asked.seed)


if __name__ == "__main__":
    main()
