"""Splits of tracks: groups stay together, classes are spread, given splits obeyed."""

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
def test_split_keeps_groups_together(rows, seed):
    assert straddling_groups([group for group, _ in rows], drawn(rows, seed)) == ()


@given(rows=ROWS, order=st.randoms(use_true_random=False))
@settings(max_examples=80, deadline=None)
def test_split_does_not_depend_on_row_order(rows, order):
    shuffled = list(range(len(rows)))
    order.shuffle(shuffled)
    there = drawn([rows[i] for i in shuffled])
    back = [there[shuffled.index(i)] for i in range(len(rows))]
    assert back == drawn(rows)


def test_split_spreads_classes_by_fractions():
    rows = [
        (f"{label} {i // 4}", label)
        for label, n in (("folk", 400), ("jazz", 200))
        for i in range(n)
    ]
    counts = Counter(zip([label for _, label in rows], drawn(rows), strict=True))
    for label, n in (("folk", 400), ("jazz", 200)):
        for split, share in (("train", 0.7), ("valid", 0.15), ("test", 0.15)):
            assert counts[label, split] == pytest.approx(n * share, abs=4)


def test_split_differs_by_seed():
    rows = [(f"artist {i}", "folk") for i in range(60)]
    assert drawn(rows, 1) == drawn(rows, 1)
    assert drawn(rows, 1) != drawn(rows, 2)


@pytest.mark.parametrize(
    ("n_groups", "expected"),
    [(1, {"train"}), (2, {"train", "test"}), (3, {"train", "valid", "test"})],
)
def test_split_of_few_groups_prefers_train_then_test(n_groups, expected):
    rows = [(f"jazz {i % n_groups}", "jazz") for i in range(12)]
    rows += [(f"folk {i}", "folk") for i in range(40)]
    found = {split for (_, label), split in zip(rows, drawn(rows), strict=True) if label == "jazz"}
    assert found == expected


def test_split_puts_larger_group_in_train():
    rows = [("many", "jazz")] * 20 + [("few", "jazz")] * 5
    assert drawn(rows) == ["train"] * 20 + ["test"] * 5


def test_split_keeps_artist_of_several_classes_whole():
    rows = [("both", "folk"), ("both", "jazz"), ("one", "folk"), ("other", "jazz")] * 3
    assert straddling_groups([group for group, _ in rows], drawn(rows)) == ()


def test_undividable_classes_have_one_group():
    assert undividable_classes(["a", "a", "b", "c"], ["x", "x", "y", "y"]) == ("x",)
    assert undividable_classes(["a", "b"], [None, None]) == ()
    assert absent_classes(["x", "y"], ["train", "test"], "test") == ("x",)


def test_split_obeys_given_even_if_groups_straddle():
    given_splits = ["train", "test", "valid"]
    assert split_tracks(["a", "a", "b"], ["x"] * 3, given_splits, seed=0) == given_splits


def test_split_with_given_train_and_valid_has_no_test():
    given_splits = ["train"] * 8 + ["valid"] * 4
    found = split_tracks([str(i) for i in range(12)], ["x"] * 12, given_splits, seed=0)
    assert found == given_splits


def test_split_without_given_follows_group():
    found = split_tracks(
        ["a", "a", "b", "c", "c", "c"],
        ["x"] * 6,
        ["test", None, None, "train", "valid", None],
        seed=0,
    )
    assert found == ["test", "test", "train", "train", "valid", "train"]


def test_split_with_zero_share_is_empty():
    rows = [(f"artist {i}", "folk") for i in range(20)]
    assert set(drawn(rows, fractions=(0.8, 0.0, 0.2))) == {"train", "test"}
    assert set(drawn(rows, fractions=(1.0, 0.0, 0.0))) == {"train"}


def test_split_of_nothing_is_empty():
    assert split_tracks([], [], [], seed=0) == []


def test_split_rejects_invalid_arguments():
    with pytest.raises(ValueError, match="have 1, 2 and 1 entries: give one of each"):
        split_tracks(["a"], ["x", "y"], [None], seed=0)
    with pytest.raises(ValueError, match=r"fractions \(0.5, 0.5, 0.5\) are no shares"):
        split_tracks(["a"], ["x"], [None], fractions=(0.5, 0.5, 0.5), seed=0)
    with pytest.raises(ValueError, match="split 'dev' is unknown: use train, valid or test"):
        split_tracks(["a"], ["x"], ["dev"], seed=0)
