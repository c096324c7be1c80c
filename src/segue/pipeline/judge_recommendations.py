"""Judging recommendations: hide what listeners played, recommend, and look what was found.

Everything is fitted on the listens before the held-out ones: popularity, everyone's weights, each
listener's own. Tracks met in them are never recommended here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from segue.engine import Engine, rank, standardise
from segue.errors import ModelError
from segue.evaluation import (
    Curve,
    RankingResult,
    RecommendationReport,
    bootstrap_interval,
    paired_difference,
    precision_recall_curve,
    ranking_metrics,
    split_listens,
)
from segue.index import best
from segue.library import Library
from segue.pipeline.duplicates import recordings
from segue.pipeline.labels import artist_groups
from segue.pipeline.learning import (
    Material,
    find_settings,
    fit_models,
    learn_weights,
    listening_signals,
)
from segue.pipeline.weights import in_order
from segue.signals import Profile, Scores
from segue.types import SPLITS, Progress, Split, no_progress

if TYPE_CHECKING:
    import pandas as pd

PERSONAL, GLOBAL, RANDOM = "personal", "global", "random"
K_MOST = 20
SIMULATED = "simulated"
"""Listeners whose id begins with it are not people, and every report says so."""
_BATCH = 64


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Listeners with what they are judged by: history, and what `split` held out, by position.

    `before` are the listens that come before those held out: all that may be learned from.
    """

    users: Sequence[str]
    profiles: Sequence[Profile]
    held_out: Sequence[NDArray[np.int64]]
    history: Mapping[str, Profile]
    split: Split
    counts: Mapping[str, Mapping[Split, int]]
    before: "pd.DataFrame"


def hold_out(
    listens: "pd.DataFrame", material: Material, split: Split, *, seed: int = 0
) -> HeldOut:
    """Divide listens into what is known and what is to be found.

    With ``test`` held out, train and valid are known; with ``valid``, train alone. Listens that
    state a split without a test part are judged on valid.

    Raises
    ------
    ModelError
        If no listener has a track held out.
    """
    parts = split_listens(listens, seed=seed)
    if split == "test" and not (parts == "test").any():
        split = "valid"
    before = parts.isin(["train", "valid"] if split == "test" else ["train"])
    history = material.profiles(listens[before])
    wanted = material.profiles(listens[parts == split])
    users, profiles, held_out = [], [], []
    for user, future in wanted.items():
        if user not in history:
            continue
        new = np.setdiff1d(future.liked, history[user].known)
        if len(new):
            users.append(user)
            profiles.append(history[user])
            held_out.append(new)
    if not users:
        raise ModelError(
            f"No listener has a track held out in the {split} split: recommendations cannot be"
            " judged without listens of at least two tracks by somebody."
        )
    counts = {"listens": {part: int((parts == part).sum()) for part in SPLITS}}
    earlier = listens[before].assign(split=parts[before])
    return HeldOut(users, profiles, held_out, history, split, counts, earlier)


def judge_recommendations(
    library: Library,
    material: Material,
    known: HeldOut,
    *,
    seed: int = 0,
    progress: Progress = no_progress,
) -> RecommendationReport:
    """Judge the engine as a listener gets it, the global blend, each signal, and the baselines."""
    catalogue = material.catalogue
    with progress("Learning from the listens before", 1) as advance:
        engine = engine_before(library, material, known)
        advance(1)
    lists = _recommend_all(engine, known, len(catalogue), seed, progress)
    popularity = np.zeros(len(catalogue))
    for profile in known.history.values():
        popularity[profile.liked] += 1
    artists = np.unique(artist_groups(catalogue.tracks), return_inverse=True)[1]
    results = {
        name: ranking_metrics(
            found,
            known.held_out,
            n_items=len(catalogue),
            popularity=popularity,
            n_listeners=len(known.history),
            artists=artists,
        )
        for name, found in lists.items()
    }
    return RecommendationReport(
        engine=PERSONAL,
        split=known.split,
        n=results[PERSONAL].n,
        n_tracks=len(catalogue),
        models={name: result.mean for name, result in results.items()},
        intervals={
            name: bootstrap_interval(dict(result.per_user), seed=seed)
            for name, result in results.items()
        },
        differences=_differences(results, seed),
        baselines=("popularity", RANDOM),
        curves=_curves(lists, known, len(catalogue)),
        simulated=any(user.startswith(SIMULATED) for user in known.users),
    )


def engine_before(library: Library, material: Material, known: HeldOut) -> Engine:
    """Return the engine as it would be if only the listens before were known.

    Raises
    ------
    ModelError
        If there is nothing to recommend with.
    """
    inner = material.hidden(known.before)
    searched = find_settings(material, inner)
    settings = searched.settings if searched else None
    learned, weights = learn_weights(material, inner, settings)
    models = fit_models(material, known.history, settings)
    signals = [*material.content, *listening_signals(material, known.history, models)]
    if not signals:
        raise ModelError("There is no signal to recommend with: run segue train all first.")
    return Engine(
        signals,
        in_order(weights, learned, [signal.name for signal in signals]),
        recordings(library, material.catalogue),
        [place for place, track in enumerate(material.catalogue.tracks) if track.missing],
    )


def _recommend_all(
    engine: Engine, known: HeldOut, n_tracks: int, seed: int, progress: Progress
) -> dict[str, NDArray[np.int64]]:
    """Return the ranked lists of every model, ``[n_listeners, K_MOST]``, -1 where it has fewer."""
    rng = np.random.default_rng(seed)
    names = [signal.name for signal in engine.signals]
    models = [PERSONAL, GLOBAL, *names, RANDOM]
    lists = {name: np.full((len(known.users), K_MOST), -1, np.int64) for name in models}
    everyone, groups = engine.global_weights(), engine.recordings
    with progress("Judging recommendations", len(known.users)) as advance:
        for start in range(0, len(known.users), _BATCH):
            batch = known.profiles[start : start + _BATCH]
            scores = np.stack([signal.for_listeners(batch) for signal in engine.signals])
            for i, profile in enumerate(batch):
                rows: Scores = scores[:, i]
                exclude = np.zeros(n_tracks, bool)
                exclude[profile.known] = True
                exclude = engine.barred(exclude)
                own = engine.listener_weights(profile)
                found = {
                    PERSONAL: rank(rows, own, exclude, K_MOST, groups).positions,
                    GLOBAL: rank(rows, everyone, exclude, K_MOST, groups).positions,
                    RANDOM: rng.permutation(np.flatnonzero(~exclude))[:K_MOST],
                }
                alone = np.where(np.isnan(rows) | exclude, np.nan, standardise(rows, ~exclude))
                for name, positions in zip(names, best(alone, K_MOST)[0], strict=True):
                    found[name] = positions[positions >= 0]
                for name, positions in found.items():
                    lists[name][start + i, : len(positions)] = positions
            advance(len(batch))
    return lists


def _differences(
    results: Mapping[str, RankingResult], seed: int
) -> dict[str, dict[str, tuple[float, float]]]:
    ours = results[PERSONAL].per_user
    return {
        name: {
            metric: paired_difference(ours[metric], values, seed=seed)
            for metric, values in result.per_user.items()
        }
        for name, result in results.items()
        if name != PERSONAL
    }


def _curves(
    lists: Mapping[str, NDArray[np.int64]], known: HeldOut, n_tracks: int
) -> dict[str, Curve]:
    curves = {}
    for name, found in lists.items():
        precision, recall = precision_recall_curve(
            found, known.held_out, n_items=n_tracks, k_max=K_MOST
        )
        curves[name] = Curve(precision=precision.tolist(), recall=recall.tolist())
    return curves
