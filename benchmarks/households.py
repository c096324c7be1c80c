"""Measure recommendations in households: a library with 1, 2, 3 or 5 listeners.

    python benchmarks/households.py LIBRARY... [--sizes 1 2 3 5] [--households 40] [--seed 0]
        [--precision 2 10 30] [--draw test]

Draws households from a library with many listeners, holds out each listener's listens as ``segue
evaluate recommendations`` does, and trains everything on the rest of that household alone. Prints
nDCG@20 of the blend, of each signal and of item-kNN, and the paired differences from the best
content signal and from item-kNN, with 95 % bootstrap intervals over listeners. `--precision` tries
other precisions of the prior of the weights; `--draw prior` uses the listeners that
`benchmarks/weight_prior.py` draws from, to choose by; the others are for reporting.
"""

import argparse
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from segue import Library
from segue.engine import weights
from segue.evaluation import paired_difference
from segue.library import Catalogue
from segue.listening import ItemKnn
from segue.pipeline.experiments.held_out import fit_engine, hold_out
from segue.pipeline.experiments.ranked_lists import PERSONAL, EvaluatedUsers, ranked_lists
from segue.pipeline.training.content import content_signals
from segue.pipeline.training.listening_models import TrainingData
from segue.signals import CollaborativeSignal, Signal, opinions_of

CONTENT = ("knn", "timbre", "temporal", "tags", "lyrics", "metadata")
MIN_LISTENS = 10


def households(
    listens: pd.DataFrame, size: int, n: int, *, seed: int, draw: str
) -> Iterator[pd.DataFrame]:
    """Yield the listens of households; `draw` is one of two halves of the listeners."""
    counts = listens.groupby("user_id").size()
    users = np.random.default_rng(0).permutation(sorted(counts.index[counts >= MIN_LISTENS]))
    half = users[::2] if draw == "prior" else users[1::2]
    rng = np.random.default_rng([seed, size])
    for _ in range(n):
        chosen = rng.choice(half, size, replace=False)
        yield listens[listens["user_id"].isin(chosen)]


@dataclass
class Households:
    """A library whose listeners are drawn as households, and how to measure them."""

    library: Library
    catalogue: Catalogue
    content: Sequence[Signal]
    seed: int
    precisions: Sequence[float]
    values: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def measure(self, own: pd.DataFrame) -> None:
        """Add the nDCG@20 of each listener of one household to `values`."""
        material = TrainingData(self.catalogue, self.content, (), seed=self.seed)
        known = hold_out(own, material, "test", seed=self.seed)
        engine = fit_engine(self.library, material, known).engine
        n_tracks = len(self.catalogue)
        model = ItemKnn().fit(opinions_of(list(known.history.values()), n_tracks))
        alone = [("item-knn", CollaborativeSignal(model))]
        lists = ranked_lists(engine, known.profiles, n_tracks, alone=alone, seed=self.seed)
        usual = weights.likeliest.__defaults__
        for precision in self.precisions:
            weights.likeliest.__defaults__ = (precision,)
            other = fit_engine(self.library, material, known).engine
            found = ranked_lists(other, known.profiles, n_tracks, seed=self.seed)
            lists[f"blend, precision {precision:g}"] = found[PERSONAL]
        weights.likeliest.__defaults__ = usual
        results = EvaluatedUsers.of(self.catalogue, known.history).evaluate(lists, known.held_out)
        for name, result in results.items():
            self.values[name].extend(result.per_user["ndcg@20"])


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("libraries", type=Path, nargs="+")
    parser.add_argument("--sizes", type=int, nargs="+", default=[1, 2, 3, 5])
    parser.add_argument("--households", type=int, default=40)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--precision", type=float, nargs="*", default=[])
    parser.add_argument("--draw", choices=("prior", "test"), default="test")
    given = parser.parse_args()
    for place in given.libraries:
        library = Library(place, create=False)
        catalogue = library.catalogue()
        content = content_signals(library, catalogue)
        listens = library.listens()
        for size in given.sizes:
            measured = Households(library, catalogue, content, given.seed, given.precision)
            for own in households(
                listens, size, given.households, seed=given.seed, draw=given.draw
            ):
                measured.measure(own)
            report(f"{place.stem}, {size}", measured.values)


def report(title: str, values: dict[str, list[float]]) -> None:
    """Print the means of one size, and the differences from what the blend must beat."""
    means = {name: float(np.mean(found)) for name, found in values.items() if found}
    shown = sorted(means, key=means.__getitem__, reverse=True)
    n = len(values[PERSONAL])
    print(f"\n{title} listeners, n = {n}: " + ", ".join(f"{one} {means[one]:.4f}" for one in shown))
    best = max((name for name in CONTENT if name in means), key=means.__getitem__)
    blends = [name for name in means if name.startswith("blend")]
    for blend in (PERSONAL, *blends):
        for rival in (best, "item-knn"):
            ours, theirs = np.array(values[blend]), np.array(values[rival])
            low, high = paired_difference(ours, theirs, seed=0)
            print(f"  {blend} - {rival}: {np.mean(ours - theirs):+.4f} [{low:+.4f}, {high:+.4f}]")


if __name__ == "__main__":
    main()
