"""Group recommendation: one list for several listeners, fair to each.

Each listener's scores are standardized over the candidates, so that all have the same influence.
The value of a track for the group is part average, part *least misery*:
``(1 - misery) mean + misery min``, half of each by default. With the average alone a majority
rules; with misery alone the listener who is hardest to please does. Sources: Masthoff, "Group
recommender systems: combining individual models" (Recommender Systems Handbook, 2011); O'Connor et
al., "PolyLens" (ECSCW 2001), for least misery.

The value divides among the listeners: each gets their share of the average, and the least satisfied
one the misery term, so parts sum to scores. Tracks that any of them dislikes are left out.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from segue.engine.blend import Engine, Ranked, keep_one_of_each
from segue.engine.catalogue_arrays import CatalogueArrays
from segue.engine.dials import Dials
from segue.engine.rerank import POOL, rerank, set_weights
from segue.engine.standardization import standardise
from segue.index import best
from segue.signals import UserProfile

MISERY = 0.5
"""Weight of least misery against the average."""


@dataclass(frozen=True, slots=True)
class GroupList:
    """A list for several listeners.

    `ranked.parts` are [k, n_listeners + n_dials], `tastes` [k, n_listeners] the opinions of each
    track, in standard deviations from the listener's mean.
    """

    ranked: Ranked
    tastes: NDArray[np.float32]


def blend_listeners(
    engine: Engine,
    profiles: Sequence[UserProfile],
    k: int,
    dials: Dials,
    facts: CatalogueArrays,
    *,
    excluded: NDArray[np.bool_] | None = None,
    misery: float = MISERY,
) -> GroupList:
    """Return `k` tracks for all of `profiles` together.

    A track is known to the group if any of them knows it; the mix of genres is their mean.

    Raises
    ------
    ValueError
        If there is no listener, or misery is not between 0 and 1.
    """
    if not profiles:
        raise ValueError("A blend needs listeners: give at least one.")
    if not 0 <= misery <= 1:
        raise ValueError(f"misery is {misery}: give a number from 0 to 1.")
    group = _together(profiles)
    met = np.zeros(len(facts), bool)
    met[group.known] = True
    met = met if dials.versions else facts.with_versions(met)
    group = replace(group, known=np.flatnonzero(engine.files_of(met)))
    exclude = np.zeros(len(facts), bool) if excluded is None else excluded.copy()
    for profile in profiles:
        exclude[profile.positions[profile.weights < 0]] = True
    if dials.max_known_share == 0:
        exclude[group.known] = True
    scores = np.full((len(profiles), len(facts)), np.nan, np.float32)
    for row, profile in zip(scores, profiles, strict=True):
        weights = set_weights(engine, profile, dials)
        found = engine.recommend(profile, len(facts), exclude=exclude, weights=weights)
        row[found.positions] = found.scores
    says = np.asarray(~np.isnan(scores).all(axis=0), bool)
    tastes = standardise(scores, says)
    least = tastes.argmin(axis=0)
    parts = (1 - misery) / len(profiles) * tastes
    parts[least, np.arange(len(facts))] += misery * tastes.min(axis=0)
    worth = np.where(says, parts.sum(axis=0), np.nan).astype(np.float32)
    keep_one_of_each(worth, engine.recordings)
    even = np.full(len(profiles), 1 / len(profiles))
    size = min(max(POOL, 10 * k) + len(group.known), len(facts))
    while True:
        positions, values = best(worth[None], size)
        places = positions[0][positions[0] >= 0]
        pool = Ranked(places, values[0][: len(places)], parts[:, places].T, even)
        ranked = rerank(pool, k, dials, facts, group, members=profiles)
        if len(ranked.positions) == k or len(places) < size or size == len(facts):
            return GroupList(ranked, tastes[:, ranked.positions].T)
        size = min(4 * size, len(facts))  # caps blocked too many


def _together(profiles: Sequence[UserProfile]) -> UserProfile:
    """Return one profile with the sum of all opinions, each listener with the same weight."""
    opinions: dict[int, float] = {}
    for profile in profiles:
        total = float(np.abs(profile.weights).sum()) or 1.0
        for position, weight in zip(
            profile.positions.tolist(), profile.weights.tolist(), strict=True
        ):
            opinions[position] = opinions.get(position, 0.0) + weight / total
    return UserProfile(
        np.array(list(opinions), np.int64),
        np.array(list(opinions.values()), np.float32),
        np.unique(np.concatenate([profile.known for profile in profiles])),
        user="\0".join(sorted(profile.user or "" for profile in profiles)),
    )
