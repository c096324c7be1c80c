"""Sweeps: lists at many dial settings from the same pools.

Pools are made once (`Engine.recommend(profile, POOL)` for each listener); each setting then costs
one re-ranking, a few hundred microseconds per listener.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from segue.engine.blend import Ranked
from segue.engine.catalogue_arrays import CatalogueArrays
from segue.engine.dials import Dials
from segue.engine.rerank import rerank
from segue.signals import UserProfile


def sweep(
    pools: Sequence[Ranked],
    profiles: Sequence[UserProfile],
    facts: CatalogueArrays,
    k: int,
    settings: Sequence[Dials],
) -> list[NDArray[np.int64]]:
    """Return the lists at each setting, ``[n_listeners, k]``, padded with -1.

    The result is the input of `segue.evaluation.ranking_metrics`. Weights in the settings are
    ignored, because a pool is blended already.

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
