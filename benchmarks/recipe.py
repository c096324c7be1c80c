"""Measure each choice of the training recipe on new artists: accuracy and loss over folds.

Run: ``python benchmarks/recipe.py LIBRARY [--model cnn] [--seeds 3] [--target genre]`` on a
preprocessed library. Each choice is switched off (or on) separately; for each choice and seed a
network is trained in artist-disjoint folds of the train and validation parts, and measured on all
their tracks, each predicted without its fold. The loss is the finer measure. Networks train in
separate processes, `jobs` at a time, with one thread each.
"""

import argparse
import json
import os
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np

CHOICES: dict[str, dict[str, object]] = {
    "baseline": {},
    "no tone jitter": {"tone_jitter": 0.0},
    "no level jitter": {"level_jitter": 0.0},
    "no masks (SpecAugment)": {"masks": 0},
    "no mixup": {"mixup": 0.0},
    "no label smoothing": {"label_smoothing": 0.0},
    "classes not balanced": {"balanced": False},
    "little weight decay (.01)": {"weight_decay": 0.01},
    "less dropout (.3)": {"dropout": 0.3, "statistic_dropout": 0.3},
    "weights averaged (.99)": {"averaging": 0.99},
    "twice the passes": {"passes": 60},
    "no dropout of statistics": {"statistic_dropout": 0.0},
    "wider": {"width": 96, "bands": 128},
}


def measure(library: Path, model: str, target: str, seed: int, choice: str) -> dict[str, float]:
    """Train one network in this process and measure its predictions out of fold."""
    from segue.encoders import SETTINGS, train_encoder
    from segue.encoders.objectives import measure as judge
    from segue.encoders.objectives import targets_of
    from segue.library import Library
    from segue.pipeline.analysis.inputs import need_input
    from segue.pipeline.training.folds import folds_of
    from segue.pipeline.training.labels import labels_of

    opened = Library(library, create=False)
    catalogue = opened.catalogue()
    labels = labels_of(opened, catalogue, target)
    given, store = need_input(opened, model)
    places = [
        place
        for place, row in enumerate(catalogue.rows.tolist())
        if row in store and labels.splits[place] != "test" and labels.labels[place] >= 0
    ]
    frames = [store.read(given.frames[model], int(catalogue.rows[place])) for place in places]
    taught, splits = labels.taught(places), [labels.splits[place] for place in places]
    drawn = folds_of(labels, catalogue)
    if drawn is None:
        raise SystemExit("The library has too few labeled tracks for folds.")
    encoder = train_encoder(
        model,  # type: ignore[arg-type]
        frames,
        taught,
        splits,
        labels.class_names,
        folds=drawn[places],
        objective=labels.objective,
        settings=SETTINGS[model](**CHOICES[choice]),  # type: ignore[index]
        seed=seed,
        input_kind=given.frames[model],
    )
    if encoder.out_of_fold is None:
        raise SystemExit("The encoder was trained without folds.")
    targets = targets_of(labels.objective, taught, len(labels.class_names))
    loss, accuracy = judge(labels.objective, encoder.out_of_fold, targets)
    return {"accuracy": accuracy, "loss": loss}


def main() -> None:
    """Train all, and print the table: means over the seeds, and the number of better seeds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("library", type=Path)
    parser.add_argument("--model", default="cnn")
    parser.add_argument("--target", default="genre")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--choices", nargs="+", choices=CHOICES, default=list(CHOICES))
    parser.add_argument("--one", nargs=2, metavar=("SEED", "CHOICE"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        seed, choice = int(asked.one[0]), asked.one[1]
        print(json.dumps(measure(asked.library, asked.model, asked.target, seed, choice)))
        return
    found: dict[str, list[dict[str, float]]] = defaultdict(list)
    work = [(seed, choice) for choice in asked.choices for seed in range(asked.seeds)]
    for start in range(0, len(work), asked.jobs):
        batch = work[start : start + asked.jobs]
        for (_, choice), process in zip(batch, [_start(asked, *one) for one in batch], strict=True):
            said, _ = process.communicate()
            found[choice].append(json.loads(said.splitlines()[-1]))
            print(choice, found[choice][-1], file=sys.stderr, flush=True)
    usual = found[asked.choices[0]]
    print(f"{asked.model} on {asked.target}, folds, {asked.seeds} seeds")
    print(f"{'':28} accuracy (by seed)              loss    better than '{asked.choices[0]}'")
    for choice, results in found.items():
        accuracies = [one["accuracy"] for one in results]
        losses = [one["loss"] for one in results]
        better = sum(one["loss"] < two["loss"] for one, two in zip(results, usual, strict=True))
        by_seed = ", ".join(f"{value:.3f}" for value in accuracies)
        print(
            f"{choice:28} {np.mean(accuracies):.3f} ({by_seed})  {np.mean(losses):.3f}"
            f"   {better} of {len(results)}"
        )


def _start(asked: argparse.Namespace, seed: int, choice: str) -> "subprocess.Popen[str]":
    one_thread = {f"TF_NUM_{kind}_THREADS": "1" for kind in ("INTRAOP", "INTEROP")}
    return subprocess.Popen(
        [
            *(sys.executable, __file__, str(asked.library), "--model", asked.model),
            *("--target", asked.target, "--one", str(seed), choice),
        ],
        env={**os.environ, **one_thread, "OMP_NUM_THREADS": "1", "TF_CPP_MIN_LOG_LEVEL": "3"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


if __name__ == "__main__":
    main()
