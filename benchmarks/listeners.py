"""Measure training on many listeners, and recommending to one of them.

    python benchmarks/listeners.py [--listens 48e6 --listeners 1.1e6 --tracks 380e3] [--seed 0]
    python benchmarks/listeners.py --growth growth.png

Listens are simulated, by default in the size of the Million Song Dataset's taste profile: pairs of
a listener and a track, with a number of plays. Both the number of tracks per listener and the
number of listeners per track follow power laws. Tracks are in clusters of taste; a listener plays
mostly from two of them. The parts of the collaborative model are fitted with default settings.
Times are wall time and processor time over all cores; on a shared machine the latter is the better
measure. Memory is the peak of the process so far. Recommending is timed for one listener at a time,
on one core.

With --growth, fits at a quarter, an eighth and a sixteenth of the listens, of the listeners and of
the tracks, with the other two at a quarter, and plots the processor time.
"""

import argparse
import resource
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from threadpoolctl import threadpool_limits

from segue.listening import Als, Collaborative, CollaborativeSettings, Ease

CLUSTERS = 60
OWN_SHARE = 0.8  # share of a listener's plays from their own two clusters
MAX_OVER_LEAST = 400  # largest number of tracks per listener, divided by the smallest
CHUNK = 50_000  # number of listeners simulated at a time
ASKED = 500  # number of recommendations to time
SIZES = (1 / 16, 1 / 8, 1 / 4)


