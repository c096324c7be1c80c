"""How high every track of a catalogue stands with one listener, by rank, without a list of them."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from segue.engine.blend import Engine, keep_one_of_each
from segue.signals import Profile

TOP: Final = 255


def percentile_ranks(engine: Engine, profile: Profile) -> NDArray[np.uint8]:
    """Return how high tracks stand with a listener, also those they know, ``[n_tracks]``.

    From 255, the best, evenly by rank down to 1; 0 where nothing is known, where a track is
    missing, and for all but the best file of a recording. It is the order in which
    `Engine.recommend` would give all of them.
    """
    rows = engine.rows(profile)
    n = rows.centred.shape[1]
    excluded = engine.all_excluded(np.zeros(n, bool))
    weights = engine.listener_weights(profile)
    scores = rows.blended(weights, excluded)[0]
    if np.isnan(scores).all():
        speaks = rows.speaks(~excluded).astype(np.float64)
        if speaks.any():  # nothing that counts says anything: what does counts alike
            scores = rows.blended(speaks / speaks.sum(), excluded)[0]
    keep_one_of_each(scores, engine.recordings)
    order = np.argsort(-scores, kind="stable")  # NaN last
    n_known = n - int(np.count_nonzero(np.isnan(scores)))
    found = np.zeros(n, np.uint8)
    found[order[:n_known]] = np.linspace(TOP, 1, max(n_known, 1))[:n_known]
    return found
