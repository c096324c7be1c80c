"""Evaluate recommendations: hold out listens, recommend, compare with the held-out tracks.

Everything is fitted on the listens before the held-out ones (`experiments.held_out`). Tracks known
from those are not recommended. The main table has every model for all listeners; further parts are
in `Details`. A part that cannot be measured becomes a note.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from segue.errors import SegueError
from segue.evaluation import (
    DEFAULT_KS,
    MIN_LISTENERS_FOR_CLAIMS,
    Curve,
    Details,
    RankingResult,
    RecommendationReport,
    bootstrap_interval,
    held_out_resamples,
    paired,
    precision_recall_curve,
    resample_intervals,
)
from segue.library import Library
from segue.listening import ItemKnn
from segue.pipeline.experiments.cold import evaluate_cold_listeners, evaluate_cold_tracks
from segue.pipeline.experiments.control import evaluate_control
from segue.pipeline.experiments.dials import evaluate_dials, evaluate_faithfulness
from segue.pipeline.experiments.held_out import EvaluationContext, HeldOut, fit_engine
from segue.pipeline.experiments.listeners import best_single, comparisons, evaluate_groups
from segue.pipeline.experiments.next_track import evaluate_next_track
from segue.pipeline.experiments.organic import evaluate_organic
from segue.pipeline.experiments.ranked_lists import (
    K_MOST,
    PERSONAL,
    RANDOM,
    Lists,
    non_empty,
    ranked_lists,
)
from segue.pipeline.training.listening_models import MIN_LISTENERS, TrainingData
from segue.signals import CollaborativeSignal, Signal, opinions_of
from segue.text import plural
from segue.types import Progress, no_progress

ITEM_KNN = "item-knn"
BASELINES = ("popularity", RANDOM, ITEM_KNN)
_MAIN = "ndcg@10"
SIMULATED = "simulated"
"""Listeners whose id begins with this are simulated, and every report says so."""

ByModel = dict[str, dict[str, tuple[float, float]]]
"""Intervals by model and metric."""


_EXPERIMENTS: Final[Mapping[str, Callable[[EvaluationContext], Any]]] = {
    "cold_tracks": evaluate_cold_tracks,
    "cold_listeners": evaluate_cold_listeners,
    "control": evaluate_control,
    "dials": evaluate_dials,
    "faithfulness": evaluate_faithfulness,
    "next_track": evaluate_next_track,
}
"""Experiments of a thorough evaluation; each is a task."""


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
        item_knn = fit_item_knn(known, n_tracks)
        advance(1)
    context = EvaluationContext(material, known, fitted, seed, progress)
    lists = _without_empty_baselines(
        ranked_lists(
            fitted.engine, known.profiles, n_tracks, alone=item_knn, seed=seed, progress=progress
        )
    )
    results = context.evaluated.evaluate(lists, known.held_out)
    intervals, differences = _uncertainty(lists, results, known, seed)
    notes = _few_listeners(known, results[PERSONAL].n)
    return RecommendationReport(
        engine=PERSONAL,
        split=known.split,
        n=results[PERSONAL].n,
        n_tracks=n_tracks,
        models={name: result.mean for name, result in results.items()},
        intervals=intervals,
        differences=differences,
        p_values=_p_values(results, seed),
        baselines=tuple(name for name in BASELINES if name in lists),
        curves=_curves(lists, known, n_tracks),
        simulated=any(user.startswith(SIMULATED) for user in known.users),
        details=_details(context, lists, results, thorough=thorough, notes=notes),
        notes=tuple(notes),
    )


def fit_item_knn(known: HeldOut, n_tracks: int) -> list[tuple[str, Signal]]:
    """Return item-kNN fitted on the earlier listens; nothing with too few listeners."""
    listening = [profile for profile in known.history.values() if len(profile.liked) > 1]
    if len(listening) < MIN_LISTENERS:
        return []
    model = ItemKnn().fit(opinions_of(list(known.history.values()), n_tracks))
    return [(ITEM_KNN, CollaborativeSignal(model))]


def _details(
    context: EvaluationContext,
    lists: Lists,
    results: Mapping[str, RankingResult],
    *,
    thorough: bool,
    notes: list[str],
) -> Details:
    measured: dict[str, Any] = {}
    if thorough:
        # experiments fit models of their own, so each may use all threads of a machine
        tasks = [(measure,) for measure in _EXPERIMENTS.values()]
        found = context.material.runner.map(_measured, tasks, (context,), threads=True)
        for name, (result, note) in zip(_EXPERIMENTS, found, strict=True):
            measured[name] = result
            notes.extend([note] if note else [])
    single = best_single(context, results)
    return Details(
        best_single=single,
        comparisons=comparisons(results, single, seed=context.seed),
        groups=evaluate_groups(context, results, single),
        cold_tracks=measured.get("cold_tracks"),
        cold_listeners=measured.get("cold_listeners") or {},
        control=measured.get("control"),
        dials=measured.get("dials"),
        faithfulness=measured.get("faithfulness"),
        next_track=measured.get("next_track"),
        organic=evaluate_organic(context, lists, results),
    )


def _measured(
    measure: Callable[[EvaluationContext], Any], context: EvaluationContext
) -> tuple[Any, str | None]:
    """Return the result of an experiment, or the reason why there is none."""
    try:
        return measure(context), None
    except SegueError as error:
        return None, str(error)


def _without_empty_baselines(lists: Lists) -> Lists:
    """Return lists without the baselines that recommend nothing to any listener."""
    filled = non_empty(lists)
    return {name: own for name, own in lists.items() if name in filled or name not in BASELINES}


def _few_listeners(known: HeldOut, n: int) -> list[str]:
    """Return a note on what the numbers of few listeners say; none with enough listeners."""
    if n >= MIN_LISTENERS_FOR_CLAIMS:
        return []
    timed = any(known.after[name].notna().any() for name in ("timestamp", "position"))
    how = "time split (earlier listens are known, later ones held out)" if timed else "random split"
    note = (
        f"The recommendations were evaluated for {plural(n, 'listener')}, by"
        f" {'this' if n == 1 else 'each'} listener's own {how}. The intervals resample the held-out"
        " tracks, not listeners, and differences between lists are not judged: that needs at least"
        f" {MIN_LISTENERS_FOR_CLAIMS} listeners."
    )
    return [note]


def _uncertainty(
    lists: Lists, results: Mapping[str, RankingResult], known: HeldOut, seed: int
) -> tuple[ByModel, ByModel]:
    """Return the intervals of all models, and of the differences of the engine from the others."""
    if results[PERSONAL].n >= MIN_LISTENERS_FOR_CLAIMS:
        intervals = {
            name: bootstrap_interval(dict(result.per_user), seed=seed)
            for name, result in results.items()
        }
        return intervals, _differences(results, seed)
    drawn = held_out_resamples(lists, known.held_out, ks=DEFAULT_KS, seed=seed)
    metrics = list(results[PERSONAL].per_user)
    return (
        {name: resample_intervals(own, metrics) for name, own in drawn.items()},
        {
            name: resample_intervals(drawn[PERSONAL], metrics, own)
            for name, own in drawn.items()
            if name != PERSONAL
        },
    )


def _differences(results: Mapping[str, RankingResult], seed: int) -> ByModel:
    ours = results[PERSONAL].per_user
    return {
        name: bootstrap_interval(
            {metric: ours[metric] - values for metric, values in result.per_user.items()},
            seed=seed,
        )
        for name, result in results.items()
        if name != PERSONAL
    }


def _p_values(results: Mapping[str, RankingResult], seed: int) -> dict[str, dict[str, float]]:
    """Return the p-values of the engine's differences from the others, by the main metric."""
    ours = results[PERSONAL]
    if ours.n < MIN_LISTENERS_FOR_CLAIMS:
        return {}
    return {
        name: {_MAIN: paired(ours.per_user[_MAIN], result.per_user[_MAIN], seed=seed).p}
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