def simulate(n_listens: int, n_listeners: int, n_tracks: int, seed: int = 0) -> sparse.csr_array:
    """Return plays ``[n_listeners, n_tracks]`` with about `n_listens` entries."""
    rng = np.random.default_rng(seed)
    activity = np.minimum(1 + rng.pareto(1.4, n_listeners), MAX_OVER_LEAST)
    counts = np.maximum(np.rint(activity * n_listens / activity.sum()), 1).astype(np.int64)
    counts = np.minimum(counts, n_tracks // 4 + 1)
    shares, edges, order = clustered(n_tracks, rng)
    parts, lengths = [], []
    for start in range(0, n_listeners, CHUNK):
        wanted = counts[start : start + CHUNK]
        items, own = drawn(wanted, shares, edges, rng)
        parts.append(order[items])
        lengths.append(own)
    indices = np.concatenate(parts)
    indptr = np.concatenate([[0], np.cumsum(np.concatenate(lengths))])
    plays = rng.geometric(0.4, len(indices)).astype(np.float32)
    matrix = sparse.csr_array((plays, indices, indptr), shape=(n_listeners, n_tracks))
    matrix.sort_indices()
    return matrix


def clustered(n_tracks: int, rng: np.random.Generator) -> tuple[Any, Any, NDArray[np.int32]]:
    """Return cumulative popularity of tracks by cluster, and the end of each cluster.

    The third value is the track number of each place in that order.
    """
    popularity = 1 / (np.arange(n_tracks) + 100.0)
    cluster = rng.integers(min(CLUSTERS, n_tracks), size=n_tracks)
    order = np.argsort(cluster, kind="stable")
    shares = np.concatenate([[0], np.cumsum(popularity[order])])
    ends = np.searchsorted(cluster[order], np.arange(cluster.max() + 2))
    numbers = rng.permutation(n_tracks).astype(np.int32)
    return shares, shares[ends], numbers[order]


def drawn(
    wanted: NDArray[np.int64], shares: Any, edges: Any, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Draw distinct places for each listener; return them, and their number for each."""
    own = rng.integers(len(edges) - 1, size=(len(wanted), 2))
    listener = np.repeat(np.arange(len(wanted)), wanted + wanted // 2 + 8)
    which = own[listener, (rng.random(len(listener)) < 0.3).astype(np.int64)]
    everywhere = rng.random(len(listener)) > OWN_SHARE
    low = np.where(everywhere, 0, edges[which])
    high = np.where(everywhere, edges[-1], edges[which + 1])
    at = low + (high - low) * rng.random(len(listener))
    n_tracks = len(shares) - 1
    place = np.minimum(np.searchsorted(shares, at, side="right") - 1, n_tracks - 1)
    keys = np.unique(listener * n_tracks + place)
    listener, place = np.divmod(keys, n_tracks)
    # a random selection of the distinct ones
    shuffled = np.lexsort((rng.random(len(keys)), listener))
    starts = np.searchsorted(listener, np.arange(len(wanted)))
    kept = shuffled[np.arange(len(keys)) - starts[listener] < wanted[listener]]
    return place[kept], np.bincount(listener[kept], minlength=len(wanted))


def timed(what: str, work: Callable[[], Any]) -> tuple[Any, float]:
    """Run `work`, print its cost, and return its result with its processor seconds."""
    wall, processor = time.perf_counter(), time.process_time()
    given = work()
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"{what:32s} {wall:9.1f} s {processor:9.1f} s {peak:7.2f} GB", flush=True)
    return given, processor


def fitted(matrix: sparse.csr_array) -> tuple[Collaborative, dict[str, float]]:
    """Fit both parts of the collaborative model; return it, and processor seconds of each."""
    settings = CollaborativeSettings()
    ease, of_ease = timed("EASE", lambda: Ease(settings.ease).fit(matrix))
    als, of_als = timed("iALS", lambda: Als(settings.als).fit(matrix))
    model = Collaborative.of(ease, als, settings.share)
    return model, {"EASE": of_ease, "iALS": of_als}


def latency(model: Collaborative, seed: int) -> None:
    """Print the latency of recommending to one listener."""
    rng = np.random.default_rng(seed)
    asked = rng.integers(model.user_items_.shape[0], size=ASKED)
    found = []
    with threadpool_limits(1):
        model.recommend(asked[0])
        for user in asked:
            wall, processor = time.perf_counter(), time.process_time()
            model.recommend(user, k=10)
            found.append((time.perf_counter() - wall, time.process_time() - processor))
    for name, values in zip(("clock", "processor"), 1000 * np.array(found).T, strict=True):
        p50, p99 = np.percentile(values, [50, 99])
        print(f"recommend to one, ms of {name:9s}  p50 {p50:.1f}  p99 {p99:.1f}", flush=True)


def growth(sizes: dict[str, int], seed: int, path: Path) -> None:
    """Fit at fractions of the size, and plot the cost."""
    import matplotlib as mpl

    mpl.use("agg")
    from matplotlib import pyplot as plt

    figure, panels = plt.subplots(1, len(sizes), figsize=(12, 4), sharey=True, layout="tight")
    known: dict[tuple[int, ...], dict[str, float]] = {}
    for axis, (name, panel) in enumerate(zip(sizes, panels, strict=True)):
        found = []
        for size in SIZES:
            own = tuple(
                round(whole * (size if i == axis else SIZES[-1]))
                for i, whole in enumerate(sizes.values())
            )
            if own not in known:
                print(", ".join(f"{n:,} {what}" for n, what in zip(own, sizes, strict=True)))
                known[own] = fitted(simulate(*own, seed))[1]
            found.append((own[axis], known[own]))
        for part in ("EASE", "iALS"):
            panel.loglog([n for n, _ in found], [cost[part] for _, cost in found], "o-", label=part)
        panel.set_xlabel(name)
    panels[0].set_ylabel("processor time of a fit (s)")
    panels[0].legend()
    figure.savefig(path)
    print(f"The plot is in {path}.")


def main() -> None:
    """Run the requested measurement."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--listens", type=float, default=48e6)
    parser.add_argument("--listeners", type=float, default=1.1e6)
    parser.add_argument("--tracks", type=float, default=380e3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--growth", type=Path, metavar="FILE", help="plot the growth into FILE")
    asked = parser.parse_args()
    sizes = {name: int(getattr(asked, name)) for name in ("listens", "listeners", "tracks")}
    print(f"{'':32s} {'clock':>11s} {'processor':>11s} {'peak':>10s}")
    if asked.growth:
        growth(sizes, asked.seed, asked.growth)
        return
    matrix, _ = timed("simulating", lambda: simulate(*sizes.values(), asked.seed))
    counts = np.diff(matrix.indptr)
    print(f"{matrix.nnz:,} listens; tracks of a listener: {counts.min()} to {counts.max()}")
    model, _ = fitted(matrix)
    latency(model, asked.seed)


if __name__ == "__main__":
    main()
