"""Splits of tracks: groups stay together, classes are spread, what is given is obeyed."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segue.evaluation import (
    absent_classes,
    split_tracks,
    straddling_groups,
    undividable_classes,
)

ROWS = st.lists(
    st.tuples(
        st.sampled_from([f"artist {i}" for i in range(12)]),
        st.sampled_from(["folk", "jazz", "rock", None]),
    ),
    max_size=60,
)


def drawn(rows, seed=0, **keywords):
    groups, labels = [group for group, _ in rows], [label for _, label in rows]
    return split_tracks(groups, labels, [None] * len(rows), seed=seed, **keywords)


@given(rows=ROWS, seed=st.integers(0, 50))
@settings(max_examples=80, deadline=None)
def test_no_group_is_on_both_sides(rows, seed):
    assert straddling_groups([group for group, _ in rows], drawn(rows, seed)) == ()


@given(rows=ROWS, order=st.randoms(use_true_random=False))
@settings(max_examples=80, deadline=None)
def test_the_order_of_the_rows_does_not_matter(rows, order):
    shuffled = list(range(len(rows)))
    order.shuffle(shuffled)
    there = drawn([rows[i] for i in shuffled])
    back = [there[shuffled.index(i)] for i in range(len(rows))]
    assert back == drawn(rows)


def test_each_class_is_spread_as_the_fractions_say():
    rows = [
        (f"{label} {i // 4}", label)
        for label, n in (("folk", 400), ("jazz", 200))
        for i in range(n)
    ]
    counts = Counter(zip([label for _, label in rows], drawn(rows), strict=True))
    for label, n in (("folk", 400), ("jazz", 200)):
        for split, share in (("train", 0.7), ("valid", 0.15), ("test", 0.15)):
            assert counts[label, split] == pytest.approx(n * share, abs=4)


def test_seeds_draw_different_splits():
    rows = [(f"artist {i}", "folk") for i in range(60)]
    assert drawn(rows, 1) == drawn(rows, 1)
    assert drawn(rows, 1) != drawn(rows, 2)


@pytest.mark.parametrize(
    ("n_groups", "expected"),
    [(1, {"train"}), (2, {"train", "test"}), (3, {"train", "valid", "test"})],
)
def test_a_class_of_few_groups_is_first_learned_then_judged(n_groups, expected):
    rows = [(f"jazz {i % n_groups}", "jazz") for i in range(12)]
    rows += [(f"folk {i}", "folk") for i in range(40)]
    found = {split for (_, label), split in zip(rows, drawn(rows), strict=True) if label == "jazz"}
    assert found == expected


def test_the_larger_of_two_groups_is_learned():
    rows = [("many", "jazz")] * 20 + [("few", "jazz")] * 5
    assert drawn(rows) == ["train"] * 20 + ["test"] * 5


def test_an_artist_of_several_classes_stays_whole():
    rows = [("both", "folk"), ("both", "jazz"), ("one", "folk"), ("other", "jazz")] * 3
    assert straddling_groups([group for group, _ in rows], drawn(rows)) == ()


def test_classes_of_one_group_are_named():
    assert undividable_classes(["a", "a", "b", "c"], ["x", "x", "y", "y"]) == ("x",)
    assert undividable_classes(["a", "b"], [None, None]) == ()
    assert absent_classes(["x", "y"], ["train", "test"], "test") == ("x",)


def test_given_splits_are_obeyed_even_where_a_group_straddles():
    given_splits = ["train", "test", "valid"]
    assert split_tracks(["a", "a", "b"], ["x"] * 3, given_splits, seed=0) == given_splits


def test_given_train_and_valid_get_no_test():
    given_splits = ["train"] * 8 + ["valid"] * 4
    found = split_tracks([str(i) for i in range(12)], ["x"] * 12, given_splits, seed=0)
    assert found == given_splits


def test_tracks_without_a_statement_follow_their_group_or_are_learned():
    found = split_tracks(
        ["a", "a", "b", "c", "c", "c"],
        ["x"] * 6,
        ["test", None, None, "train", "valid", None],
        seed=0,
    )
    assert found == ["test", "test", "train", "train", "valid", "train"]


def test_a_share_of_zero_leaves_a_split_empty():
    rows = [(f"artist {i}", "folk") for i in range(20)]
    assert set(drawn(rows, fractions=(0.8, 0.0, 0.2))) == {"train", "test"}
    assert set(drawn(rows, fractions=(1.0, 0.0, 0.0))) == {"train"}


def test_nothing_to_split_is_nothing():
    assert split_tracks([], [], [], seed=0) == []


def test_wrong_arguments_are_told():
    with pytest.raises(ValueError, match="have 1, 2 and 1 entries: give one of each"):
        split_tracks(["a"], ["x", "y"], [None], seed=0)
    with pytest.raises(ValueError, match=r"fractions \(0.5, 0.5, 0.5\) are no shares"):
        split_tracks(["a"], ["x"], [None], fractions=(0.5, 0.5, 0.5), seed=0)
    with pytest.raises(ValueError, match="split 'dev' is unknown: use train, valid or test"):
        split_tracks(["a"], ["x"], ["dev"], seed=0)
