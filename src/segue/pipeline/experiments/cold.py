"""Evaluate cold starts: tracks without listens, and new listeners.

**Cold tracks.** A tenth of the tracks that any listener likes are drawn and lose all their listens;
models are fitted again on the rest, and each listener's lists contain only cold tracks. The cold
tracks that the listener likes are to be found. Of a recording in several files all are cold or
none.

**Cold listeners.** A tenth of the listeners are drawn and removed; models are fitted again on the
earlier listens of the others. A cold listener starts from a few tracks, drawn from those they like;
the rest is to be found. The same listeners are evaluated with each number of picks, and smaller
sets of picks are part of larger ones.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from segue.engine import profile_from_seeds
from segue.errors import TooLittleDataError
from segue.evaluation import (
    MIN_LISTENERS_FOR_CLAIMS,
    ColdTracks,
    Figures,
    RankingResult,
    ratio_interval,
)
from segue.pipeline.experiments.held_out import EvaluationContext
from segue.pipeline.experiments.ranked_lists import (
    GLOBAL,
    figures,
    non_empty,
    ranked_lists,
)
from segue.pipeline.training.listening_models import COLLABORATIVE
from segue.signals import UserProfile
from segue.text import plural

if TYPE_CHECKING:
    import pandas as pd

COLD = 0.1
PICKS = (3, 5)
METRICS = ("ndcg@10", "recall@10", "ndcg@20", "recall@20")
TAGS = "tags"
_MAIN = "ndcg@20"
_MIN_TRACKS = 10
_MIN_LISTENERS = 5
_MAX_LISTENERS = 500

Places = NDArray[np.int64]


def evaluate_cold_tracks(context: EvaluationContext) -> ColdTracks:
    """Evaluate recommendations of tracks without listens.

    Raises
    ------
    TooLittleDataError
        If too few tracks are liked by any listener.
    """
    listens = _all_listens(context)
    wanted = context.material.profiles(listens)
    cold = _drawn_tracks(context, wanted)
    ids = {context.material.catalogue.tracks[place].track_id for place in cold.tolist()}
    with context.progress("Training without the new tracks", 1) as advance:
        warm = context.material.profiles(listens[~listens["track_id"].isin(ids)])
        engine = context.fitted.refitted(context.material, warm)
        advance(1)
    held_out = {user: np.intersect1d(wanted[user].liked, cold) for user in warm}
    users = [user for user, own in held_out.items() if len(own)]
    if len(users) < _MIN_LISTENERS:
        raise TooLittleDataError(
            "New tracks cannot be evaluated: only"
            f" {plural(len(users), 'listener likes', 'listeners like')} one of the {len(cold)} that"
            f" were drawn, and at least {_MIN_LISTENERS} are needed."
        )
    excluded = np.ones(context.n_tracks, bool)
    excluded[cold] = False
    lists = ranked_lists(
        engine,
        [warm[user] for user in users],
        context.n_tracks,
        blends=(GLOBAL,),
        excluded=excluded,
        seed=context.seed,
        progress=context.progress,
        description="Evaluating new tracks",
    )
    evaluated = context.evaluated.with_history(warm)
    results = evaluated.evaluate(non_empty(lists), [held_out[user] for user in users])
    return ColdTracks(
        n_tracks=len(cold),
        figures=figures(results, METRICS, seed=context.seed),
        ratios=_ratios(results, context.seed),
    )


def _all_listens(context: EvaluationContext) -> "pd.DataFrame":
    import pandas as pd

    return pd.concat([context.known.before.drop(columns="split"), context.known.after])


def _drawn_tracks(context: EvaluationContext, profiles: Mapping[str, UserProfile]) -> Places:
    """Return a tenth of the tracks that any listener likes, by position."""
    liked = np.unique(np.concatenate([profile.liked for profile in profiles.values()]))
    there = np.setdiff1d(liked, np.array(context.fitted.engine.missing, np.int64))
    rng = np.random.default_rng(context.seed)
    drawn = rng.permutation(there)[: round(COLD * len(there))]
    for group in context.fitted.engine.recordings:
        if np.isin(group, drawn).any():
            drawn = np.union1d(drawn, np.array(group, np.int64))
    if len(drawn) < _MIN_TRACKS:
        raise TooLittleDataError(
            f"New tracks cannot be evaluated: a tenth of the {plural(len(there), 'track')} that"
            f" anyone likes is {len(drawn)}, and at least {_MIN_TRACKS} are needed."
        )
    return np.sort(drawn)


def _ratios(
    results: Mapping[str, RankingResult], seed: int
) -> dict[str, tuple[float, tuple[float, float]]]:
    if TAGS not in results or not results[TAGS].mean[_MAIN] > 0:
        return {}
    tags = results[TAGS].per_user[_MAIN]
    if len(tags) < MIN_LISTENERS_FOR_CLAIMS:
        return {}
    return {
        name: (
            float(result.mean[_MAIN] / results[TAGS].mean[_MAIN]),
            ratio_interval(result.per_user[_MAIN], tags, seed=seed),
        )
        for name, result in results.items()
        if name != TAGS
    }


def evaluate_cold_listeners(context: EvaluationContext) -> dict[int, Figures]:
    """Evaluate recommendations for new listeners who picked 3, and 5, tracks.

    Raises
    ------
    TooLittleDataError
        If too few listeners like enough tracks.
    """
    profiles = context.material.profiles(_all_listens(context))
    able = [user for user, own in profiles.items() if len(own.liked) > max(PICKS)]
    rng = np.random.default_rng(context.seed)
    n = min(round(COLD * len(profiles)), _MAX_LISTENERS)
    cold = [able[place] for place in rng.permutation(len(able))[:n]]
    if len(cold) < _MIN_LISTENERS:
        raise TooLittleDataError(
            f"New listeners cannot be evaluated: a tenth of the {plural(len(profiles), 'listener')}"
            f" with more than {max(PICKS)} liked tracks is {len(cold)}, and at least"
            f" {_MIN_LISTENERS} are needed."
        )
    before = context.known.before
    # the order of picks is unknown
    material = replace(context.material, wanted=_without_order(context.material.wanted))
    with context.progress("Training without the new listeners", 1) as advance:
        warm = material.profiles(before[~before["user_id"].astype(str).isin(cold)])
        engine = context.fitted.refitted(material, warm)
        advance(1)
    likes = [rng.permutation(profiles[user].liked) for user in cold]
    evaluated = context.evaluated.with_history(warm)
    found = {}
    for picks in PICKS:
        lists = ranked_lists(
            engine,
            [profile_from_seeds(own[:picks].tolist()) for own in likes],
            context.n_tracks,
            blends=(GLOBAL,),
            seed=context.seed,
            progress=context.progress,
            description=f"Evaluating new listeners with {picks} picks",
        )
        results = evaluated.evaluate(non_empty(lists), [own[picks:] for own in likes])
        found[picks] = figures(results, METRICS, seed=context.seed)
    return found


def _without_order(wanted: Sequence[str]) -> list[str]:
    return [name for name in wanted if name == COLLABORATIVE]
