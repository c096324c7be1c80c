"""Folds keep artists together, spread classes, and leave test tracks out."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from segue.library import Catalogue
from segue.pipeline.training.folds import (
    MIN_PER_FOLD,
    draw_folds,
    fold_count,
    folds_of,
    usable_folds,
)
from segue.pipeline.training.labels import Labels
from segue.types import Track


def labels_of_classes(classes, splits=None, objective="classes"):
    splits = ("train",) * len(classes) if splits is None else tuple(splits)
    names = tuple(f"class {number}" for number in range(max(classes, default=0) + 1))
    return Labels("genre", names, np.array(classes, np.int64), splits, (), objective)


def test_folds_of_two_classes_hold_one_artist_of_each():
    classes = [0] * 9 + [1] * 9
    groups = [f"artist {row // 3}" for row in range(18)]
    folds = draw_folds(labels_of_classes(classes), groups, 3)
    for fold in range(3):
        inside = np.flatnonzero(folds == fold)
        assert len({groups[row] for row in inside}) == 2
        assert np.bincount(np.array(classes)[inside]).tolist() == [3, 3]


def test_folds_leave_out_test_and_unlabeled_tracks():
    labels = labels_of_classes(
        [0, 1, -1, 0, 1, 0], ["train", "valid", "train", "test"] + ["train"] * 2
    )
    groups = list("abcdef")
    assert draw_folds(labels, groups, 2)[[2, 3]].tolist() == [-1, -1]
    assert draw_folds(labels, groups, 2).max() == 1
    assert draw_folds(labels, groups, 2, parts=("train",))[1] == -1


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 14), st.integers(-1, 2)), min_size=30, max_size=60),
    st.integers(0, 5),
    st.randoms(use_true_random=False),
)
def test_folds_keep_artists_together_in_any_order(pairs, seed, random):
    groups, classes = [str(group) for group, _ in pairs], [label for _, label in pairs]
    n_folds = 3
    if len({group for group, label in pairs if label >= 0}) < n_folds:
        return
    if max(np.bincount([label for label in classes if label >= 0])) < n_folds:
        return
    folds = draw_folds(labels_of_classes(classes), groups, n_folds, seed=seed)
    for group in set(groups):
        found = {fold for fold, own in zip(folds.tolist(), groups, strict=True) if own == group}
        assert len(found - {-1}) <= 1
    assert ((folds >= 0) == (np.array(classes) >= 0)).all()
    order = list(range(len(pairs)))
    random.shuffle(order)
    shuffled = draw_folds(
        labels_of_classes([classes[row] for row in order]),
        [groups[row] for row in order],
        n_folds,
        seed=seed,
    )
    np.testing.assert_array_equal(shuffled, folds[order])


def test_changed_folds_are_not_shared_with_the_next_caller():
    labels, groups = labels_of_classes([0, 1] * 6), [str(row) for row in range(12)]
    first = draw_folds(labels, groups, 2)
    kept = first.copy()
    first[:] = 7
    np.testing.assert_array_equal(draw_folds(labels, groups, 2), kept)


def test_fold_count_follows_tracks_and_artists():
    n_tracks = 5 * MIN_PER_FOLD
    classes = [row % 2 for row in range(n_tracks)]
    own = [str(row) for row in range(n_tracks)]
    assert fold_count(labels_of_classes(classes), own) == 5
    assert fold_count(labels_of_classes(classes), own, 3) == 3
    few = slice(0, 2 * MIN_PER_FOLD)
    assert fold_count(labels_of_classes(classes[few]), own[few]) == 1
    assert fold_count(labels_of_classes(classes[few]), own[few], 2) == 2
    three_artists = [f"{row % 2}, {row % 3}" for row in range(n_tracks)]
    assert fold_count(labels_of_classes(classes), three_artists) == 3
    assert fold_count(labels_of_classes(classes), ["one"] * n_tracks) == 1


def catalogue_of(artists):
    """Return a catalogue of one track for each name of an artist."""
    return Catalogue.of([Track(track_id=f"t{n}", artist=name) for n, name in enumerate(artists)])


def test_folds_need_two_classes_without_each_fold():
    n_tracks = 5 * MIN_PER_FOLD
    large = n_tracks * 6 // 10
    classes = [0] * large + [1] * (n_tracks - large)
    artists = [f"artist {row % 50}" for row in range(large)] + ["one"] * (n_tracks - large)
    labels = labels_of_classes(classes)
    assert fold_count(labels, artists) == 5
    assert folds_of(labels, catalogue_of(artists)) is None
    artists[-30:] = ["two"] * 30
    folds = folds_of(labels, catalogue_of(artists))
    for fold in range(int(folds.max()) + 1):
        assert len(np.unique(np.array(classes)[folds != fold])) == 2


def test_folds_with_few_usable_tracks_are_not_used():
    n_tracks = 5 * MIN_PER_FOLD
    labels = labels_of_classes([row % 2 for row in range(n_tracks)])
    folds = np.arange(n_tracks) // 2 % 5
    usable = np.ones(n_tracks, bool)
    np.testing.assert_array_equal(usable_folds(labels, folds, usable), folds)
    assert usable_folds(labels, folds, folds != 4) is None
    own = usable_folds(labels, folds, np.arange(n_tracks) >= 10)
    np.testing.assert_array_equal(own, [-1] * 10 + folds[10:].tolist())
    assert usable_folds(labels, folds, np.arange(n_tracks) < 24) is None
    assert usable_folds(labels, None, usable) is None
