"""Evaluate next-track prediction: each component alone, the mixture, and baselines.

    python benchmarks/sequences.py DATASET [--seed 0] [--every 1] [--no-attentive] [--parts valid]

DATASET has listens.csv with positions (and, in metadata.csv, artist_id and album_id or artist and
album). The last 20 % of each listener's plays are held out and the 10 % before are for validation.
Every held-out play is predicted from all plays before it. Settings of Markov chains and session-kNN
are the best ones on validation plays for each metric; the mixture learns its weights on its own
validation part inside its training plays. Held-out plays are evaluated once, with models fitted on
all plays before them. Items are numbered in random order, so that ties carry no information.
"""

import argparse
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from segue.evaluation.intervals import bootstrap_interval, paired_difference
from segue.evaluation.next_item import NextItemResult
from segue.listening.sequences import NextItemModel, SequenceModel, fit_sequences
from segue.listening.sequences.markov import Markov, MarkovSettings
from segue.listening.sequences.model import Plays
from segue.listening.sequences.repeats import BaseLevel, BaseLevelSettings
from segue.listening.sequences.session_knn import SessionKnn, SessionKnnSettings
from segue.pipeline.experiments.next_track import METRICS, evaluate_points

VALID, HELD_OUT = 0.1, 0.2
PARTS = ("valid", "held-out")


@dataclass(frozen=True)
class Data:
    """Sequences of item positions, the starts of both held-out parts, and groups of items."""

    sequences: list[NDArray[np.int64]]
    valid_from: list[int]
    held_out_from: list[int]
    n_items: int
    artists: NDArray[np.int64] | None
    albums: NDArray[np.int64] | None

    def until(self, stops: Sequence[int]) -> list[NDArray[np.int64]]:
        """Return the first plays of all sequences."""
        return [own[:stop] for own, stop in zip(self.sequences, stops, strict=True)]

    def points(self, starts: Sequence[int], stops: Sequence[int], every: int) -> list[Any]:
        """Return (listener, index) of every nth play between `starts` and `stops`."""
        pairs = zip(starts, stops, strict=True)
        whole = [(u, t) for u, (start, stop) in enumerate(pairs) for t in range(start, stop)]
        return whole[::every]


def read(directory: Path, seed: int) -> Data:
    """Read a dataset directory."""
    listens = pd.read_csv(directory / "listens.csv").sort_values(["user_id", "position"])
    known = directory / "metadata.csv"
    table = pd.read_csv(known) if known.is_file() else listens[["track_id"]].drop_duplicates()
    table = table.sample(frac=1, random_state=seed).set_index("track_id")
    listens["item"] = table.index.get_indexer(listens["track_id"])
    listens = listens[listens["item"] >= 0]
    sequences = [own["item"].to_numpy(np.int64) for _, own in listens.groupby("user_id")]
    lengths = [len(own) for own in sequences]
    return Data(
        sequences,
        [max(1, round(n * (1 - HELD_OUT - VALID))) for n in lengths],
        [max(1, round(n * (1 - HELD_OUT))) for n in lengths],
        len(table),
        groups(table, "artist"),
        groups(table, "album"),
    )


def groups(table: pd.DataFrame, what: str) -> NDArray[np.int64] | None:
    """Return a number for each item's artist or album, -1 where it is unknown."""
    for column in (f"{what}_id", what):
        if column in table:
            values = table[column]
            if values.dtype.kind in "if":
                values = values.where(values >= 0)
            return pd.factorize(values)[0].astype(np.int64)
    return None


def baselines() -> dict[str, NextItemModel]:
    """Return Markov chains and session-kNN in many settings."""
    found: dict[str, NextItemModel] = {"Markov, first order": Markov(plain())}
    for order, reach, lag, skip in product((1, 3, 10), (1, 3, 10), (0.3, 0.5, 0.8), (0.5, 0.8)):
        if (order > 1 or lag == 0.5) and (reach > 1 or skip == 0.5):
            chain = MarkovSettings(order=order, reach=reach, lag_decay=lag, skip_decay=skip)
            found[f"Markov, order {order}, reach {reach}, decay {lag}, {skip}"] = Markov(chain)
    for length, recent, decay in product((5, 10, 20, 50), (2, 5, 10), (0.3, 0.5, 0.8, 1.0)):
        near = SessionKnnSettings(session_length=length, recent=recent, lag_decay=decay)
        name = f"session-kNN, sessions of {length}, last {recent}, decay {decay}"
        found[name] = SessionKnn(near)
    return found


def plain() -> MarkovSettings:
    """Return the settings of the plain first-order chain."""
    return MarkovSettings(order=1, reach=1)


