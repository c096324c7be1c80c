"""Compare the blends with the best single signal, for all listeners and by groups.

The best single signal is chosen on the same listens that it is evaluated on, which favors it over
the blend.
"""

from collections.abc import Mapping

from segue.evaluation import (
    MIN_LISTENERS_FOR_CLAIMS,
    NICHE_TO_MAINSTREAM,
    Difference,
    Group,
    ListenerGroup,
    ModelComparison,
    RankingResult,
    by_history_length,
    mainstreamness,
    paired,
    terciles,
)
from segue.pipeline.experiments.held_out import EvaluationContext
from segue.pipeline.experiments.ranked_lists import GLOBAL, PERSONAL, figures

POPULARITY, HISTORY = "popularity", "history"
COMPARED = ("ndcg@10", "ndcg@20", "recall@20")
_OF_GROUPS = ("ndcg@10", "ndcg@20")


def best_single(context: EvaluationContext, results: Mapping[str, RankingResult]) -> str:
    """Return the best single signal by nDCG@20."""
    names = [name for name in context.fitted.names if name in results]
    return max(names, key=lambda name: results[name].mean["ndcg@20"])


def comparisons(
    results: Mapping[str, RankingResult], single: str, *, seed: int
) -> list[ModelComparison]:
    """Compare both blends with the best single signal, and with each other."""
    pairs = ((PERSONAL, single), (GLOBAL, single), (PERSONAL, GLOBAL))
    return [
        ModelComparison(
            first=first,
            second=second,
            metric=metric,
            difference=paired(
                results[first].per_user[metric], results[second].per_user[metric], seed=seed
            ),
        )
        for first, second in pairs
        for metric in COMPARED
    ]


def evaluate_groups(
    context: EvaluationContext, results: Mapping[str, RankingResult], single: str
) -> dict[str, list[ListenerGroup]]:
    """Evaluate groups of listeners by mainstreamness and by length of history.

    Groups of fewer than `MIN_LISTENERS_FOR_CLAIMS` listeners are left out.
    """
    evaluated = context.evaluated
    judged = results[PERSONAL].users.tolist()
    likes = [context.known.profiles[place].liked for place in judged]
    mainstream = mainstreamness(likes, evaluated.popularity, evaluated.n_listeners)
    divided = {
        POPULARITY: terciles(mainstream, NICHE_TO_MAINSTREAM),
        HISTORY: by_history_length([len(own) for own in likes]),
    }
    shown = dict.fromkeys((PERSONAL, GLOBAL, single, POPULARITY))
    chosen = {name: results[name] for name in shown if name in results}
    return {
        by: [
            _group(group, chosen, single, context.seed)
            for group in groups
            if len(group.members) >= MIN_LISTENERS_FOR_CLAIMS
        ]
        for by, groups in divided.items()
    }


def _group(
    group: Group, results: Mapping[str, RankingResult], single: str, seed: int
) -> ListenerGroup:
    own = {
        name: {metric: result.per_user[metric][group.members] for metric in _OF_GROUPS}
        for name, result in results.items()
    }

    def over(other: str) -> dict[str, Difference]:
        return {
            metric: paired(own[PERSONAL][metric], own[other][metric], seed=seed)
            for metric in _OF_GROUPS
        }

    return ListenerGroup(
        name=group.name,
        low=group.low,
        high=group.high,
        figures=figures(results, _OF_GROUPS, rows=group.members, seed=seed),
        gains=over(GLOBAL),
        over_single=over(single),
    )
