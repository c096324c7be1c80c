"""Evaluation of next-track prediction at given points."""

import numpy as np

from segue.listening.sequences.markov import Markov, MarkovSettings
from segue.pipeline.experiments.next_track import evaluate_points


def test_truth_without_a_score_is_no_hit():
    chain = Markov(MarkovSettings(order=1, reach=1)).fit([[0, 1]], 4)
    sequences = [np.array([0, 1]), np.array([0, 2])]
    result, _ = evaluate_points(chain, sequences, [(0, 1), (1, 1)])
    assert result.per_user["hit_rate@20"].tolist() == [1, 0]
    assert result.per_user["new_mrr@20"].tolist() == [1, 0]
