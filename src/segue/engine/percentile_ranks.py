"""Percentile ranks of all tracks of a catalogue for one listener."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from segue.engine.blend import Engine, keep_one_of_each, score_order
from segue.engine.standardization import SeededScores
from segue.signals import UserProfile

TOP: Final = 255


def percentile_ranks(engine: Engine, profile: UserProfile) -> NDArray[np.uint8]:
    """Return the percentile ranks of all tracks, known ones included, ``[n_tracks]``.

    From 255, the best, evenly by rank down to 1; 0 for unscored and missing tracks, and for all but
    the best file of a recording. The order is that of `Engine.recommend`, without seeds.
    """
    rows = engine.rows(profile)
    rows = rows.history if isinstance(rows, SeededScores) else rows
    n = rows.n_tracks
    excluded = engine.all_excluded(np.zeros(n, bool))
    weights = engine.listener_weights(profile)
    scores = rows.blended(weights, excluded)[0]
    if np.isnan(scores).all():
        speaks = rows.speaks(~excluded).astype(np.float64)
        if speaks.any():  # no signal with a weight scores any track: the others count equally
            scores = rows.blended(speaks / speaks.sum(), excluded)[0]
    keep_one_of_each(scores, engine.recordings)
    order = score_order(np.arange(n), scores)
    n_known = n - int(np.count_nonzero(np.isnan(scores)))
    found = np.zeros(n, np.uint8)
    found[order[:n_known]] = np.linspace(TOP, 1, max(n_known, 1))[:n_known]
    return found
