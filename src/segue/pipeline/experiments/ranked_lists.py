"""Rank tracks by the blends, every signal and the baselines, and evaluate the lists.

Models are the engine with personal weights (`PERSONAL`) and with global weights (`GLOBAL`), each
signal alone, and random tracks (`RANDOM`). A signal with equal scores for all candidates gives an
empty list.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Self

import numpy as np
from numpy.typing import NDArray

from segue.engine import Engine, SignalScores, is_flat, score_order
from segue.engine.randomness import uniform
from segue.evaluation import (
    DEFAULT_KS,
    MIN_LISTENERS_FOR_CLAIMS,
    Figures,
    RankingResult,
    bootstrap_interval,
    ranking_metrics,
)
from segue.index import best
from segue.library import Catalogue
from segue.pipeline.training.labels import artist_groups
from segue.signals import Scores, Signal, UserProfile
from segue.types import Progress, no_progress

PERSONAL, GLOBAL, RANDOM = "personal", "global", "random"
K_MOST = 20
_BATCH = 64
_NUMBERS = 50_000_000
"""Number of scores in memory at a time, of all signals: 200 MB."""

Lists = dict[str, NDArray[np.int64]]
"""Positions by model, ``[n_listeners, k]``, padded with -1."""


def ranked_lists(
    engine: Engine,
    profiles: Sequence[UserProfile],
    n_tracks: int,
    *,
    blends: Sequence[str] = (PERSONAL, GLOBAL),
    alone: Sequence[tuple[str, Signal]] = (),
    excluded: NDArray[np.bool_] | None = None,
    k: int = K_MOST,
    repeats: bool = False,
    seed: int = 0,
    progress: Progress = no_progress,
    description: str = "Evaluating recommendations",
) -> Lists:
    """Return the lists of `blends`, of the engine's and more signals, and random ones.

    Parameters
    ----------
    blends
        `PERSONAL`, `GLOBAL` or both; without any, the engine's signals are left out too.
    alone
        More signals with their names.
    excluded
        Tracks that are in no list, ``[n_tracks]``.
    k
        Length of the lists.
    repeats
        Whether lists may have tracks that the listener knows.
    """
    rng = np.random.default_rng(seed)
    own = [(signal.name, signal) for signal in engine.signals] if blends else []
    singles = [*own, *alone]
    models = [*blends, *(name for name, _ in singles), RANDOM]
    lists = {name: np.full((len(profiles), k), -1, np.int64) for name in models}
    size = max(min(_BATCH, _NUMBERS // max(len(singles) * n_tracks, 1)), 1)
    with progress(description, len(profiles)) as advance:
        for start in range(0, len(profiles), size):
            batch = profiles[start : start + size]
            scores = np.stack([signal.for_listeners(batch) for _, signal in singles])
            for i, profile in enumerate(batch):
                exclude = np.zeros(n_tracks, bool) if excluded is None else excluded.copy()
                if not repeats:
                    exclude[profile.known] = True
                exclude = engine.all_excluded(exclude)
                rows: Scores = scores[:, i]
                found = _blended(engine, profile, rows[: len(own)], exclude, blends, k=k)
                found |= _singles([name for name, _ in singles], rows, exclude, k)
                found[RANDOM] = rng.permutation(np.flatnonzero(~exclude))[:k]
                for name, positions in found.items():
                    lists[name][start + i, : len(positions)] = positions
            advance(len(batch))
    return lists


def _blended(
    engine: Engine,
    profile: UserProfile,
    rows: Scores,
    exclude: NDArray[np.bool_],
    blends: Sequence[str],
    *,
    k: int,
) -> dict[str, NDArray[np.int64]]:
    if not blends:
        return {}
    weights = {PERSONAL: engine.listener_weights(profile), GLOBAL: engine.global_weights()}
    scores = SignalScores.of(rows.copy())
    found: dict[bytes, NDArray[np.int64]] = {}
    for name in blends:
        key = weights[name].tobytes()  # many listeners have the global weights
        if key not in found:
            found[key] = engine.blended(scores, weights[name], exclude, k).positions
    return {name: found[weights[name].tobytes()] for name in blends}


def _singles(
    names: Sequence[str], rows: Scores, exclude: NDArray[np.bool_], k: int
) -> dict[str, NDArray[np.int64]]:
    order = _hash_order(len(exclude))
    candidates = order[~exclude[order]]
    own = rows[:, candidates]
    own[np.array([is_flat(row) for row in own], bool)] = np.nan
    lists = {}
    for name, row, places in zip(names, rows, best(own, k)[0], strict=True):
        found = candidates[places[places >= 0]]
        lists[name] = found[score_order(found, row[found])]
    return lists


@lru_cache(maxsize=4)
def _hash_order(n_tracks: int) -> NDArray[np.int64]:
    """Return the order in which the engine prefers tracks with equal scores.

    Ids may follow popularity: the order of the catalogue would favor signals with many such scores.
    """
    order: NDArray[np.int64] = np.argsort(-uniform(0, np.arange(n_tracks)), kind="stable")
    return order


def non_empty(lists: Lists) -> Lists:
    """Return the lists of models that recommended anything."""
    return {name: found for name, found in lists.items() if (found >= 0).any()}


@dataclass(frozen=True, slots=True)
class EvaluatedUsers:
    """Listeners whose lists are evaluated: popularity among them and artists of the tracks."""

    n_tracks: int
    popularity: NDArray[np.float64]
    n_listeners: int
    artists: NDArray[np.int64]

    @classmethod
    def of(cls, catalogue: Catalogue, history: Mapping[str, UserProfile]) -> Self:
        """Return the users with these histories in a catalogue."""
        artists = np.unique(artist_groups(catalogue), return_inverse=True)[1]
        n_tracks = len(catalogue)
        found = cls(n_tracks, np.zeros(n_tracks), 0, artists.astype(np.int64))
        return found.with_history(history)

    def with_history(self, history: Mapping[str, UserProfile]) -> Self:
        """Return users with other histories in the same catalogue."""
        popularity = np.zeros(self.n_tracks)
        for profile in history.values():
            popularity[profile.liked] += 1
        return replace(self, popularity=popularity, n_listeners=len(history))

    def evaluate(
        self,
        lists: Mapping[str, NDArray[np.int64]],
        held_out: Sequence[NDArray[np.int64]],
        ks: Sequence[int] = DEFAULT_KS,
        n_candidates: int | None = None,
    ) -> dict[str, RankingResult]:
        """Return the metrics of each model."""
        return {
            name: ranking_metrics(
                found,
                held_out,
                ks=ks,
                n_items=self.n_tracks,
                n_candidates=n_candidates,
                popularity=self.popularity,
                n_listeners=self.n_listeners,
                artists=self.artists,
            )
            for name, found in lists.items()
        }


def figures(
    results: Mapping[str, RankingResult],
    metrics: Sequence[str],
    *,
    rows: NDArray[np.int64] | None = None,
    seed: int,
) -> Figures:
    """Return means and intervals of `metrics` over all listeners, or those of `rows`.

    Intervals are undefined with fewer than `MIN_LISTENERS_FOR_CLAIMS` listeners.
    """
    models, intervals, n = {}, {}, 0
    for name, result in results.items():
        values = {
            metric: result.per_user[metric] if rows is None else result.per_user[metric][rows]
            for metric in metrics
        }
        n = len(next(iter(values.values())))
        models[name] = {metric: float(np.nanmean(own)) for metric, own in values.items()}
        if n >= MIN_LISTENERS_FOR_CLAIMS:
            intervals[name] = bootstrap_interval(values, seed=seed)
        else:
            intervals[name] = dict.fromkeys(values, (np.nan, np.nan))
    return Figures(n=n, models=models, intervals=intervals)
