"""Evaluate lists on organic plays only: tracks that the listener chose without segue's proposal.

A recommender that is measured on plays that it caused itself looks better than it is. A held-out
track is organic for a listener if none of its held-out plays is known to be recommended.
"""

from collections.abc import Mapping

import numpy as np

from segue.evaluation import Organic, RankingResult
from segue.pipeline.experiments.held_out import EvaluationContext
from segue.pipeline.experiments.ranked_lists import Lists, figures

METRICS = ("ndcg@10", "ndcg@20", "recall@20")


def evaluate_organic(
    context: EvaluationContext, lists: Lists, results: Mapping[str, RankingResult]
) -> Organic | None:
    """Compare models on all held-out tracks and on organic ones.

    None if it is not known of any held-out play whether segue proposed it, or if none is organic.

    Parameters
    ----------
    results
        Results on all held-out tracks, of the models to compare.
    """
    known, after = context.known, context.known.after
    if "recommended" not in after or not after["recommended"].notna().any():
        return None
    stated = after[after["recommended"].notna()]
    proposed = stated[stated["recommended"].astype(bool)]
    positions = context.material.catalogue.positions
    caused: dict[str, list[int]] = {}
    for user, track in zip(proposed["user_id"].astype(str), proposed["track_id"], strict=True):
        if track in positions:
            caused.setdefault(user, []).append(positions[track])
    organic = [
        np.setdiff1d(own, caused.get(user, []))
        for user, own in zip(known.users, known.held_out, strict=True)
    ]
    rows = [row for row, own in enumerate(organic) if len(own)]
    if not rows:
        return None
    found = context.evaluated.evaluate(
        {name: lists[name][rows] for name in results}, [organic[row] for row in rows]
    )
    return Organic(
        n_plays=len(stated),
        share=1 - len(proposed) / len(stated),
        on_all=figures(results, METRICS, seed=context.seed),
        on_organic=figures(found, METRICS, seed=context.seed),
    )
