"""Time mutual proximity: fitting, comparing one track, scoring a batch of listeners.

    python benchmarks/hubs.py [N_TRACKS [N_DIMENSIONS]]

Random vectors, one thread; mutual proximity and plain cosines in one run, with their ratio.
"""

import sys
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from threadpoolctl import threadpool_limits

from segue.index import MutualProximity
from segue.signals import UserProfile, from_embeddings

N_LISTENERS, N_LIKED, REPEATS = 16, 40, 5


def seconds(work: Callable[[], object]) -> float:
    """Return the minimum time of some runs."""
    times = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return min(times)


def main() -> None:
    """Measure and print."""
    n_tracks = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    n_dimensions = int(sys.argv[2]) if len(sys.argv) > 2 else 128
    rng = np.random.default_rng(0)
    plain = from_embeddings("x", rng.normal(size=(n_tracks, n_dimensions)).astype(np.float32))
    places = rng.integers(0, n_tracks, (N_LISTENERS, N_LIKED))
    liked = [np.unique(own) for own in places]
    listeners = [UserProfile(own, np.ones(len(own), np.float32), own) for own in liked]
    fit = seconds(lambda: MutualProximity.fit(plain.vectors))
    print(f"{n_tracks:,} tracks, {n_dimensions} dimensions: fitted in {fit:.2f} s")
    rescaled = replace(plain, hubs=MutualProximity.fit(plain.vectors))
    for name, work in (
        ("one track with all", lambda signal: signal.for_track(0)),
        (f"{N_LISTENERS} listeners with all", lambda signal: signal.for_listeners(listeners)),
    ):
        before, after = (
            seconds(lambda signal=signal, work=work: work(signal)) for signal in (plain, rescaled)
        )
        print(
            f"{name}: cosine {1e3 * before:.1f} ms, mutual proximity {1e3 * after:.1f} ms,"
            f" {after / before:.0f} times"
        )


if __name__ == "__main__":
    with threadpool_limits(1):
        main()
