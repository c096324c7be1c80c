"""What recommended lists show, in sentences that need no table beside them."""

import math

from segue.evaluation.report.contents import RecommendationReport
from segue.evaluation.report.words import compared, joined, main_cut, percent, spoken_name, title_of

_BASELINES = {
    "popularity": "popularity, what most listeners like",
    "random": "tracks drawn at random",
    "item-knn": "item-kNN, what the same people like",
}
_BLENDS = ("personal", "global")


def lists_show(lists: RecommendationReport) -> list[str]:
    """Return what the figures of recommended lists show, the one that says most first."""
    k = main_cut(lists)
    mine = lists.models[lists.engine]
    who = "simulated listeners" if lists.simulated else "listeners"
    hits = mine.get(f"precision@{k}", math.nan) * k
    found = percent(mine.get(f"hit_rate@{k}", math.nan))
    opening = (
        f"Of {k} tracks that segue recommends, {hits:.1f} on average are ones that the listener did"
        f" play and that were kept back from learning; {found} of {lists.n:,} {who} get at least"
        " one."
    )
    sentences = [opening]
    metric = f"ndcg@{k}"
    rivals = {name: _BASELINES.get(name, name) for name in lists.baselines if name in lists.models}
    if rivals:
        sentences.append(_beside(lists, metric, rivals))
    singles = _singles(lists)
    if singles and not lists.details.comparisons:  # else those say it
        best = max(singles, key=lambda name: _ordered(lists.models[name].get(metric)))
        role = f"the best single signal, {spoken_name(best)}"
        sentences.append(f"It {_by_side(lists, metric, {best: role})}.")
    return sentences


def _singles(lists: RecommendationReport) -> list[str]:
    others = {lists.engine, *lists.baselines, *_BLENDS}
    return [name for name in lists.models if name not in others]


def _beside(lists: RecommendationReport, metric: str, rivals: dict[str, str]) -> str:
    """Say how the engine stands to others, with what the metric means."""
    mine = lists.models[lists.engine].get(metric, math.nan)
    several = len(_singles(lists)) > 1
    blended = ", a blend of several signals (ways to score a track)," if several else ""
    return (
        f"The list{blended} scores {mine:.3f} in {title_of(metric)} (0: holds nothing of what was"
        f" kept back, 1: begins with all of it). It {_by_side(lists, metric, rivals)}."
    )


def _by_side(lists: RecommendationReport, metric: str, rivals: dict[str, str]) -> str:
    told = []
    verbs = {1: "is better than", 0: "cannot be told apart from", -1: "is worse than"}
    for side, verb in verbs.items():
        found = [name for name in rivals if _side(lists, name, metric) == side]
        found.sort(key=lambda name: -_ordered(lists.models[name].get(metric)))
        if found:
            named = (
                f"{rivals[name]} ({lists.models[name].get(metric, math.nan):.3f})" for name in found
            )
            told.append(f"{verb} {joined(named)}")
    return "; it ".join(told)


def _side(lists: RecommendationReport, name: str, metric: str) -> int:
    """Compare the engine with a model: 1 better, -1 worse, 0 not told apart."""
    difference = lists.differences.get(name, {}).get(metric)
    if difference is not None:
        return (difference[0] > 0) - (difference[1] < 0)
    mine, other = (lists.models[each].get(metric, math.nan) for each in (lists.engine, name))
    bounds, others = (lists.intervals.get(each, {}).get(metric) for each in (lists.engine, name))
    return compared(mine, bounds, other, others)


def _ordered(value: float | None) -> float:
    return -math.inf if value is None or math.isnan(value) else value
