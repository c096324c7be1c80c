"""Splits of listens: by time, new tracks held out, given splits obeyed."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segue.evaluation import listen_split_rule, split_listens


def table(rows, columns=("user_id", "track_id", "timestamp")):
    return pd.DataFrame(rows, columns=list(columns))


LISTENS = st.lists(
    st.tuples(st.sampled_from(["ann", "bob"]), st.integers(0, 15).map(str), st.integers(0, 30)),
    min_size=1,
    max_size=60,
)


@given(rows=LISTENS)
@settings(max_examples=60, deadline=None)
def test_split_train_is_never_after_held_out(rows):
    listens = table(rows)
    listens["found"] = split_listens(listens, seed=0)
    for _, own in listens.groupby("user_id"):
        latest = {
            split: part["timestamp"].agg(["min", "max"]) for split, part in own.groupby("found")
        }
        for earlier, later in (("train", "valid"), ("train", "test"), ("valid", "test")):
            if earlier in latest and later in latest:
                assert latest[earlier]["max"] <= latest[later]["min"]


@given(rows=LISTENS)
@settings(max_examples=60, deadline=None)
def test_split_of_two_tracks_has_test_track(rows):
    listens = table(rows)
    listens["found"] = split_listens(listens, seed=0)
    for _, own in listens.groupby("user_id"):
        before = set(own.loc[own["found"] != "test", "track_id"])
        new = set(own.loc[own["found"] == "test", "track_id"]) - before
        n_tracks = own["track_id"].nunique()
        assert len(new) == (max(1, round(n_tracks * 0.2)) if n_tracks > 1 else 0)


@given(rows=LISTENS, seed=st.integers(0, 5))
@settings(max_examples=60, deadline=None)
def test_split_does_not_depend_on_row_order(rows, seed):
    listens = table(rows).drop_duplicates().reset_index(drop=True)
    shuffled = listens.sample(frac=1, random_state=seed)
    found = split_listens(shuffled, seed=1)
    assert found.index.equals(shuffled.index)
    assert found.sort_index().tolist() == split_listens(listens, seed=1).tolist()


def test_split_of_ten_tracks_is_seven_one_two():
    listens = table([("ann", f"t{i}", 100 - i) for i in range(10)])
    assert split_listens(listens, seed=0).tolist() == ["test"] * 2 + ["valid"] + ["train"] * 7


def test_split_without_time_uses_position():
    listens = table(
        [("ann", "a", None, 1), ("ann", "b", None, 2), ("bob", "a", 2, 1), ("bob", "b", 1, 2)],
        ("user_id", "track_id", "timestamp", "position"),
    )
    assert split_listens(listens, seed=0).tolist() == ["train", "test", "test", "train"]


def test_split_by_restarting_positions_holds_last_session_out():
    rows = [("ann", f"t{5 * s + n}", f"s{9 - s}", n) for s in range(5) for n in range(5)]
    listens = table(rows, ("user_id", "track_id", "session_id", "position"))
    expected = ["train"] * 18 + ["valid"] * 2 + ["test"] * 5
    assert split_listens(listens, seed=0).tolist() == expected


def test_split_without_order_is_seeded_by_track():
    listens = table([("ann", str(i % 20)) for i in range(60)], ("user_id", "track_id"))
    first = split_listens(listens, seed=1)
    assert first.tolist() == split_listens(listens, seed=1).tolist()
    assert first.tolist() != split_listens(listens, seed=2).tolist()
    assert first.groupby(listens["track_id"]).nunique().eq(1).all()


def test_split_without_order_differs_by_listener():
    rows = [(f"user {u}", str(i)) for u in range(30) for i in range(10)]
    listens = table(rows, ("user_id", "track_id"))
    held_out = listens[split_listens(listens, seed=0) == "test"]
    assert held_out["track_id"].nunique() == 10


def test_split_obeys_given_column():
    listens = table(
        [("ann", "a", "test"), ("ann", "b", None), ("bob", "a", "valid")],
        ("user_id", "track_id", "split"),
    )
    assert split_listens(listens, seed=0).tolist() == ["test", "train", "valid"]


def test_split_ignores_empty_column():
    listens = table(
        [("ann", str(i), i, None) for i in range(4)], ("user_id", "track_id", "timestamp", "split")
    )
    assert split_listens(listens, seed=0).tolist() == ["train"] * 3 + ["test"]


def test_split_with_zero_shares_holds_nothing_out():
    listens = table([("ann", str(i), i) for i in range(10)])
    assert set(split_listens(listens, held_out=(0.0, 0.0), seed=0)) == {"train"}


def test_split_accepts_nullable_columns_and_no_rows():
    listens = table([("ann", "a", 1), ("ann", "b", 2)])
    listens["timestamp"] = listens["timestamp"].astype("Float64")
    listens["position"] = pd.array([pd.NA, 1], dtype="Int64")
    assert split_listens(listens, seed=0).tolist() == ["train", "test"]
    assert len(split_listens(listens.iloc[:0], seed=0)) == 0


def test_split_rejects_invalid_arguments():
    listens = table([("ann", "a", "dev")], ("user_id", "track_id", "split"))
    with pytest.raises(ValueError, match="split 'dev' is unknown"):
        split_listens(listens, seed=0)
    with pytest.raises(ValueError, match=r"held_out \(0.5, 0.5\) are no shares"):
        split_listens(listens, held_out=(0.5, 0.5), seed=0)


def test_split_of_many_listeners_equals_each_alone(rng):
    rows = pd.DataFrame(
        {
            "user_id": rng.integers(0, 20, 400).astype(str),
            "track_id": rng.integers(0, 30, 400).astype(str),
            "timestamp": np.arange(400)[rng.permutation(400)],
        }
    )
    together = split_listens(rows, seed=0)
    for _, own in rows.groupby("user_id"):
        assert together[own.index].tolist() == split_listens(own, seed=0).tolist()


@pytest.mark.parametrize(
    ("moments", "said"),
    [
        ({"timestamp": [1, 2, 3]}, "For each listener, the fifth of the tracks that they disc"),
        ({"timestamp": [1, None, 3], "position": [1, 2, None]}, "discovered last is held out."),
        ({"timestamp": [1, 2, None]}, "if their order is unknown, a fifth"),
        ({"position": [None] * 3}, "The listens have no order: for each listener, a"),
        ({}, "The listens have no order"),
        ({"timestamp": [1, 2, 3], "split": ["test", None, None]}, "The dataset defines the split"),
    ],
)
def test_split_rule_describes_the_split(moments, said):
    listens = pd.DataFrame({"user_id": ["ann", "ann", "bob"], "track_id": list("abc"), **moments})
    assert said in listen_split_rule(listens)


def test_split_undated_listens_come_before_dated_ones():
    dated = [("ann", f"t{i}", float(i)) for i in range(10)]
    undated = [("ann", "u1", None), ("ann", "u2", None)]
    found = split_listens(table([*dated, *undated]), seed=0)
    assert found.tolist()[-4:] == ["test", "test", "train", "train"]
