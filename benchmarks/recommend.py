"""Measure the cost of one recommendation: all signals, many tracks, one listener, one core.

Run: ``OMP_NUM_THREADS=1 python benchmarks/recommend.py [--tracks 100000]``. The catalogue is
simulated and seeded: listeners with a few tastes, vectors that follow them, artists, tags, an order
of listening. Prints the median and the 99th percentile of a whole recommendation, of each signal
alone, of the scores of one listener and of four together, of a listener's scores after a friend
likes another track, and of moving the weights of a listener by one like, in milliseconds of
processor time.
"""

import argparse
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from scipy import sparse

from segue.engine import Engine, WeightPosterior, Weights, updated
from segue.index import normalise
from segue.listening import Collaborative
from segue.listening.sequences import fit_sequences
from segue.pipeline.recommender.cached_engine import CachedEngine
from segue.signals import (
    CollaborativeSignal,
    FriendsSignal,
    RecencySignal,
    SequenceSignal,
    Signal,
    UserProfile,
    VectorSignal,
    opinions_of,
    popularity,
)
from segue.signals.vectors import unit_rows

VECTORS = {"timbre": 64, "temporal": 64, "knn": 130}
"""Signals of dense vectors, and their lengths."""


def listeners(n: int, n_tracks: int, rng: np.random.Generator) -> list[UserProfile]:
    """Return listeners of fifty tracks each, from one of twenty tastes, in order."""
    tastes = np.array_split(rng.permutation(n_tracks), 20)
    found = []
    for number in range(n):
        own = tastes[number % 20]
        liked = np.unique(own[(len(own) * rng.random(50) ** 3).astype(int)])
        history = rng.permutation(np.repeat(liked, 3))
        weights = rng.choice([-1.0, 1.0, 2.0], len(liked)).astype(np.float32)
        found.append(UserProfile(liked, weights, liked, history=history))
    friends = [tuple(found[(n + i) % len(found)].liked for i in range(1, 6)) for n in range(n)]
    return [
        UserProfile(one.positions, one.weights, one.known, one.history, friends=liked)
        for one, liked in zip(found, friends, strict=True)
    ]


def all_signals(profiles: list[UserProfile], n: int, rng: np.random.Generator) -> list[Signal]:
    """Return every kind of signal that there is, over `n` tracks."""
    found: list[Signal] = [
        VectorSignal(name, normalise(rng.standard_normal((n, width)).astype(np.float32)))
        for name, width in VECTORS.items()
    ]
    artists = rng.integers(0, n // 12, n)
    for name, width, each in (("metadata", n // 10, 4), ("tags", 5_000, 8)):
        columns = rng.integers(0, width, n * each)
        starts = np.arange(0, n * each + 1, each)
        matrix = sparse.csr_array((np.ones(n * each, np.float32), columns, starts), (n, width))
        matrix.sum_duplicates()
        found.append(VectorSignal(name, unit_rows(matrix)))
    model = Collaborative().fit(opinions_of(profiles, n))
    found += [CollaborativeSignal(model), popularity(profiles, n), RecencySignal(artists)]
    histories = [one.history for one in profiles[:500]]
    found += [
        FriendsSignal(n),
        SequenceSignal(fit_sequences(histories, n, artists, attentive=False)),
    ]
    return found


def timed(act: Callable[[int], object], times: int) -> str:
    """Return median and 99th percentile of the milliseconds of processor time of an act."""
    act(0)
    taken = []
    for number in range(times):
        started = time.process_time()
        act(number)
        taken.append(1e3 * (time.process_time() - started))
    return f"median {np.median(taken):6.2f} ms   p99 {np.percentile(taken, 99):6.2f} ms"


def main() -> None:
    """Print what everything costs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tracks", type=int, default=100_000)
    parser.add_argument("--listeners", type=int, default=2_000)
    parser.add_argument("--times", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    rng = np.random.default_rng(asked.seed)
    profiles = listeners(asked.listeners, asked.tracks, rng)
    signals = all_signals(profiles, asked.tracks, rng)
    engine = Engine(signals, Weights.prior([signal.name for signal in signals]))
    print(f"{asked.tracks:,} tracks, {len(signals)} signals, {asked.listeners:,} listeners")

    def of(number: int) -> UserProfile:
        return profiles[number % len(profiles)]

    print(f"{'a recommendation':20}", timed(lambda i: engine.recommend(of(i), 20), asked.times))
    for one in signals:
        print(f"{one.name:20}", timed(lambda i, one=one: one.for_listeners([of(i)]), asked.times))
    for n in (1, 4):
        batch = timed(lambda i, n=n: engine.rows_of([of(i + j) for j in range(n)]), asked.times)
        print(f"{f'scores of {n} together':20}", batch)
    cached = CachedEngine(signals, engine.weights)

    def of_friend(number: int) -> UserProfile:
        return replace(of(0), user="one", friends=(*of(0).friends, np.array([number])))

    friend = timed(lambda i: cached.rows(of_friend(i)), asked.times)
    print(f"{'after a friend likes':20}", friend)
    pool = engine.recommend(of(0), 500)
    shown = np.zeros((1, len(signals)), np.float32) if pool.features is None else pool.features
    posterior = WeightPosterior(engine.weights.everyone, np.eye(len(signals)))
    track = shown[0].astype(np.float64)
    moved = timed(lambda _: updated(posterior, track, shown, liked=True), asked.times)
    print(f"{'one like':20}", moved)


if __name__ == "__main__":
    main()