def chosen(data: Data, plays: Plays, points: Sequence[Any]) -> dict[str, dict[str, str]]:
    """Return the best settings on validation plays, for each kind of baseline and metric."""
    best: dict[str, dict[str, tuple[float, str]]] = {}
    for name, model in baselines().items():
        result, _ = evaluate_points(model.fit(plays, data.n_items), data.sequences, points)
        kind = best.setdefault(name.split(",")[0], {})
        for metric in METRICS:
            kind[metric] = max(kind.get(metric, (-1.0, "")), (result.mean[metric], name))
    return {k: {m: name for m, (_, name) in found.items()} for k, found in best.items()}


def judged(data: Data, stops: Sequence[int], points: Sequence[Any], arguments: Any, names: Any):
    """Fit all models on the plays before `stops`, and evaluate them at `points`."""
    before = data.until(stops)
    plays = Plays.of(before, data.n_items)
    started = time.perf_counter()
    mixture = fit_sequences(
        before,
        data.n_items,
        data.artists,
        data.albums,
        seed=arguments.seed,
        attentive=arguments.attentive,
    )
    print(f"\nThe mixture was fitted in {time.perf_counter() - started:.0f} s.")
    models: dict[str, NextItemModel] = {
        "most recent repeats": BaseLevel(BaseLevelSettings(decay=20.0)).fit(plays, data.n_items),
        "most frequent repeats": BaseLevel(BaseLevelSettings(decay=0.01)).fit(plays, data.n_items),
    }
    grid = baselines()
    for name in ["Markov, first order", *sorted({n for by in names.values() for n in by.values()})]:
        models[name] = grid[name].fit(plays, data.n_items)
    models |= {f"`{name}`": component for name, component in mixture.components_.items()}
    models["**mixture**"] = mixture
    return mixture, {
        name: evaluate_points(model, data.sequences, points) for name, model in models.items()
    }


def show(results: Mapping[str, tuple[NextItemResult, float]], names: Any, seed: int) -> None:
    """Print the table, and the mixture against the best baseline of each metric."""
    print("\n| model | " + " | ".join(METRICS) + " | ms |")
    print("|---|" + "---:|" * (len(METRICS) + 1))
    for name, (result, cost) in results.items():
        bounds = bootstrap_interval(dict(result.per_user), seed=seed)
        cells = [f"{result.mean[m]:.3f} ({bounds[m][0]:.3f}-{bounds[m][1]:.3f})" for m in METRICS]
        print(f"| {name} | " + " | ".join(cells) + f" | {cost:.1f} |")
    mixture = results["**mixture**"][0]
    print("\n| metric | best of the baselines | its value | mixture | ratio | difference |")
    print("|---|---|---:|---:|---:|---:|")
    for m in METRICS:
        # settings were chosen on validation plays; the better kind is chosen here, in its favor
        best = max((by[m] for by in names.values()), key=lambda name: results[name][0].mean[m])
        theirs, ours = results[best][0], mixture
        low, high = paired_difference(ours.per_user[m], theirs.per_user[m], seed=seed)
        ratio = ours.mean[m] / max(theirs.mean[m], 1e-12)
        print(
            f"| {m} | {best} | {theirs.mean[m]:.4f} | {ours.mean[m]:.4f} | {ratio:.2f}"
            f" | {ours.mean[m] - theirs.mean[m]:.4f} ({low:.4f} to {high:.4f}) |"
        )


def show_weights(mixture: SequenceModel) -> None:
    """Print the weights of the components."""
    if not np.isnan(mixture.attentive_gain_):
        print(
            f"\nThe attentive component gains {mixture.attentive_gain_:.4f} nats a play on valid."
        )
    print("\n| component | weight, new | weight, played |\n|---|---:|---:|")
    for name, weights in mixture.weights().items():
        print(f"| `{name}` | {weights['new']:.2f} | {weights['played']:.2f} |")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dataset", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--every", type=int, default=1, help="evaluate every nth play only")
    parser.add_argument("--no-attentive", dest="attentive", action="store_false")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS, help="evaluated parts")
    arguments = parser.parse_args()
    data = read(arguments.dataset, arguments.seed)
    ends = [len(own) for own in data.sequences]
    print(f"{len(ends)} listeners, {sum(ends):,} plays of {data.n_items:,} items")
    valid = data.points(data.valid_from, data.held_out_from, arguments.every)
    plays = Plays.of(data.until(data.valid_from), data.n_items)
    names = chosen(data, plays, valid[::4])
    held_out = data.points(data.held_out_from, ends, arguments.every)
    parts = {"valid": (data.valid_from, valid), "held-out": (data.held_out_from, held_out)}
    for part in arguments.parts:
        stops, points = parts[part]
        mixture, results = judged(data, stops, points, arguments, names)
        print(f"\n## {part}: {len(points):,} plays", flush=True)
        show(results, names, arguments.seed)
        show_weights(mixture)


if __name__ == "__main__":
    with threadpool_limits(1):
        main()
