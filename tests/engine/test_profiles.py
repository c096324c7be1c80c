"""Profiles: opinions and histories from tables of listens."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segue.engine import profiles, profiles_of
from segue.engine.opinions import opinions

POSITIONS = {"a": 0, "b": 1, "c": 2}


def profile_of(durations=None, **columns):
    n = len(next(iter(columns.values())))
    table = pd.DataFrame({"user_id": ["u"] * n, **columns})
    return profiles_of(table, POSITIONS, durations=durations)["u"]


def weights(profile):
    found = zip(profile.positions.tolist(), profile.weights.tolist(), strict=True)
    return {"abc"[position]: weight for position, weight in found}


def test_profile_adds_up_listens_of_a_track():
    found = profile_of(track_id=["a", "b", "b", "c"], plays=[1, 4, 5, 2], skipped=[0, 0, 0, 1])
    expected = opinions(np.array([1.0, 9, 0]), np.array([0.0, 0, 2]), np.full(3, np.nan))
    assert list(weights(found).values()) == pytest.approx(expected.tolist())
    assert found.liked.tolist() == [0, 1]


def test_profile_zero_plays_are_not_known():
    found = profile_of(track_id=["a", "b"], plays=[0, 3])
    assert found.known.tolist() == [1]


def test_profile_middle_rating_is_only_known():
    found = profile_of(track_id=["a", "b"], rating=[0.0, 1.0])
    assert found.known.tolist() == [0, 1]
    assert weights(found) == {"b": 1.0}


def test_profile_latest_opinion_counts():
    times = [10.0, 20.0, 30.0]
    found = profile_of(track_id=["a"] * 3, rating=[-1.0, 0.5, 1.0], timestamp=times[::-1])
    assert weights(found)["a"] == -1.0
    found = profile_of(track_id=["a"] * 3, rating=[-1.0, 1.0, 1.0], timestamp=[np.nan, 1, np.nan])
    assert weights(found)["a"] == 1.0  # an undated one is older


def test_profile_opinion_taken_back_is_none():
    columns = {"track_id": ["a", "a", "b"], "rating": [1.0, np.nan, np.nan]}
    found = profile_of(**columns, plays=[np.nan, 0.0, 1.0], timestamp=[1.0, 2.0, 3.0])
    assert weights(found).keys() == {"b"}


def test_profile_undated_listens_keep_dated_order():
    found = profile_of(track_id=["b", "a", "c", "a"], timestamp=[30.0, 10.0, np.nan, 20.0])
    assert found.history.tolist() == [0, 0, 1]
    assert found.known.tolist() == [0, 1, 2]
    assert len(found.ages) == 3


def test_profile_positions_order_a_history_without_times():
    found = profile_of(track_id=["b", "a"], position=[2, 1], timestamp=[np.nan, np.nan])
    assert found.history.tolist() == [0, 1]
    assert not len(found.ages)


def test_profile_restarting_positions_keep_sessions_in_row_order():
    columns = {"track_id": list("acbb"), "position": [1, 1, 0, 0], "session_id": list("tsts")}
    found = profile_of(**columns)
    assert found.history.tolist() == [1, 0, 1, 2]  # session t, then s
    assert found.sessions.tolist() == [0, 0, 1, 1]


def test_profile_restart_is_seen_in_tracks_outside_the_catalogue():
    columns = {"track_id": ["x", "a", "b", "x"], "position": [0, 2, 1, 2]}
    assert profile_of(**columns, session_id=list("ttss")).history.tolist() == [0, 1]


def test_profile_continuing_positions_order_sessions():
    columns = {"track_id": ["b", "c", "a"], "position": [2, 3, 1], "session_id": list("sst")}
    assert profile_of(**columns).history.tolist() == [0, 1, 2]


def test_profile_history_lacks_disliked_tracks():
    columns = {"track_id": ["a", "b", "a"], "timestamp": [1.0, 2.0, 3.0]}
    found = profile_of(**columns, rating=[np.nan, np.nan, -1.0], plays=[1, 1, np.nan])
    assert found.history.tolist() == [1]
    assert weights(found)["a"] == -1.0


listens = st.tuples(
    st.sampled_from("abc"),
    st.one_of(st.just(np.nan), st.integers(0, 4)),
    st.one_of(st.just(np.nan), st.integers(0, 300_000)),
    st.sampled_from([0.0, 1.0, np.nan]),
    st.one_of(st.just(np.nan), st.sampled_from([-1.0, 0.5, 1.0])),
    st.one_of(st.just(np.nan), st.integers(0, 5)),
)


@given(st.lists(listens, min_size=1, max_size=10), st.randoms())
@settings(deadline=None)
def test_profile_does_not_depend_on_order_of_rows(rows, random):
    names = ("track_id", "plays", "ms_played", "skipped", "rating", "timestamp")

    def profile(ordered):
        frame = pd.DataFrame(ordered, columns=names).assign(user_id="u")
        return profiles_of(frame, POSITIONS, durations=[200, None, 100]).get("u")

    shuffled = random.sample(rows, len(rows))
    one, other = profile(rows), profile(shuffled)
    assert (one is None) == (other is None)
    if one is not None:
        np.testing.assert_array_equal(one.positions, other.positions)
        np.testing.assert_allclose(one.weights, other.weights, rtol=1e-6)
        np.testing.assert_array_equal(one.known, other.known)


def test_profile_ignores_unknown_tracks():
    assert profile_of(track_id=["a", "elsewhere"]).known.tolist() == [0]


def test_profiles_are_separate_by_listener():
    table = pd.DataFrame({"user_id": ["v", "u", "v"], "track_id": ["a", "a", "b"]})
    found = profiles_of(table, POSITIONS)
    assert set(found) == {"u", "v"}
    assert found["v"].positions.tolist() == [0, 1]


def test_profiles_without_listens_are_empty():
    assert profiles_of(pd.DataFrame({"user_id": [], "track_id": []}), POSITIONS) == {}


def test_profile_history_knows_sessions():
    found = profile_of(track_id=["c", "a", "b"], timestamp=[3, 1, 2], session_id=["x", "y", None])
    assert found.history.tolist() == [0, 1, 2]
    assert found.sessions.tolist() == [1, -1, 0]
    assert found.played(1).sessions.tolist() == [1, -1, 0, 0]
    assert found.without(np.array([1])).sessions.tolist() == [1, 0]
    assert not len(profile_of(track_id=["a"], timestamp=[1], session_id=[None]).sessions)


def test_profiles_in_blocks_equal_those_of_one_table(monkeypatch):
    rng = np.random.default_rng(7)
    n = 400
    table = pd.DataFrame(
        {
            "user_id": rng.choice(["u1", "u10", "u2", "u3", "u4"], n, p=[0.6, 0.1, 0.1, 0.1, 0.1]),
            "track_id": rng.choice(["a", "b", "c", "unknown"], n),
            "plays": rng.choice([0.0, 1.0, 2.0, np.nan], n),
            "rating": rng.choice([-1.0, 1.0, np.nan], n, p=[0.1, 0.1, 0.8]),
            "timestamp": np.where(rng.random(n) < 0.2, np.nan, rng.integers(0, 300, n)),
            "session_id": rng.choice(["s", "t", None], n),
        }
    )
    friends = [("u1", "u2"), ("u10", "u4")]
    whole = profiles_of(table, POSITIONS, friends=friends)
    assert list(whole) == ["u1", "u10", "u2", "u3", "u4"]
    monkeypatch.setattr(profiles, "_BLOCK", 50)
    for columns in (table, table.astype({"user_id": "category", "track_id": "category"})):
        found = profiles_of(columns, POSITIONS, friends=friends)
        assert list(found) == list(whole)
        for name, profile in whole.items():
            for part in ("positions", "weights", "known", "history", "ages"):
                np.testing.assert_array_equal(getattr(found[name], part), getattr(profile, part))
            numbered = [pd.factorize(one.sessions)[0].tolist() for one in (found[name], profile)]
            assert numbered[0] == numbered[1]
            assert [one.tolist() for one in found[name].friends] == [
                one.tolist() for one in profile.friends
            ]
