"""Sweeps: many lists from the same pools, to measure what a dial costs and brings.

Pools are made once (`Engine.recommend(profile, POOL)` for each listener); a setting then costs a
re-ranking, some hundred microseconds a listener.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from segue.engine.blend import Ranked
from segue.engine.catalogue_arrays import CatalogueArrays
from segue.engine.dials import Dials
from segue.engine.rerank import rerank
from segue.signals import Profile


def sweep(
    pools: Sequence[Ranked],
    profiles: Sequence[Profile],
    facts: CatalogueArrays,
    k: int,
    settings: Sequence[Dials],
) -> list[NDArray[np.int64]]:
    """Return the lists of all listeners at each setting, ``[n_listeners, k]``, -1 for no more.

    They are what `segue.evaluation.ranking_metrics` judges. Weights of the settings are not looked
    at: a pool is blended already.

    Raises
    ------
    ValueError
        If there is not one pool for each profile.
    """
    if len(pools) != len(profiles):
        raise ValueError(f"{len(pools)} pools for {len(profiles)} listeners: give one for each.")
    lists = []
    for dials in settings:
        found = np.full((len(pools), k), -1, np.int64)
        for row, pool, profile in zip(found, pools, profiles, strict=True):
            positions = rerank(pool, k, dials, facts, profile).positions
            row[: len(positions)] = positions
        lists.append(found)
    return lists
