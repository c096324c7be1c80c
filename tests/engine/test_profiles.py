"""Profiles: opinions from listens, case by case."""

import numpy as np
import pandas as pd
import pytest

from segue.engine import profiles_of

POSITIONS = {"a": 0, "b": 1, "c": 2}


def opinions(**columns):
    n = len(next(iter(columns.values())))
    table = pd.DataFrame({"user_id": ["u"] * n, **columns})
    profile = profiles_of(table, POSITIONS)["u"]
    found = zip(profile.positions.tolist(), profile.weights.tolist(), strict=True)
    return {"abc"[position]: pytest.approx(weight) for position, weight in found}, profile


def test_profile_of_bare_listen_is_one_play():
    assert opinions(track_id=["a", "b", "b"])[0] == {"a": np.log(2), "b": np.log(3)}


def test_profile_sums_plays_before_logarithm():
    assert opinions(track_id=["a", "a"], plays=[4, 5])[0] == {"a": np.log(10)}


def test_profile_skip_counts_against():
    found, profile = opinions(track_id=["a", "b", "b"], skipped=[True, False, True])
    assert found == {"a": -1.0, "b": np.log(2) - 1}
    assert profile.liked.tolist() == []


@pytest.mark.parametrize(
    ("ratings", "expected"),
    [
        ([1, 3, 5], {"a": -1.0, "c": 1.0}),
        ([0.5, 2.5, 5.0], {"a": -0.8, "c": 1.0}),
        ([0, 5, 10], {"a": -1.0, "c": 1.0}),
        ([0, 50, 100], {"a": -1.0, "c": 1.0}),
    ],
)
def test_profile_ratings_on_any_scale_are_normalized(ratings, expected):
    assert opinions(track_id=["a", "b", "c"], rating=ratings)[0] == expected


def test_profile_middle_rating_is_only_known():
    profile = opinions(track_id=["a", "b", "c"], rating=[1, 3, 5])[1]
    assert profile.known.tolist() == [0, 1, 2]
    assert profile.liked.tolist() == [2]


def test_profile_ignores_unknown_tracks():
    assert opinions(track_id=["a", "elsewhere"])[0] == {"a": np.log(2)}


def test_profiles_are_separate_by_listener():
    table = pd.DataFrame({"user_id": ["v", "u", "v"], "track_id": ["a", "a", "b"]})
    found = profiles_of(table, POSITIONS)
    assert set(found) == {"u", "v"}
    assert found["v"].positions.tolist() == [0, 1]


def test_profiles_without_listens_are_empty():
    assert profiles_of(pd.DataFrame({"user_id": [], "track_id": []}), POSITIONS) == {}


def test_profile_scales_ratings_by_source():
    columns = {
        "track_id": ["a", "b", "c"],
        "rating": [5.0, 100.0, 1.0],
        "source": ["live", "hundred marks", "live"],
    }
    assert opinions(**columns)[0] == {"a": 1.0, "b": 1.0, "c": -1.0}


def test_profile_live_like_is_like_among_ratings():
    columns = {"track_id": ["a", "b"], "rating": [5.0, 8.0], "source": ["live", "ten marks"]}
    assert opinions(**columns)[0] == {"a": 1.0, "b": 0.6}
