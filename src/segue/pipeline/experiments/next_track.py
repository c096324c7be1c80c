"""Evaluate next-track prediction: the sequence model against baselines, play by play.

Each held-out play is predicted from all plays before it, by models that were fitted on the earlier
listens; `segue.evaluation.next_item` defines the metrics. Items without a score are never
recommended. Baselines have settings that were good on other data (docs/sequences.md);
`benchmarks/sequences.py` searches for them.
"""

import time
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from segue.errors import ModelError, TooLittleDataError
from segue.evaluation import (
    MIN_LISTENERS_FOR_CLAIMS,
    Difference,
    Figures,
    NextTrack,
    bootstrap_interval,
    paired,
)
from segue.evaluation.next_item import NOT_NEW, NextItemResult, next_item_metrics, places
from segue.listening.sequences import NextItemModel
from segue.listening.sequences.markov import Markov, MarkovSettings
from segue.listening.sequences.model import Plays
from segue.listening.sequences.popularity import Popularity
from segue.listening.sequences.repeats import BaseLevel, BaseLevelSettings
from segue.listening.sequences.session_knn import SessionKnn, SessionKnnSettings
from segue.pipeline.experiments.held_out import EvaluationContext
from segue.pipeline.training.listening_models import SEQUENCE
from segue.types import Advance

METRICS = ("hit_rate@20", "mrr@20", "new_hit_rate@20", "new_mrr@20")
MAX_PLAYS = 3_000
_BLOCK = 64  # histories scored at a time

Point = tuple[int, int]
"""A listener's number, and the index of a play in their sequence."""


def evaluate_points(
    model: NextItemModel,
    sequences: Sequence[NDArray[np.int64]],
    points: Sequence[Point],
    advance: Advance = lambda steps: None,  # noqa: ARG005
) -> tuple[NextItemResult, float]:
    """Return the metrics of a model at `points`, and milliseconds per history."""
    found, new, seconds = [], [], 0.0
    for start in range(0, len(points), _BLOCK):
        block = points[start : start + _BLOCK]
        histories = [sequences[user][:place] for user, place in block]
        truths = np.array([sequences[user][place] for user, place in block])
        started = time.perf_counter()
        scores = model.score_many(histories)
        seconds += time.perf_counter() - started
        known = np.zeros(scores.shape, np.bool_)
        for row, history in zip(known, histories, strict=True):
            row[history] = True
        found.append(places(scores, truths))
        is_new = ~known[np.arange(len(block)), truths]
        new_places = np.full(len(block), NOT_NEW)
        new_places[is_new] = places(scores[is_new], truths[is_new], known[is_new])
        new.append(new_places)
        advance(len(block))
    owners = [user for user, _ in points]
    result = next_item_metrics(np.concatenate(found), np.concatenate(new), owners)
    return result, 1000 * seconds / max(len(points), 1)


def baselines() -> dict[str, NextItemModel]:
    """Return the baselines of the sequence model, not fitted."""
    near = SessionKnnSettings(session_length=10, recent=10, lag_decay=0.5)
    return {
        "Markov, first order": Markov(MarkovSettings(order=1, reach=1)),
        "Markov, last ten": Markov(MarkovSettings(order=10, reach=10)),
        "session-kNN": SessionKnn(near),
        "own most played": BaseLevel(BaseLevelSettings(decay=0.01)),
        "most played by all": Popularity(),
    }


def evaluate_next_track(context: EvaluationContext) -> NextTrack | None:
    """Evaluate the sequence model play by play; None if it is not trained.

    Raises
    ------
    ModelError, TooLittleDataError
        If listens have no order, or no held-out play can be evaluated.
    """
    if SEQUENCE not in context.material.wanted:
        return None
    model = context.fitted.models.sequence
    if model is None:
        raise ModelError(
            "The next track cannot be evaluated, because the earlier listens have no order:"
            " import listens with timestamps."
        )
    before = {user: one.history for user, one in context.known.history.items() if len(one.history)}
    sequences, points = _points(context, before)
    plays = Plays.of(list(before.values()), context.n_tracks)
    models = {name: one.fit(plays, context.n_tracks) for name, one in baselines().items()}
    models[SEQUENCE] = model
    results = {}
    with context.progress("Evaluating the next track", len(points) * len(models)) as advance:
        for name, one in models.items():
            results[name] = evaluate_points(one, sequences, points, advance)[0]
    return NextTrack(
        model=SEQUENCE,
        n_plays=len(points),
        figures=_figures(results, context.seed),
        ahead=_ahead(results, context.seed),
    )


def _points(
    context: EvaluationContext, before: Mapping[str, NDArray[np.int64]]
) -> tuple[list[NDArray[np.int64]], list[Point]]:
    """Return the plays of listeners with held-out ones, and the points to evaluate."""
    sequences, points = [], []
    for user, after in context.material.profiles(context.known.after).items():
        if user in before and len(after.history):
            first = len(before[user])
            sequences.append(np.concatenate([before[user], after.history]))
            held_out = range(first, len(sequences[-1]))
            points += [(len(sequences) - 1, place) for place in held_out]
    if not points:
        raise TooLittleDataError(
            "The next track cannot be evaluated, because no listener has both earlier and held-out"
            " plays"
            " with an order: import more listens with timestamps."
        )
    drawn = np.random.default_rng(context.seed).permutation(len(points))[:MAX_PLAYS]
    return sequences, [points[place] for place in np.sort(drawn).tolist()]


def _figures(results: Mapping[str, NextItemResult], seed: int) -> Figures:
    return Figures(
        n=len(next(iter(results.values())).users),
        models={name: dict(result.mean) for name, result in results.items()},
        intervals={
            name: bootstrap_interval(dict(result.per_user), seed=seed)
            for name, result in results.items()
            if len(result.users) >= MIN_LISTENERS_FOR_CLAIMS
        },
    )


def _ahead(results: Mapping[str, NextItemResult], seed: int) -> dict[str, tuple[str, Difference]]:
    ahead = {}
    for metric in METRICS:
        rivals = [name for name in results if name != SEQUENCE]
        best = max(rivals, key=lambda name: results[name].mean[metric])
        ours, theirs = results[SEQUENCE].per_user[metric], results[best].per_user[metric]
        ahead[metric] = (best, paired(ours, theirs, seed=seed))
    return ahead
