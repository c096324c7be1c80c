"""Evaluate dials, and the faithfulness of explanations.

Each dial is changed alone, on the same pools of the same listeners. `max_known_share` is not
evaluated, because a known track cannot be a hit here. In addition to the ranking metrics, two
measure what dials control: `likeness` is the mean cosine similarity of the tracks of a list,
`off_taste` the Kullback-Leibler divergence (in nats) of its mix of genres or tags from the
listener's own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from segue.engine import (
    POOL,
    CatalogueArrays,
    Dials,
    Engine,
    Ranked,
    divergence,
    faithfulness,
    sweep,
)
from segue.evaluation import DialCurves, DialPoint, Faithful, ranking_metrics
from segue.pipeline.experiments.held_out import EvaluationContext
from segue.pipeline.experiments.ranked_lists import EvaluatedUsers
from segue.pipeline.recommender.track_spaces import comparing_space
from segue.signals import Scores, SignalWrapper, UserProfile

K = 10
SETTINGS: dict[str, tuple[float | None, ...]] = {
    "diversity": (0.0, 0.2, 0.4, 0.6, 0.8),
    "calibration": (0.0, 0.2, 0.4, 0.6, 0.8),
    "popularity": (-0.6, -0.3, 0.0, 0.3, 0.6),
    "randomness": (0.0, 0.2, 0.4, 0.6, 0.8),
    "artist_cap": (None, 5, 3, 2, 1),
}
LIKENESS, OFF_TASTE = "likeness", "off_taste"
_REASONS = 5
_MAX_LISTENERS, _MAX_EXPLAINED = 500, 200
_AT_A_TIME = 20

_OFF = Dials(artist_cap=0)
"""Without effect: the variety of artists that is the default is off, too."""

Lists = NDArray[np.int64]
Values = NDArray[np.float64]


@dataclass(frozen=True)
class PrecomputedSignal(SignalWrapper):
    """A signal with precomputed scores of some profiles.

    Scoring many listeners together is much cheaper than one after another.
    """

    rows: Mapping[int, Scores]

    def for_listeners(self, profiles: Sequence[UserProfile]) -> Scores:
        """Return ``[n_profiles, n_tracks]``."""
        if any(id(profile) not in self.rows for profile in profiles):
            return self.signal.for_listeners(profiles)
        return np.stack([self.rows[id(profile)] for profile in profiles])


def precomputed(engine: Engine, profiles: Sequence[UserProfile]) -> Engine:
    """Return the engine with precomputed scores of `profiles`."""
    signals = []
    for signal in engine.signals:
        rows = signal.for_listeners(profiles)
        named = {id(profile): row for profile, row in zip(profiles, rows, strict=True)}
        signals.append(PrecomputedSignal(signal, named))
    return replace(engine, signals=signals)


def evaluate_dials(context: EvaluationContext) -> DialCurves:
    """Evaluate lists of ten at five settings of every dial."""
    engine, catalogue = context.fitted.engine, context.material.catalogue
    places = context.listeners(_MAX_LISTENERS)
    profiles = [context.known.profiles[place] for place in places]
    held_out = [context.known.held_out[place] for place in places]
    facts = CatalogueArrays.of(
        catalogue.tracks,
        catalogue.ids,
        context.known.history.values(),
        comparing_space(engine.signals),
    )
    pools = _pools(context, engine, profiles)
    tastes = [facts.taste(profile) for profile in profiles]

    def measure(dials: Dials) -> dict[str, float]:
        (lists,) = sweep(pools, profiles, facts, K, [dials])
        return _metrics(lists, held_out, context.evaluated) | {
            f"{LIKENESS}@{K}": _known_mean(_likeness(lists, facts)),
            f"{OFF_TASTE}@{K}": _known_mean(_off_taste(lists, tastes, facts)),
        }

    curves = {}
    with context.progress("Evaluating dials", len(SETTINGS)) as advance:
        off = measure(_OFF)  # one setting of each dial
        for dial, values in SETTINGS.items():
            turned = [(value, _turned(dial, value)) for value in values]
            curves[dial] = [
                DialPoint(setting=value, metrics=off if dials == _OFF else measure(dials))
                for value, dials in turned
            ]
            advance(1)
    return DialCurves(n=len(profiles), k=K, curves=curves)


def _turned(dial: str, value: float | None) -> Dials:
    """Return dials with one set."""
    if dial == "artist_cap":
        return replace(_OFF, artist_cap=0 if value is None else int(value))
    return replace(_OFF, **{dial: value})  # type: ignore[arg-type]  # the others are numbers


def _pools(
    context: EvaluationContext, engine: Engine, profiles: Sequence[UserProfile]
) -> list[Ranked]:
    pools = []
    with context.progress("Preparing candidates for dials", len(profiles)) as advance:
        for start in range(0, len(profiles), _AT_A_TIME):
            part = profiles[start : start + _AT_A_TIME]
            quick = precomputed(engine, part)
            pools += [quick.recommend(profile, POOL) for profile in part]
            advance(len(part))
    return pools


def _metrics(
    lists: Lists, held_out: Sequence[Lists], evaluated: EvaluatedUsers
) -> dict[str, float]:
    result = ranking_metrics(
        lists,
        held_out,
        ks=(K,),
        n_items=evaluated.n_tracks,
        popularity=evaluated.popularity,
        n_listeners=evaluated.n_listeners,
        artists=evaluated.artists,
    )
    return dict(result.mean)


def _likeness(lists: Lists, facts: CatalogueArrays) -> Values:
    """Return the mean cosine similarity of each list; NaN with fewer than two vectors.

    The sum over all pairs is half of the squared length of the sum, less the squared lengths.
    """
    space = facts.space
    if space is None:
        return np.full(len(lists), np.nan)
    placed = (lists >= 0) & space.has_vector[lists]
    tracks = lists[placed]
    vectors = sparse.csr_array(space.vectors[tracks]).astype(np.float64)
    members = _members(placed)
    sums = members @ vectors
    apart = _squared_lengths(sums) - members @ _squared_lengths(vectors)
    n = placed.sum(axis=1)
    return np.where(n > 1, apart / np.maximum(n * (n - 1), 1), np.nan)


def _off_taste(lists: Lists, tastes: Sequence[Values], facts: CatalogueArrays) -> Values:
    """Return the divergence of each list's mix from the listener's; NaN if either is unknown."""
    placed = lists >= 0
    mixes = sparse.csr_array(_members(placed) @ facts.mixes[lists[placed]])
    found = np.full(len(lists), np.nan)
    for row, taste in enumerate(tastes):
        mix = mixes[[row]].toarray()[0]
        if taste.any() and mix.any():
            found[row] = divergence(taste, mix / mix.sum())
    return found


def _members(placed: NDArray[np.bool_]) -> sparse.csr_array:
    """Return which of the placed tracks, in order, are in each list, ``[n_lists, n_placed]``."""
    starts = np.concatenate([[0], np.cumsum(placed.sum(axis=1))])
    n = int(starts[-1])
    return sparse.csr_array((np.ones(n), np.arange(n), starts), shape=(len(placed), n))


def _squared_lengths(rows: sparse.csr_array) -> Values:
    return np.asarray(rows.multiply(rows).sum(axis=1), np.float64).ravel()


def _known_mean(values: Values) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")


def evaluate_faithfulness(context: EvaluationContext) -> Faithful:
    """Rank again without the named top signal of recommended tracks; count those that fall."""
    profiles = [context.known.profiles[place] for place in context.listeners(_MAX_EXPLAINED)]
    counts = np.zeros(4)  # tracks, named, fallen of the named, fallen without the largest part
    with context.progress("Testing explanations", len(profiles)) as advance:
        for start in range(0, len(profiles), _AT_A_TIME):
            part = profiles[start : start + _AT_A_TIME]
            found = faithfulness(precomputed(context.fitted.engine, part), part, _REASONS)
            if found.n:
                named = found.n * found.named
                fallen = named * found.share if named else 0
                counts += (found.n, named, fallen, found.n * found.by_largest)
            advance(len(part))
    n, named, fallen, largest = counts.tolist()
    nan = float("nan")
    return Faithful(
        n_listeners=len(profiles),
        k=_REASONS,
        n_tracks=round(n),
        named=named / n if n else nan,
        share=fallen / named if named else nan,
        by_largest=largest / n if n else nan,
    )
