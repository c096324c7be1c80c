"""Compare iALS of segue with that of `implicit` on ten million simulated likes.

    python benchmarks/als_scale.py [--users 300000] [--tracks 100000] [--iterations 2]

Each listener draws 60 tracks of three of 24 genres by popularity (a power law). A fifth of the
different ones is hidden at random (seed 0); recall@20 is that of 2,000 listeners. Both minimize
nearly the same objective: `implicit` has one regularization for all, set to the geometric mean of
those that segue gives to a listener and to a track. It solves by three steps of conjugate gradients
(its default), segue exactly.

Each fit runs in a process of its own, with one thread and with all; figures are per iteration, the
difference of two fits: setting up counts in none. Memory is the peak of the process over that
before the fit.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from scipy import sparse
from threadpoolctl import threadpool_limits

from segue.listening import Als, AlsSettings
from segue.listening.hidden_likes import hide

SETTINGS = AlsSettings(dimensions=64, strength=0.0)
N_EVALUATED = 2_000


def simulate(n_users: int, n_tracks: int, draws: int = 60, genres: int = 24) -> sparse.csr_array:
    """Return simulated likes ``[n_users, n_tracks]``; track t is of the genre ``t % genres``."""
    rng = np.random.default_rng(0)
    own = np.argsort(rng.random((n_users, genres), np.float32), axis=1)[:, :3]
    chosen = np.repeat(own, draws // 3, axis=1)
    n = n_tracks // genres
    shares = np.cumsum(1 / (np.arange(n) + 30.0))
    ranks = np.searchsorted(shares, rng.random(chosen.shape) * shares[-1])
    tracks = ranks * genres + chosen
    users = np.repeat(np.arange(n_users), draws)
    ones = np.ones(tracks.size, np.float32)
    likes = sparse.csr_array((ones, (users, tracks.ravel())), shape=(n_users, n_tracks))
    likes.sum_duplicates()
    likes.data[:] = 1
    return likes


def fit_segue(known, iterations):
    """Return a function of user rows that returns their 20 best new tracks."""
    settings = AlsSettings(dimensions=SETTINGS.dimensions, iterations=iterations)
    model = Als(settings).fit(known)
    return lambda users: model.recommend(users, 20)[0]


def fit_implicit(known, iterations):
    """Return a function of user rows that returns their 20 best new tracks."""
    from implicit.cpu.als import AlternatingLeastSquares

    n_users, n_tracks = known.shape
    weight = SETTINGS.unobserved
    ridges = [
        SETTINGS.regularization * (known.nnz / n + weight * m) / weight
        for n, m in ((n_users, n_tracks), (n_tracks, n_users))
    ]
    model = AlternatingLeastSquares(
        factors=SETTINGS.dimensions,
        regularization=float(np.sqrt(np.prod(ridges))),
        alpha=1 + 1 / weight,
        iterations=iterations,
        num_threads=len(os.sched_getaffinity(0)),
        random_state=0,
    )
    from scipy.sparse import csr_matrix

    rows = csr_matrix(known > 0, dtype=np.float32)
    model.fit(rows, show_progress=False)
    return lambda users: model.recommend(users, rows[users], N=20)[0]


def resident(field: str) -> float:
    """Return a size of this process in MB: ``VmRSS`` now, ``VmHWM`` at its peak."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith(field)) / 1024


FITS = {"segue": fit_segue, "implicit": fit_implicit}


def measure(name: str, threads: int, data: Path, iterations: int) -> dict:
    """Return seconds of one iteration, peak memory in MB and recall@20."""
    if threads == 1:
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    known, hidden = (
        sparse.csr_array(sparse.load_npz(data / f"{part}.npz")) for part in ("known", "hidden")
    )
    fit = FITS[name]
    fit(known[:2_000], 1)  # imports
    # the peak begins again: that of getrusage includes the process that started this one
    Path("/proc/self/clear_refs").write_text("5")
    before = resident("VmRSS")
    seconds, used = [], []
    with threadpool_limits(1, user_api="blas"):  # both divide rows over threads of their own
        for count in (1, 1 + iterations):
            start, start_cpu = time.monotonic(), time.process_time()
            recommend = fit(known, count)
            seconds.append(time.monotonic() - start)
            used.append(time.process_time() - start_cpu)
    peak = resident("VmHWM")
    users = np.flatnonzero(np.diff(hidden.indptr))[:: known.shape[0] // N_EVALUATED][:N_EVALUATED]
    recalls = [
        np.isin(own, hidden[[user]].indices).sum() / hidden[[user]].nnz
        for user, own in zip(users, recommend(users), strict=True)
    ]
    return {
        "seconds": (seconds[1] - seconds[0]) / iterations,
        "cpu": (used[1] - used[0]) / iterations,
        "mb": peak - before,
        "recall": float(np.mean(recalls)),
    }


def main() -> None:
    """Print one row a fit."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--users", type=int, default=300_000)
    parser.add_argument("--tracks", type=int, default=100_000)
    parser.add_argument("--iterations", type=int, default=2)
    parser.add_argument("--one", nargs=3, metavar=("NAME", "THREADS", "DATA"), help="a single fit")
    options = parser.parse_args()
    if options.one:
        name, threads, data = options.one
        print(json.dumps(measure(name, int(threads), Path(data), options.iterations)))
        return
    with tempfile.TemporaryDirectory() as directory:
        likes = hide(simulate(options.users, options.tracks))
        for part, matrix in zip(("known", "hidden"), likes, strict=True):
            sparse.save_npz(Path(directory) / f"{part}.npz", matrix, compressed=False)
        known = likes[0].nnz
        del likes, matrix
        print(f"{known:,} likes, {options.users:,} listeners, {options.tracks:,} tracks\n")
        print("| iALS | threads | s an iteration | processor s | memory, MB | recall@20 |")
        print("|---|---|---|---|---|---|", flush=True)
        for threads in dict.fromkeys((1, len(os.sched_getaffinity(0)))):
            for name in FITS:
                command = [sys.executable, __file__, "--one", name, str(threads), directory]
                command += ["--iterations", str(options.iterations)]
                environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
                done = subprocess.run(
                    command, check=True, capture_output=True, text=True, env=environment
                )
                row = json.loads(done.stdout.splitlines()[-1])
                print(
                    f"| {name} | {threads} | {row['seconds']:.1f} | {row['cpu']:.1f}"
                    f" | {row['mb']:.0f} | {row['recall']:.4f} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
