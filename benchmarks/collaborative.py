"""Compare EASE, its approximations for many tracks, and iALS by the likes hidden from them.

    python benchmarks/collaborative.py --data lastfm                # all tracks of a dataset
    python benchmarks/collaborative.py --data lastfm --items 12000  # its most popular tracks
    python benchmarks/collaborative.py --simulate 100000            # simulated tracks

A fifth of each listener's likes is hidden at random (seed 0); nDCG@20 is that of at most 2,000
listeners, with a 95 % bootstrap interval and the paired difference from the first row. Settings are
the defaults of `CollaborativeSettings`; nothing is searched. ``by listeners`` solves EASE exactly
by its rows, ``by tracks, N`` lets the N most popular tracks predict all
tracks (exact if N is the
number of tracks, but for the entries kept of each column). Tags are not used. Each model is fitted
in a process of its own, so that its memory is known.

Simulated likes: each listener likes tracks of a few of 24 genres by popularity (a power law);
figures of such data say what a fit costs, and little about quality.
"""

import argparse
import multiprocessing
import resource
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse
from threadpoolctl import threadpool_limits

from segue.evaluation.intervals import bootstrap_interval, paired_difference
from segue.listening import CollaborativeSettings
from segue.listening.als import Als
from segue.listening.ease import Ease
from segue.listening.hidden_likes import hide, ndcg_of_each

MAX_EVALUATED = 2_000
BATCH = 128
GENRES = 24
_ALL = 10**9


def read(data: Path, items: int | None) -> sparse.csr_array:
    """Return the matrix of plays ``[n_users, n_items]`` of a dataset, logarithms of counts."""
    listens = pd.read_csv(data / "listens.csv")
    plays = listens["plays"] if "plays" in listens else pd.Series(1, listens.index)
    counted = plays.groupby([listens["user_id"], listens["track_id"]]).sum().reset_index(name="n")
    users, tracks = (pd.factorize(counted[name])[0] for name in ("user_id", "track_id"))
    values = np.log1p(counted["n"].to_numpy(np.float32))
    matrix = sparse.csr_array((values, (users, tracks)))
    if items is not None:
        popular = np.argsort(-np.bincount(matrix.indices, minlength=matrix.shape[1]), kind="stable")
        matrix = sparse.csr_array(matrix[:, np.sort(popular[:items])])
    return sparse.csr_array(matrix[np.diff(matrix.indptr) > 1])


def simulate(n_items: int, n_users: int, per_user: int = 50, seed: int = 0) -> sparse.csr_array:
    """Return simulated likes ``[n_users, n_items]``."""
    rng = np.random.default_rng(seed)
    genre = rng.integers(0, GENRES, n_items)
    popularity = rng.permutation(n_items) + 10.0
    inside = [np.flatnonzero(genre == one) for one in range(GENRES)]
    shares = [(1 / popularity[own]) / (1 / popularity[own]).sum() for own in inside]
    users, tracks = [], []
    for user in range(n_users):
        chosen = rng.choice(GENRES, 3, replace=False)
        own = [rng.choice(inside[g], per_user // 3, p=shares[g]) for g in chosen]
        liked = np.unique(np.concatenate(own))
        users.append(np.full(len(liked), user))
        tracks.append(liked)
    columns = np.concatenate(tracks)
    ones = np.ones(len(columns), np.float32)
    rows = np.concatenate(users)
    return sparse.csr_array((ones, (rows, columns)), shape=(n_users, n_items))


def models(n_items: int, sizes: Sequence[int]) -> Iterator[tuple[str, Any]]:
    """Yield names and models that are not fitted."""
    settings = CollaborativeSettings()
    ease = replace(settings.ease, label_weight=0.0)
    yield "EASE, by listeners", Ease(replace(ease, most_users=_ALL))
    for most in sizes:
        if most <= n_items:
            yield f"EASE, by tracks, {most:,}", Ease(replace(ease, most_users=0, most_items=most))
    yield "iALS", Als(settings.als)


def measure(model: Any, matrix: sparse.csr_array) -> tuple[NDArray[np.float64], float, float]:
    """Return nDCG@20 of each evaluated listener, CPU seconds of the fit, and peak memory in MB."""
    known, hidden = hide(matrix)
    with threadpool_limits(1):
        started = time.process_time()
        model.fit(known)
        seconds = time.process_time() - started
        megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        rows = np.flatnonzero(np.diff(hidden.indptr))
        rows = rows[:: max(len(rows) // MAX_EVALUATED, 1)][:MAX_EVALUATED]
        found = []
        for start in range(0, len(rows), BATCH):
            own = rows[start : start + BATCH]
            found.append(ndcg_of_each(model.score(known[own]), known[own], hidden[own]))
    return np.concatenate(found), seconds, megabytes


def main() -> None:
    """Print a table of the models."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--data", type=Path, help="a dataset directory with listens.csv")
    source.add_argument("--simulate", type=int, metavar="TRACKS")
    parser.add_argument("--items", type=int, help="only so many of the most popular tracks")
    parser.add_argument("--listeners", type=int, default=8_000, help="simulated listeners")
    parser.add_argument("--sizes", type=int, nargs="+", default=[12_000, 6_000, 3_000])
    given = parser.parse_args()
    matrix = (
        simulate(given.simulate, given.listeners)
        if given.simulate
        else read(given.data, given.items)
    )
    print(f"{matrix.shape[0]:,} listeners, {matrix.shape[1]:,} tracks, {matrix.nnz:,} likes\n")
    print("| model | nDCG@20 | difference | CPU time | memory |\n| --- | --- | --- | --- | --- |")
    first = None
    for name, model in models(matrix.shape[1], given.sizes):
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            each, seconds, megabytes = pool.apply(measure, (model, matrix))
        low, high = bootstrap_interval(each, seed=0)
        difference = ""
        if first is None:
            first = each
        else:
            less, more = paired_difference(each, first, seed=0)
            difference = f"{(each - first).mean():+.4f} [{less:+.4f}, {more:+.4f}]"
        print(
            f"| {name} | {each.mean():.4f} [{low:.4f}, {high:.4f}] | {difference} |"
            f" {seconds:.0f} s | {megabytes:,.0f} MB |",
            flush=True,
        )


if __name__ == "__main__":
    main()
