"""Derive the prior of signal weights from many small libraries.

    python benchmarks/weight_prior.py LIBRARY... [--households 20] [--seed 0]

Draws households of 1, 2 and 3 listeners from each library (of the half of the listeners that
``households.py --draw prior`` draws from), trains everything on each household alone, without the
last fifth of every listener's tracks, and finds the non-negative weights under which the tracks of
that fifth are likeliest, over all households together: each library counts as much as another one.
`segue.engine.weight_prior` has the result.
"""

import argparse
from pathlib import Path

import numpy as np
from households import households

from segue import Library
from segue.engine.examples import Choices, choices_of
from segue.engine.weight_prior import prior_weights
from segue.engine.weights import likeliest
from segue.pipeline.training.content import content_signals
from segue.pipeline.training.listening_models import (
    TrainingData,
    find_settings,
    fit_models,
    listening_signals,
)

SIZES = (1, 2, 3)
WEAK = 0.5


def choices_in(place: Path, n_households: int, seed: int) -> list[tuple[list[str], Choices]]:
    """Return the choices of the listeners of all households, with the names of the signals."""
    library = Library(place, create=False)
    catalogue, listens = library.catalogue(), library.listens()
    material = TrainingData(catalogue, content_signals(library, catalogue), (), seed=seed)
    found = []
    for size in SIZES:
        for own in households(listens, size, n_households, seed=seed, draw="prior"):
            inner = material.hidden(own)
            models = fit_models(material, inner.before, settings_of(material, inner))
            signals = [*material.content, *listening_signals(material, inner.before, models)]
            names = [signal.name for signal in signals]
            found += [(names, one) for one in choices_of(signals, inner.examples())]
        print(f"{place.stem}, {size}: {len(found)} listeners", flush=True)
    return found


def settings_of(material: TrainingData, inner):
    """Return the settings of the collaborative model, None where there are too few listeners."""
    searched = find_settings(material, inner)
    return searched.settings if searched else None


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("libraries", type=Path, nargs="+")
    parser.add_argument("--households", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    by_library = [choices_in(place, given.households, given.seed) for place in given.libraries]
    names = sorted({name for found in by_library for own, _ in found for name in own})
    least = min(map(len, by_library))
    pooled: list[Choices] = []
    for place, found in zip(given.libraries, by_library, strict=True):
        drawn = np.random.default_rng(given.seed).permutation(len(found))[:least]
        own = [widened(*found[number], names) for number in drawn]
        show(place.stem, own, names)
        pooled += own
    show("all", pooled, names)


def widened(own: list[str], choices: Choices, names: list[str]) -> Choices:
    """Return choices with a column for every signal; a missing one scores nothing."""
    places = [names.index(name) for name in own]
    columns = []
    for values in (choices.chosen, choices.others):
        wide = np.zeros((len(values), len(names)), np.float32)
        wide[:, places] = values
        columns.append(wide)
    return Choices(*columns)


def show(title: str, choices: list[Choices], names: list[str]) -> None:
    """Print the likeliest weights."""
    found = likeliest(choices, prior_weights(names), WEAK)
    shown = ", ".join(f"{name} {weight:.2f}" for name, weight in zip(names, found, strict=True))
    print(f"{title} ({len(choices)} listeners): {shown}", flush=True)


if __name__ == "__main__":
    main()
