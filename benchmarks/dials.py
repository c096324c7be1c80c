"""Measure the cost of dials, the faithfulness of explanations and the evenness of paths.

    python benchmarks/dials.py LIBRARY

For up to a hundred listeners of the library (without any, a hundred that like three tracks each):
milliseconds to fill a list of 50 from a pool of 500 at each dial, and to explain ten tracks; the
share of named top signals without which their track ranks lower; and the largest step of paths of
twelve tracks divided by the mean step, in each signal's space.
"""

import argparse
from collections.abc import Sequence
from time import perf_counter

import numpy as np

from segue.engine import POOL, Dials, faithfulness, path, profile_from_seeds, rerank, rerank_list
from segue.pipeline.recommender.service import RecommenderService
from segue.pipeline.recommender.serving_state import ServingState
from segue.signals import UserProfile, VectorSignal

SETTINGS = {
    "no dial": Dials(),
    "caps": Dials(artist_cap=2, album_cap=1),
    "popularity, randomness": Dials(popularity=-0.5, randomness=0.3),
    "diversity": Dials(diversity=0.5),
    "calibration": Dials(calibration=0.5),
    "all": Dials(diversity=0.5, calibration=0.5, popularity=0.2, randomness=0.2, artist_cap=2),
}


def milliseconds(times: Sequence[float]) -> str:
    """Return median and minimum of some seconds, in milliseconds."""
    return f"{1e3 * np.median(times):.2f} ms (least {1e3 * min(times):.2f})"


def costs(state: ServingState, profiles: Sequence[UserProfile]) -> None:
    """Print the cost of each dial."""
    pools = [state.engine.recommend(profile, POOL) for profile in profiles]
    for name, dials in SETTINGS.items():
        times = []
        for pool, profile in zip(pools, profiles, strict=True):
            start = perf_counter()
            rerank(pool, 50, dials, state.facts, profile)
            times.append(perf_counter() - start)
        print(f"{name:20} {milliseconds(times)}")
    times = []
    for profile in profiles:
        found = rerank_list(state.engine, profile, 10, Dials(), state.facts)
        start = perf_counter()
        state.explainer.picks(found, profile, Dials())
        times.append(perf_counter() - start)
    print(f"{'explaining 10':20} {milliseconds(times)}")


def evenness(state: ServingState, rng: np.random.Generator) -> None:
    """Print the evenness of paths between known tracks."""
    for signal in state.engine.signals:
        if not isinstance(signal, VectorSignal):
            continue
        places = np.flatnonzero(signal.has_vector)
        places = places[np.argsort(-state.facts.listeners[places], kind="stable")][:1_000]
        found = []
        for _ in range(60):
            start, end = rng.choice(places, 2, replace=False).tolist()
            try:
                made = path(signal.vectors, start, end, 12, signal.has_vector)
            except ValueError:  # some tracks have no path between them
                continue
            found.append((made.evenness, np.degrees(made.steps.mean()), len(made.positions)))
        if found:
            even, step, n = np.median(found, axis=0)
            words = f"evenness {even:.2f}, mean step {step:.0f} degrees, {n:.0f} tracks"
            print(f"{signal.name:10} {words}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("library")
    state = RecommenderService.open(parser.parse_args().library).state()
    rng = np.random.default_rng(0)
    profiles = list(state.profiles.values())[:100] or [
        profile_from_seeds(rng.choice(len(state.catalogue), 3, replace=False).tolist())
        for _ in range(100)
    ]
    costs(state, profiles)
    print(faithfulness(state.engine, profiles, 10))
    evenness(state, rng)


if __name__ == "__main__":
    main()
