"""How well affinities can be read from a history at all: the ceiling of any opinion function."""

import numpy as np
from scipy.stats import spearmanr
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.model_selection import cross_val_predict

from .behavior import EPISODE
from .simulate import Simulated
from .taste import Floats

N_KINDS = 6


def ceiling(simulated: Simulated) -> float:
    """Return Spearman of affinity and its best estimate from counts of each track.

    A regression is fitted to true affinities of other tracks of the same person (four folds), on
    what the export has of each: numbers of plays by the share that was heard, loves, stars. An
    opinion function can do somewhat better, since the regression learns from few tracks.
    """
    judged = simulated.judged
    if len(judged) < 20:
        return float("nan")
    counts = _counts(simulated)[judged]
    plays = counts[:, :N_KINDS]
    total = plays.sum(axis=1, keepdims=True)
    inputs = np.hstack([np.log1p(counts), plays / np.maximum(total, 1)])
    model = GradientBoostingRegressor(n_estimators=50, max_depth=3, random_state=0)
    found = cross_val_predict(model, inputs, simulated.taste.affinity[judged], cv=4)
    return float(spearmanr(found, simulated.taste.affinity[judged]).statistic)


def _counts(simulated: Simulated) -> Floats:
    """Return what the export has of each track, ``[n_tracks, 8]``.

    It is numbers of plays by the share that was heard, of technical ends, loves or stars, hates.
    """
    counts = np.zeros((len(simulated.world), 8))
    for track, mark in simulated.marked.items():
        counts[track, 6 if mark > 0 else 7] = abs(mark)
    for one in simulated.exported:
        if one.track == EPISODE or one.private:
            continue
        if one.ended_by not in {"trackdone", "fwdbtn"}:
            counts[one.track, 5] += 1
            continue
        share = one.seconds / simulated.world.durations[one.track]
        counts[one.track, int(np.searchsorted((0.05, 0.25, 0.5, 0.85), share))] += 1
    return counts
