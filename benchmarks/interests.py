"""Measure interests: their number, and lists that cover them in proportion.

    python benchmarks/interests.py LIBRARY        # with listens and tags, such as Last.fm's

1. Likes are put together from tracks of one to four main tags: how often is the number of
   interests right, and how well do they agree with the tags (adjusted Rand index, 1 is perfect)?
2. The validation listens of every listener are held out: nDCG of lists by all likes together, with
   calibration, and covering the interests.
3. Two listeners of different taste are put together, with 70 and 30% of the weight: which share of
   the list is nearer to the smaller taste, and nDCG over what both liked later.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import adjusted_rand_score

from segue.engine import CatalogueArrays, Dials, Engine, rerank_list
from segue.engine.interests import (
    MIN_APART,
    cluster,
    cosine_distances,
    interests_of,
    track_vectors,
    typical_distance,
)
from segue.evaluation import paired, ranking_metrics
from segue.library import Library
from segue.pipeline.experiments.held_out import HeldOut, fit_engine, hold_out
from segue.pipeline.recommender.open_signals import material_of
from segue.pipeline.recommender.track_spaces import comparing_space
from segue.signals import UserProfile

Profiles = Sequence[UserProfile]

K = 20
METRICS = ("ndcg@10", "ndcg@20", "recall@20", "coverage@20")
N_CASES = 40
N_PAIRS = 300
MIN_COUNT, MIN_TRACKS = 3, 25
DIFFERENT = 0.25
"""Largest cosine of two listeners of different taste."""
SHARE = 0.3
SETTINGS = {
    "together": Dials(),
    "calibration": Dials(calibration=0.5),
    "interests": Dials(interests=True),
}


def numbers(library: Library, facts: CatalogueArrays, rng: np.random.Generator) -> None:
    """Print how often the number of interests is that of the tags they were drawn from."""
    tracks = library.catalogue().tracks
    tags: dict[str, list[int]] = {}
    for position, track in enumerate(tracks):
        words = dict.fromkeys(track.genres, float(MIN_COUNT)) or track.tags
        if words and max(words.values()) >= MIN_COUNT:
            tags.setdefault(max(words, key=lambda one: (words[one], one)), []).append(position)
    vectors = track_vectors(facts, np.arange(len(tracks)))
    apart = MIN_APART * typical_distance(facts)
    usable = [name for name, own in tags.items() if len(own) >= MIN_TRACKS]
    means = {
        name: vectors[own].mean(axis=0) / np.linalg.norm(vectors[own].mean(axis=0))
        for name, own in tags.items()
        if name in usable
    }
    for n in range(1, 5):
        right, agreement = 0, 0.0
        for _ in range(N_CASES):
            names = different(usable, means, n, rng)
            own = [
                rng.choice(tags[one], min(int(rng.integers(8, 40)), len(tags[one])), replace=False)
                for one in names
            ]
            truth = np.repeat(np.arange(n), [len(part) for part in own])
            distances = cosine_distances(facts, np.concatenate(own))
            found = cluster(distances, np.ones(len(truth)), apart)
            right += int(found.max() + 1 == n)
            agreement += float(adjusted_rand_score(truth, found))
        print(f"{n} tags: number right {right / N_CASES:.2f}, Rand index {agreement / N_CASES:.2f}")


def different(
    usable: list[str], means: dict[str, NDArray[np.float32]], n: int, rng: np.random.Generator
) -> list[str]:
    """Draw tags whose mean vectors differ: "rock" and "indie rock" are one taste."""
    while True:
        names = rng.choice(usable, n, replace=False).tolist()
        cosines = [float(means[a] @ means[b]) for i, a in enumerate(names) for b in names[:i]]
        if max(cosines, default=0) < DIFFERENT:
            return names


def lists(
    engine: Engine, facts: CatalogueArrays, profiles: Profiles, dials: Dials
) -> NDArray[np.int64]:
    """Return the lists of listeners, ``[n, K]``, padded with -1."""
    found = np.full((len(profiles), K), -1, np.int64)
    for row, profile in zip(found, profiles, strict=True):
        positions = rerank_list(engine, profile, K, dials, facts).ranked.positions
        row[: len(positions)] = positions
    return found


def compare(
    engine: Engine,
    facts: CatalogueArrays,
    known: HeldOut,
    profiles: Profiles,
    held_out: Sequence[NDArray[np.int64]],
) -> dict[str, NDArray[np.int64]]:
    """Print the metrics of each setting, and its difference from the first; return the lists."""
    found = {name: lists(engine, facts, profiles, dials) for name, dials in SETTINGS.items()}
    results = {
        name: ranking_metrics(
            own,
            held_out,
            n_items=len(facts),
            popularity=facts.listeners.astype(np.float64),
            n_listeners=len(known.history),
        )
        for name, own in found.items()
    }
    first = next(iter(results.values()))
    for name, result in results.items():
        values = [f"{metric} {result.mean[metric]:.4f}" for metric in METRICS]
        change = paired(result.per_user["ndcg@20"], first.per_user["ndcg@20"], seed=0)
        print(f"  {name:12}", *values, f"  ndcg@20 against the first: {change}")
    return found


def pairs(
    facts: CatalogueArrays, profiles: Profiles, rng: np.random.Generator
) -> list[tuple[int, int]]:
    """Return pairs of listeners whose tastes differ."""
    means = np.stack([mean(facts, profile) for profile in profiles])
    found: list[tuple[int, int]] = []
    while len(found) < N_PAIRS:
        one, other = rng.integers(len(profiles), size=2).tolist()
        if one != other and means[one] @ means[other] < DIFFERENT:
            found.append((one, other))
    return found


def mean(facts: CatalogueArrays, profile: UserProfile) -> NDArray[np.float32]:
    """Return the direction of the likes of a listener."""
    total = track_vectors(facts, profile.liked).mean(axis=0)
    return total / max(float(np.linalg.norm(total)), 1e-9)


def together(one: UserProfile, other: UserProfile) -> UserProfile:
    """Return one listener with the likes of two, the second with `SHARE` of the weight."""
    weights: dict[int, float] = {}
    for profile, share in ((one, 1 - SHARE), (other, SHARE)):
        liked = profile.weights > 0
        scale = share / profile.weights[liked].sum()
        for position, weight in zip(
            profile.positions[liked].tolist(), profile.weights[liked].tolist(), strict=True
        ):
            weights[position] = weights.get(position, 0) + weight * scale
    positions = np.array(list(weights), np.int64)
    known = np.union1d(one.known, other.known)
    friends = (*one.friends, *other.friends)
    return UserProfile(
        positions, np.array(list(weights.values()), np.float32), known, friends=friends
    )


def two_tastes(
    engine: Engine, facts: CatalogueArrays, known: HeldOut, rng: np.random.Generator
) -> None:
    """Print the share of the smaller taste in the lists of listeners with two tastes."""
    chosen = pairs(facts, known.profiles, rng)
    profiles = [together(known.profiles[a], known.profiles[b]) for a, b in chosen]
    held_out = [
        np.setdiff1d(np.union1d(known.held_out[a], known.held_out[b]), profile.known)
        for (a, b), profile in zip(chosen, profiles, strict=True)
    ]
    some = [place for place, own in enumerate(held_out) if len(own)]
    found = compare(engine, facts, known, [profiles[p] for p in some], [held_out[p] for p in some])
    for name, own in found.items():
        shares = []
        for place, row in zip(some, own, strict=True):
            a, b = (mean(facts, known.profiles[one]) for one in chosen[place])
            vectors = track_vectors(facts, row[row >= 0])
            shares.append(float((vectors @ b > vectors @ a).mean()))
        none = np.mean(np.array(shares) == 0)
        error = np.abs(np.array(shares) - SHARE).mean()
        print(
            f"  {name:12} share of the smaller taste {np.mean(shares):.2f} (stated {SHARE}),"
            f" mean error {error:.2f}, none at all for {none:.0%}"
        )
    counts = np.bincount([len(interests_of(profile, facts)) for profile in profiles])
    print(f"  listeners by number of interests: {dict(enumerate(counts.tolist()))}")


def main() -> None:
    """Run all parts."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("library", type=Path)
    library = Library(parser.parse_args().library, create=False)
    rng = np.random.default_rng(0)
    catalogue = library.catalogue()
    material = material_of(library, catalogue)
    known = hold_out(library.shared_listens(), material, "valid")
    engine = fit_engine(library, material, known).engine
    space = comparing_space(engine.signals)
    facts = CatalogueArrays.of(catalogue.tracks, catalogue.ids, known.history.values(), space)
    print(f"Interests by {space.name if space else 'genres'}")
    numbers(library, facts, rng)
    print(f"{len(known.users)} listeners, validation listens held out")
    compare(engine, facts, known, known.profiles, known.held_out)
    print(f"{N_PAIRS} listeners with two tastes")
    two_tastes(engine, facts, known, rng)


if __name__ == "__main__":
    main()
