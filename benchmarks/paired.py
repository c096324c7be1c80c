"""Compare the recommendations of two versions of segue for the same listeners, paired.

    python benchmarks/paired.py measure LIBRARY --save before.npz     # with the first version
    python benchmarks/paired.py measure LIBRARY --save after.npz      # with the second one
    python benchmarks/paired.py compare before.npz after.npz

`measure` holds out each listener's listens as ``segue evaluate recommendations`` does (by time, or
at random with --seed), fits everything on the earlier ones, and saves the metrics of each
listener. `compare` prints means and the paired difference, with a 95 % bootstrap interval over the
listeners that both files have.
"""

import argparse
from pathlib import Path

import numpy as np

from segue import Library
from segue.evaluation import paired_difference
from segue.pipeline.experiments.held_out import fit_engine, hold_out
from segue.pipeline.experiments.ranked_lists import EvaluatedUsers, ranked_lists
from segue.pipeline.training.content import content_signals
from segue.pipeline.training.listening_models import TrainingData

METRICS = ("ndcg@10", "ndcg@20", "recall@20")


def measure(library: Library, seed: int) -> dict[str, np.ndarray]:
    """Return the metrics of each listener by ``model/metric``, and the `users`."""
    catalogue = library.catalogue()
    material = TrainingData.of(library, catalogue, content_signals(library, catalogue), seed=seed)
    known = hold_out(library.listens(), material, "test", seed=seed)
    fitted = fit_engine(library, material, known)
    lists = ranked_lists(fitted.engine, known.profiles, len(catalogue), seed=seed)
    results = EvaluatedUsers.of(catalogue, known.history).evaluate(lists, known.held_out)
    weights = zip(fitted.names, fitted.engine.global_weights().round(3).tolist(), strict=True)
    print(", ".join(f"{name} {weight}" for name, weight in weights))
    found = {
        f"{model}/{metric}": np.asarray(result.per_user[metric])
        for model, result in results.items()
        for metric in METRICS
    }
    return {"users": np.array(known.users), **found}


def compare(first: Path, second: Path) -> None:
    """Print means and paired differences of the listeners that both files have."""
    before, after = np.load(first), np.load(second)
    shared, one, other = np.intersect1d(before["users"], after["users"], return_indices=True)
    print(f"{len(shared)} listeners")
    print(f"{'model/metric':28s} {'before':>8s} {'after':>8s}   difference, 95 % interval")
    for name in before.files:
        if name == "users" or name not in after.files:
            continue
        a, b = before[name][one], after[name][other]
        low, high = paired_difference(b, a, seed=0)
        print(
            f"{name:28s} {np.nanmean(a):8.4f} {np.nanmean(b):8.4f}"
            f"   {np.nanmean(b - a):+.4f} [{low:+.4f}, {high:+.4f}]"
        )


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    measuring = commands.add_parser("measure")
    measuring.add_argument("library", type=Path)
    measuring.add_argument("--save", type=Path, required=True)
    measuring.add_argument("--seed", type=int, default=0)
    comparing = commands.add_parser("compare")
    comparing.add_argument("before", type=Path)
    comparing.add_argument("after", type=Path)
    given = parser.parse_args()
    if given.command == "measure":
        np.savez(given.save, **measure(Library(given.library, create=False), given.seed))
    else:
        compare(given.before, given.after)


if __name__ == "__main__":
    main()
