"""Groups of listeners: every listener is in one, ties stay together."""

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from segue.evaluation import NICHE_TO_MAINSTREAM, by_history_length, mainstreamness, terciles


def test_mainstreamness_is_mean_share_of_listeners():
    histories = [np.array([0]), np.array([0, 2]), np.zeros(0, np.int64)]
    found = mainstreamness(histories, [8, 4, 2], 8)
    np.testing.assert_allclose(found, [1.0, 0.625, np.nan])


def test_terciles_without_ties_are_even(rng):
    groups = terciles(rng.permutation(90), NICHE_TO_MAINSTREAM)
    assert [len(group.members) for group in groups] == [30, 30, 30]
    assert [(group.low, group.high) for group in groups] == [(0, 29), (30, 59), (60, 89)]
    assert [group.name for group in groups] == ["niche", "in between", "mainstream"]


@given(st.lists(st.integers(0, 6) | st.just(float("nan")), max_size=40))
def test_terciles_cover_all_and_keep_ties(values):
    groups = terciles(values, "abc")
    members = [place for group in groups for place in group.members.tolist()]
    assert sorted(members) == np.flatnonzero(np.isfinite(np.array(values, float))).tolist()
    for lower, upper in pairwise(groups):
        assert lower.high < upper.low


def test_history_groups_divide_at_ten_and_fifty():
    groups = by_history_length([3] * 20 + [10] * 25 + [50] * 5 + [51] * 2)
    assert [(group.low, group.high, len(group.members)) for group in groups] == [
        (3, 3, 20),
        (10, 50, 30),
        (51, 51, 2),
    ]


def test_history_groups_of_similar_length_are_thirds():
    groups = by_history_length(list(range(30, 48)) * 10)
    assert [len(group.members) for group in groups] == [60, 60, 60]
    assert groups[0].name == "short histories"
    assert [len(group.members) for group in by_history_length([32] * 50)] == [50]
