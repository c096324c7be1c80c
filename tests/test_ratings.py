"""Ratings of a table as opinions, on the table's own scale."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.ratings import STARS, rating_scale


@pytest.mark.parametrize(
    ("ratings", "totals", "expected"),
    [
        ([1, 3, 5], False, [-1, 0, 1]),
        ([1], False, [-1]),  # one star, alone
        ([4, 5], False, [0.5, 1]),
        ([0, 5], False, [-1, 1]),
        ([0, 1, 5], True, [None, -1, 1]),  # a player's table: 0 is not rated
        ([0, 5, 10], False, [-1, 0, 1]),
        ([2, 10], False, [-7 / 9, 1]),
        ([0, 50, 100], False, [-1, 0, 1]),
        ([20, 60, 100], False, [-1, 0, 1]),  # stars times 20
        ([0, 80, 100], True, [None, 0.5, 1]),
        ([0, 0.5, 1], False, [-1, 0, 1]),
        ([0, 1], False, [-1, 1]),  # false and true
        ([-1, 0, 1], False, [-1, 0, 1]),
    ],
)
def test_rating_scale_of_a_table(ratings, totals, expected):
    scale = rating_scale(ratings, totals=totals)
    found = [scale.opinion(one) for one in ratings]
    assert found == [one if one is None else pytest.approx(one) for one in expected]


def test_stars_of_players_have_no_rating_at_zero():
    found = STARS.opinions(np.array([0, 1, 2, 3, 4, 5, np.nan]))
    np.testing.assert_array_equal(found, [np.nan, -1, -0.5, 0, 0.5, 1, np.nan])


@given(st.lists(st.integers(0, 100), min_size=1), st.booleans())
def test_ratings_keep_their_order_and_bounds(ratings, totals):
    scale = rating_scale(ratings, totals=totals)
    ordered = np.unique(np.array(ratings, float))
    found = scale.opinions(ordered)
    said = found[~np.isnan(found)]
    assert ((said >= -1) & (said <= 1)).all()
    assert (np.diff(said) > 0).all()
