"""Evaluate recommendations by published protocols: global temporal split, playlist continuation.

- ``global-temporal`` (Yambda, arXiv 2505.22238): models know all listens until half
  an hour before the last day, and recommend 100 tracks for that day. Candidates are the tracks
  that were played before; known tracks may be recommended and count. Held out are the tracks that
  a listener completed on that day, also those that nobody had played before.
- ``playlist-continuation`` (RecSys Challenge 2018, arXiv 1810.01520): some playlists keep only
  their seed tracks, and 500 tracks are recommended to continue each of them. Listeners are
  playlists.

The models, weights and baselines are those of `experiments.recommendations`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from segue.engine.profiles import completed_listens
from segue.errors import ModelError
from segue.evaluation import (
    CONTINUATION_LENGTH,
    MIN_LISTENERS_FOR_CLAIMS,
    RankingResult,
    RecommendationReport,
    bootstrap_interval,
    continuation_metrics,
    hide_playlist_tracks,
    split_at_last_day,
)
from segue.library import Library
from segue.pipeline.experiments.held_out import HeldOut, fit_engine
from segue.pipeline.experiments.protocol_names import GLOBAL_TEMPORAL, PLAYLIST_CONTINUATION
from segue.pipeline.experiments.ranked_lists import (
    PERSONAL,
    EvaluatedUsers,
    Lists,
    non_empty,
    ranked_lists,
)
from segue.pipeline.experiments.recommendations import BASELINES, SIMULATED, fit_item_knn
from segue.pipeline.training.listening_models import TrainingData
from segue.types import Progress, Split, no_progress

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Protocol:
    """How lists are made and measured: their lengths, and the metrics to show."""

    name: str
    ks: tuple[int, ...]
    shown: tuple[str, ...]
    repeats: bool


_PROTOCOLS: Final[Mapping[str, Protocol]] = {
    GLOBAL_TEMPORAL: Protocol(
        GLOBAL_TEMPORAL,
        (10, 50, 100),
        ("ndcg@10", "ndcg@100", "recall@100", "coverage@100"),
        repeats=True,
    ),
    PLAYLIST_CONTINUATION: Protocol(
        PLAYLIST_CONTINUATION,
        (10, CONTINUATION_LENGTH),
        ("r_precision", f"ndcg@{CONTINUATION_LENGTH}", "clicks"),
        repeats=False,
    ),
}


def protocol_named(name: str) -> Protocol:
    """Return the protocol with this name."""
    return _PROTOCOLS[name]


@dataclass(frozen=True, slots=True)
class ProtocolSplit:
    """The held-out tracks, the tracks that cannot be recommended, ``[n_tracks]``, and the rule."""

    known: HeldOut
    excluded: NDArray[np.bool_]
    rule: str


def split_by_protocol(
    listens: "pd.DataFrame",
    material: TrainingData,
    protocol: str,
    *,
    organic_only: bool = False,
    seed: int = 0,
) -> ProtocolSplit:
    """Hold out tracks as a protocol says.

    Parameters
    ----------
    organic_only
        Hold out only tracks that were not recommended to the listener in any held-out listen.

    Raises
    ------
    ModelError
        Nothing can be held out.
    """
    if protocol == GLOBAL_TEMPORAL:
        return _at_last_day(listens, material, organic_only=organic_only)
    return _playlists(listens, material, seed)


def _at_last_day(
    listens: "pd.DataFrame", material: TrainingData, *, organic_only: bool
) -> ProtocolSplit:
    times = listens["timestamp"].to_numpy(np.float64, na_value=np.nan)
    before, after = split_at_last_day(times)
    wanted = listens[after]
    held_out = _completed(wanted, material)
    if organic_only:
        proposed = _completed(wanted[wanted["recommended"].eq(other=True)], material)
        held_out = {
            user: np.setdiff1d(own, proposed.get(user, own[:0])) for user, own in held_out.items()
        }
    if not before.any():
        raise ModelError(
            "No listen is a day and half an hour older than the latest one, so there is nothing to"
            " learn from: the protocol global-temporal needs a longer history with times."
        )
    known = _held_out(listens, before, after, held_out, material)
    positions = material.catalogue.positions
    heard = np.zeros(len(material.catalogue), np.bool_)
    played = [positions[one] for one in listens[before]["track_id"].unique() if one in positions]
    heard[played] = True
    return ProtocolSplit(known, ~heard, global_temporal_rule(organic_only=organic_only))


def global_temporal_rule(*, organic_only: bool) -> str:
    """Return how ``global-temporal`` holds listens out, in a sentence or two."""
    return (
        "One time for all listeners: the last 24 hours are held out, the half hour before them is"
        f" not used.{' Recommended plays are not counted.' if organic_only else ''}"
    )


def _completed(listens: "pd.DataFrame", material: TrainingData) -> dict[str, NDArray[np.int64]]:
    """Return the tracks that each listener completed at least once in these listens."""
    positions = material.catalogue.positions
    durations = [track.duration for track in material.catalogue.tracks]
    done = completed_listens(listens, positions, durations=durations, rules=material.rules)
    return _tracks_of(listens[done], positions)


def _tracks_of(
    listens: "pd.DataFrame", positions: Mapping[str, int]
) -> dict[str, NDArray[np.int64]]:
    """Return the different tracks of each listener by position."""
    return {
        str(user): np.unique([positions[one] for one in own if one in positions]).astype(np.int64)
        for user, own in listens.groupby("user_id", observed=True)["track_id"]
    }


def _playlists(listens: "pd.DataFrame", material: TrainingData, seed: int) -> ProtocolSplit:
    held, scenarios = hide_playlist_tracks(listens, seed=seed)
    positions = material.catalogue.positions
    hidden = listens[held]
    held_out = _tracks_of(hidden, positions)
    known = _held_out(listens, ~held, held, held_out, material)
    used = sorted(set(scenarios.values()), key=lambda one: (int(one.split()[0]), one))
    rule = (
        "Playlists drawn with the seed keep some tracks and are to be continued"
        f" ({', '.join(used)}); all other playlists are known whole."
    )
    return ProtocolSplit(known, np.zeros(len(material.catalogue), np.bool_), rule)


def _held_out(
    listens: "pd.DataFrame",
    before: NDArray[np.bool_],
    after: NDArray[np.bool_],
    held_out: Mapping[str, NDArray[np.int64]],
    material: TrainingData,
) -> HeldOut:
    """Return the listeners that have earlier listens and held-out tracks.

    Raises
    ------
    ModelError
        There are none.
    """
    learned = listens[before].drop(columns="split", errors="ignore")
    history = material.profiles(learned)
    users = [user for user in sorted(held_out) if len(held_out[user]) and user in history]
    if not users:
        raise ModelError(
            "No listener has both earlier listens and tracks to hold out by this protocol: evaluate"
            " without --protocol, or add listens."
        )
    counts: dict[str, dict[Split, int]] = {
        "listens": {"train": int(before.sum()), "valid": 0, "test": int(after.sum())}
    }
    return HeldOut(
        users,
        [history[user] for user in users],
        [held_out[user] for user in users],
        history,
        "test",
        counts,
        learned,
        listens[after],
    )


def evaluate_protocol(
    library: Library,
    material: TrainingData,
    split: ProtocolSplit,
    protocol: str,
    *,
    seed: int = 0,
    progress: Progress = no_progress,
) -> RecommendationReport:
    """Evaluate the blends, each signal and the baselines on a split of a protocol."""
    how, known = _PROTOCOLS[protocol], split.known
    n_tracks = len(material.catalogue)
    with progress("Training on earlier listens", 1) as advance:
        fitted = fit_engine(library, material, known)
        alone = fit_item_knn(known, n_tracks)
        advance(1)
    lists = non_empty(
        ranked_lists(
            fitted.engine,
            known.profiles,
            n_tracks,
            alone=alone,
            excluded=split.excluded,
            k=max(how.ks),
            repeats=how.repeats,
            seed=seed,
            progress=progress,
        )
    )
    results = _measured(material, known, lists, how, int((~split.excluded).sum()))
    return protocol_report(
        results,
        how,
        engine=PERSONAL,
        n_tracks=int((~split.excluded).sum()),
        baselines=tuple(name for name in BASELINES if name in lists),
        simulated=any(user.startswith(SIMULATED) for user in known.users),
        seed=seed,
    )


def protocol_report(
    results: Mapping[str, RankingResult],
    how: Protocol,
    *,
    engine: str,
    n_tracks: int,
    baselines: tuple[str, ...],
    simulated: bool = False,
    seed: int = 0,
) -> RecommendationReport:
    """Return the report about `engine`, one of the models that were evaluated by a protocol."""
    return RecommendationReport(
        engine=engine,
        split="test",
        n=results[engine].n,
        n_tracks=n_tracks,
        models={name: dict(result.mean) for name, result in results.items()},
        intervals={
            name: bootstrap_interval(dict(result.per_user), seed=seed)
            for name, result in results.items()
            if result.n >= MIN_LISTENERS_FOR_CLAIMS
        },
        baselines=baselines,
        simulated=simulated,
        protocol=how.name,
        shown=how.shown,
    )


def _measured(
    material: TrainingData, known: HeldOut, lists: Lists, how: Protocol, n_candidates: int
) -> dict[str, RankingResult]:
    """Return the metrics of each model, those of playlist continuation included."""
    evaluated = EvaluatedUsers.of(material.catalogue, known.history)
    results = evaluated.evaluate(lists, known.held_out, how.ks, n_candidates)
    if how.name != PLAYLIST_CONTINUATION:
        return results
    found = {}
    for name, result in results.items():
        more = continuation_metrics(
            lists[name], known.held_out, artists=material.catalogue.ids.artist
        )
        found[name] = RankingResult(
            mean={**result.mean, **{one: float(values.mean()) for one, values in more.items()}},
            per_user={**result.per_user, **more},
            users=result.users,
        )
    return found
