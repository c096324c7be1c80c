"""Lists of single signals, as the report compares them with the blend."""

import numpy as np

from segue.engine import Engine, Weights
from segue.pipeline.experiments.ranked_lists import ranked_lists
from segue.signals import UserProfile

N_TRACKS = 2_000


class Same:
    """A signal with one score for the first half of the tracks, and a lower one for the rest."""

    name = "recency"

    def for_listeners(self, profiles):
        row = np.r_[np.ones(N_TRACKS // 2), np.zeros(N_TRACKS // 2)]
        return np.tile(row.astype(np.float32), (len(profiles), 1))


def test_equal_scores_of_a_signal_are_not_in_catalogue_order():
    nothing = np.zeros(0, np.int64)
    profile = UserProfile(nothing, nothing.astype(np.float32), nothing)
    engine = Engine([Same()], Weights.fixed([1.0]))
    lists = ranked_lists(engine, [profile], N_TRACKS)
    alone = lists["recency"][0]
    assert (alone < N_TRACKS // 2).all()
    assert alone.mean() > 200  # the mean of the first twenty is 9.5
    assert len(set(alone.tolist())) == len(alone)
