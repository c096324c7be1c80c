"""Rank tracks by similarity to one: one file of a recording, one version of a song."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from segue.engine import (
    CatalogueArrays,
    Engine,
    Ranked,
    best_positions,
    keep_one_of_each,
    score_order,
)
from segue.signals import VectorSignal


def similar_tracks(
    engine: Engine,
    facts: CatalogueArrays,
    position: int,
    k: int,
    space: VectorSignal | None = None,
    *,
    versions: bool = False,
    excluded: NDArray[np.bool_] | None = None,
) -> Ranked:
    """Return the `k` tracks most similar to the one at `position`, or fewer if there are fewer.

    Parameters
    ----------
    space
        The signal to compare by, all of the engine's if not given.
    versions
        Whether several versions of a song may come, and others of the track's own song.
    excluded
        Tracks that are left out, ``[n_tracks]``.
    """
    left_out = np.zeros(len(facts), bool) if excluded is None else excluded
    size = k
    while True:
        if space is None:
            found = engine.similar(position, size, left_out)
        else:
            found = _similar_by(space, engine, position, size, left_out)
        ranked = found if versions else _one_version(found, position, facts, k)
        if len(ranked.positions) >= k or len(found.positions) < size:
            return ranked
        size *= 4  # other versions took too many places


def _similar_by(
    space: VectorSignal, engine: Engine, position: int, k: int, excluded: NDArray[np.bool_]
) -> Ranked:
    scores = space.for_track(position)
    scores[position] = np.nan
    if space.hubs is None:
        scores[scores == 0] = np.nan  # nothing in common
    keep_one_of_each(scores, engine.recordings)
    for group in engine.recordings:
        if position in group:
            scores[list(group)] = np.nan
    scores[engine.all_excluded(excluded)] = np.nan
    found = best_positions(scores, k)
    found = found[score_order(found, scores[found])]
    top = scores[found]
    return Ranked(found, top, top[:, None], np.ones(1))


def _one_version(ranked: Ranked, seed: int, facts: CatalogueArrays, k: int) -> Ranked:
    """Return the first `k` without other versions of their songs and of that of the seed."""
    songs = facts.versions_at(np.append(seed, ranked.positions))
    first = np.zeros(len(songs), bool)
    first[np.unique(songs, return_index=True)[1]] = True
    kept = np.flatnonzero((first | (songs < 0))[1:])[:k]
    return replace(
        ranked,
        positions=ranked.positions[kept],
        scores=ranked.scores[kept],
        parts=ranked.parts[kept],
        features=None,
    )
