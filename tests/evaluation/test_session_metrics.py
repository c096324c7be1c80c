"""Metrics of sessions, against values computed by hand."""

import numpy as np
import pytest

from segue.evaluation.session_metrics import session_metrics

# session 0 plays 1 2 3 2, session 1 plays 4 5; lists of three items
RESTS = [np.array(rest) for rest in ([2, 3, 2], [3, 2], [2], [5])]
LISTS = [[9, 2, 3], [2, 7, -1], [2, 1, 8], [6, 7, 8]]
OWNERS = [0, 0, 0, 1]


def test_session_metrics_equal_values_by_hand():
    found = session_metrics(LISTS, RESTS, OWNERS, k=3).mean
    assert found["hit_rate@3"] == pytest.approx((1 + 0 + 1 + 0) / 4)
    assert found["mrr@3"] == pytest.approx((1 / 2 + 0 + 1 + 0) / 4)
    assert found["precision@3"] == pytest.approx((2 / 3 + 1 / 3 + 1 / 3 + 0) / 4)
    assert found["recall@3"] == pytest.approx((2 / 2 + 1 / 2 + 1 + 0) / 4)


def test_session_metrics_cut_lists_at_k():
    found = session_metrics(LISTS, RESTS, OWNERS, k=1).mean
    assert (found["hit_rate@1"], found["precision@1"]) == (1 / 4, 2 / 4)


def test_session_intervals_resample_sessions():
    result = session_metrics(LISTS, RESTS, OWNERS, k=3)
    assert result.counts.tolist() == [3, 1]
    low, high = result.intervals(seed=0)["hit_rate@3"]
    assert (low, high) == (0.0, pytest.approx(2 / 3))  # only session 1, and only session 0
    assert result.minus(result, seed=0)["mrr@3"] == (0.0, 0.0)


def test_session_metrics_refuse_other_shapes():
    with pytest.raises(ValueError, match="do not fit 4 points"):
        session_metrics(LISTS[:3], RESTS, OWNERS, k=3)
    with pytest.raises(ValueError, match="nothing was played"):
        session_metrics([[1]], [np.zeros(0, np.int64)], [0], k=1)
