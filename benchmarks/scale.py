"""Measure how training, snapshots and lists grow with tracks and listeners.

Run: ``OMP_NUM_THREADS=1 python benchmarks/scale.py DIRECTORY [--sizes 10000 100000 1000000]``. For
each size N it makes a library of N tracks and N listeners with 30 listens each on average
(`benchmarks/simulated.py`; kept in DIRECTORY/N and used again), builds its snapshot, and answers
300 listeners in one process, each for the first time and again after a like. Each step is a process
of its own. Prints processor seconds and peak memory of each step, median and 99th percentile of the
milliseconds of processor time of a list, and the exponent of growth between sizes; writes all
figures to DIRECTORY/scale.json and a plot to ``--plot FILE``.
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from itertools import pairwise
from math import log
from pathlib import Path
from typing import Any

import numpy as np
from live import memory

LISTENS_EACH = 30
LISTENERS = 300
COMMANDS = {
    "make": "import simulated; from pathlib import Path;"
    " simulated.make(Path({place!r}), {n}, {n} * {each}, {n}, 0)",
    "snapshot": "from segue.library import Library;"
    " from segue.pipeline.recommender.build_snapshot import build;"
    " build(Library({place!r}), force=True)",
}


def measured(code: str) -> dict[str, Any]:
    """Run code in another process; return its processor seconds, peak memory and last line."""
    tail = (
        "\nimport json, resource; own = resource.getrusage(resource.RUSAGE_SELF)"
        "\nprint(json.dumps([own.ru_utime + own.ru_stime, own.ru_maxrss / 1024]))"
    )
    here = str(Path(__file__).parent)
    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, {here!r})\n{code}{tail}"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    *lines, last = done.stdout.splitlines()
    seconds, megabytes = json.loads(last)
    return {"processor_s": round(seconds, 1), "peak_mb": round(megabytes), "lines": lines}


def lists(place: Path, n: int) -> dict[str, Any]:
    """Return the cost of lists of one process: to be run in a process of its own."""
    from segue.library import Event, Library
    from segue.pipeline.recommender.service import RecommenderService

    service = RecommenderService.open(Library(place))
    service.warm_up()
    first, again = [], []
    for number in np.random.default_rng(1).choice(n, LISTENERS, replace=False).tolist():
        user = f"u{number:05}"
        state = service.state()
        started = time.process_time()
        found = state.recommend(state.query(user, 20))
        first.append(1e3 * (time.process_time() - started))
        liked = found.tracks[0].track_id
        like = Event(user=user, track_id=liked, kind="like", key=f"{time.time_ns()}")
        service.feedback([like])
        state = service.state()
        started = time.process_time()
        state.recommend(state.query(user, 20))
        again.append(1e3 * (time.process_time() - started))
    names = [signal.name for signal in service.state().engine.signals]
    return {
        "signals": names,
        "first_ms": [float(np.median(first)), float(np.percentile(first, 99))],
        "again_ms": [float(np.median(again)), float(np.percentile(again, 99))],
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "own_mb": memory()["own"],
    }


def of_size(directory: Path, n: int) -> dict[str, Any]:
    """Return the figures of one size."""
    place = directory / str(n)
    found: dict[str, Any] = {"n": n}
    kept = directory / f"{n}.json"
    if kept.exists():
        found = json.loads(kept.read_text())
    for step, code in COMMANDS.items():
        if step not in found:
            found[step] = measured(code.format(place=str(place), n=n, each=LISTENS_EACH))
            kept.write_text(json.dumps(found))
    code = f"import scale, json; from pathlib import Path; place = Path({str(place)!r})"
    code += f"\nprint(json.dumps(scale.lists(place, {n})))"
    answer = measured(code)
    found["lists"] = json.loads(answer["lines"][-1])
    files = (place / "models" / ".snapshot").rglob("*")
    found["snapshot_mb"] = round(sum(one.stat().st_size for one in files) / 1e6)
    kept.write_text(json.dumps(found))
    return found


def growth(all_sizes: list[dict[str, Any]]) -> None:
    """Print the table, and the exponents by which the steps grow."""
    columns = ("n", "make", "snapshot", "snapshot MB", "first list", "after a like", "own MB")
    print(" | ".join(columns))
    for one in all_sizes:
        served = one["lists"]
        print(
            f"{one['n']:,} | {one['make']['processor_s']} s, {one['make']['peak_mb']:,} MB"
            f" | {one['snapshot']['processor_s']} s, {one['snapshot']['peak_mb']:,} MB"
            f" | {one['snapshot_mb']:,}"
            f" | {served['first_ms'][0]:.1f}, p99 {served['first_ms'][1]:.1f} ms"
            f" | {served['again_ms'][0]:.1f}, p99 {served['again_ms'][1]:.1f} ms"
            f" | {served['own_mb']:,}"
        )
    for one, other in pairwise(all_sizes):
        ratio = other["snapshot"]["processor_s"] / one["snapshot"]["processor_s"]
        print(
            f"snapshot, {one['n']:,} to {other['n']:,}:"
            f" grows with n to the power of {log(ratio) / log(other['n'] / one['n']):.2f}"
        )


def plot(all_sizes: list[dict[str, Any]], file: Path) -> None:
    """Draw processor time and memory by size, both axes logarithmic."""
    import matplotlib.pyplot as plt
    import seaborn as sns

    sns.set_theme(style="whitegrid")
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
    sizes = [one["n"] for one in all_sizes]
    for step in COMMANDS:
        left.loglog(sizes, [one[step]["processor_s"] for one in all_sizes], "o-", label=step)
        right.loglog(sizes, [one[step]["peak_mb"] for one in all_sizes], "o-", label=step)
    right.loglog(sizes, [one["lists"]["peak_mb"] for one in all_sizes], "o-", label="one server")
    left.set(xlabel="tracks, and listeners", ylabel="processor seconds")
    right.set(xlabel="tracks, and listeners", ylabel="peak memory in MB")
    for axes in (left, right):
        axes.legend()
    figure.savefig(file, dpi=150)


def main() -> None:
    """Measure all sizes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--plot", type=Path)
    asked = parser.parse_args()
    asked.directory.mkdir(parents=True, exist_ok=True)
    found = [of_size(asked.directory, n) for n in sorted(asked.sizes)]
    (asked.directory / "scale.json").write_text(json.dumps(found, indent=1))
    growth(found)
    if asked.plot:
        plot(found, asked.plot)


if __name__ == "__main__":
    main()
