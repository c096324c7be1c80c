"""Evaluate recommendations: hold out listens, recommend, compare with the held-out tracks.

Everything is fitted on the listens before the held-out ones (`experiments.held_out`). Tracks known
from those are not recommended. The main table has every model for all listeners; further parts are
in `Details`. A part that cannot be measured becomes a note.
"""

from collections.abc import Callable, Mapping
from typing import TypeVar

from segue.errors import SegueError
from segue.evaluation import (
    Curve,
    Details,
    RankingResult,
    RecommendationReport,
    bootstrap_interval,
    paired_difference,
    precision_recall_curve,
)
from segue.library import Library
from segue.listening import ItemKnn
from segue.pipeline.experiments.cold import evaluate_cold_listeners, evaluate_cold_tracks
from segue.pipeline.experiments.control import evaluate_control
from segue.pipeline.experiments.dials import evaluate_dials, evaluate_faithfulness
from segue.pipeline.experiments.held_out import EvaluationContext, HeldOut, fit_engine
from segue.pipeline.experiments.listeners import best_single, comparisons, evaluate_groups
from segue.pipeline.experiments.next_track import evaluate_next_track
from segue.pipeline.experiments.ranked_lists import (
    K_MOST,
    PERSONAL,
    RANDOM,
    EvaluatedUsers,
    Lists,
    ranked_lists,
)
from segue.pipeline.training.listening_models import MIN_LISTENERS, TrainingData
from segue.signals import CollaborativeSignal, Signal, opinions_of
from segue.types import Progress, no_progress

ITEM_KNN = "item-knn"
BASELINES = ("popularity", RANDOM, ITEM_KNN)
SIMULATED = "simulated"
"""Listeners whose id begins with this are simulated, and every report says so."""

T = TypeVar("T")


def evaluate_recommendations(
    library: Library,
    material: TrainingData,
    known: HeldOut,
    *,
    thorough: bool = False,
    seed: int = 0,
    progress: Progress = no_progress,
) -> RecommendationReport:
    """Evaluate the personal and the global blend, each signal, and the baselines.

    Parameters
    ----------
    thorough
        Whether to evaluate new tracks and listeners, the control, dials, explanations and the next
        track, too: a few minutes more.
    """
    n_tracks = len(material.catalogue)
    with progress("Training on earlier listens", 1) as advance:
        fitted = fit_engine(library, material, known)
        item_knn = _item_knn(known, n_tracks)
        advance(1)
    context = EvaluationContext(material, known, fitted, seed, progress)
    lists = ranked_lists(
        fitted.engine, known.profiles, n_tracks, alone=item_knn, seed=seed, progress=progress
    )
    results = EvaluatedUsers.of(material.catalogue, known.history).evaluate(lists, known.held_out)
    notes: list[str] = []
    return RecommendationReport(
        engine=PERSONAL,
        split=known.split,
        n=results[PERSONAL].n,
        n_tracks=n_tracks,
        models={name: result.mean for name, result in results.items()},
        intervals={
            name: bootstrap_interval(dict(result.per_user), seed=seed)
            for name, result in results.items()
        },
        differences=_differences(results, seed),
        baselines=BASELINES if item_knn else BASELINES[:-1],
        curves=_curves(lists, known, n_tracks),
        simulated=any(user.startswith(SIMULATED) for user in known.users),
        details=_details(context, results, thorough=thorough, notes=notes),
        notes=tuple(notes),
    )


def _item_knn(known: HeldOut, n_tracks: int) -> list[tuple[str, Signal]]:
    """Return item-kNN fitted on the earlier listens; nothing with too few listeners."""
    listening = [profile for profile in known.history.values() if len(profile.liked) > 1]
    if len(listening) < MIN_LISTENERS:
        return []
    model = ItemKnn().fit(opinions_of(list(known.history.values()), n_tracks))
    return [(ITEM_KNN, CollaborativeSignal(model))]


def _details(
    context: EvaluationContext,
    results: Mapping[str, RankingResult],
    *,
    thorough: bool,
    notes: list[str],
) -> Details:
    def part(measure: Callable[[EvaluationContext], T]) -> T | None:
        """Measure one part; if it fails, the reason becomes a note."""
        if not thorough:
            return None
        try:
            return measure(context)
        except SegueError as error:
            notes.append(str(error))
            return None

    single = best_single(context, results)
    return Details(
        best_single=single,
        comparisons=comparisons(results, single, seed=context.seed),
        groups=evaluate_groups(context, results, single),
        cold_tracks=part(evaluate_cold_tracks),
        cold_listeners=part(evaluate_cold_listeners) or {},
        control=part(evaluate_control),
        dials=part(evaluate_dials),
        faithfulness=part(evaluate_faithfulness),
        next_track=part(evaluate_next_track),
    )


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


def _curves(lists: Lists, known: HeldOut, n_tracks: int) -> dict[str, Curve]:
    curves = {}
    for name, found in lists.items():
        precision, recall = precision_recall_curve(
            found, known.held_out, n_items=n_tracks, k_max=K_MOST
        )
        curves[name] = Curve(precision=precision.tolist(), recall=recall.tolist())
    return curves
