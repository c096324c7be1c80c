"""Sequence signal: scores by the order of plays."""

import numpy as np
import pytest

from segue.listening.sequences import fit_sequences
from segue.signals import SequenceSignal, UserProfile

CYCLE = 12


@pytest.fixture(scope="module")
def signal():
    played = [(start + np.arange(40)) % CYCLE for start in range(CYCLE)]
    return SequenceSignal(fit_sequences(played, CYCLE + 1, attentive=False))


def listener(*history):
    played = np.array(history, np.int64)
    known = np.unique(played)
    return UserProfile(known, np.ones(len(known), np.float32), known, played)


def test_next_track_ranks_first(signal):
    scores = signal.for_listeners([listener(*range(5)), listener(*range(9))])
    assert scores.dtype == np.float32
    assert scores[0, 5:].argmax() == scores[1, 9:].argmax() == 0  # of those not played yet
    np.testing.assert_array_equal(scores[0], signal.for_listeners([listener(*range(5))])[0])


def test_for_track_ranks_its_successor_first(signal):
    assert signal.name == "sequence"
    assert np.delete(signal.for_track(3), 3).argmax() == 3  # item 4, now in its place


def test_profile_without_order_scores_nan(signal):
    unordered = UserProfile(np.array([1]), np.ones(1, np.float32), np.array([1]))
    assert np.isnan(signal.for_listeners([unordered])).all()
    assert signal.for_listeners([]).shape == (0, CYCLE + 1)


def test_removed_track_leaves_the_history():
    profile = listener(1, 2, 1, 3)
    aged = UserProfile(
        profile.positions, profile.weights, profile.known, profile.history, np.float32([9, 8, 7, 1])
    )
    without = aged.without(np.array([1]))
    assert without.history.tolist() == [2, 3]
    assert without.ages.tolist() == [8, 1]
    assert without.known.tolist() == [1, 2, 3]
    assert listener(1, 2).without(np.array([2])).ages.tolist() == []


def test_ages_of_another_length_are_refused():
    with pytest.raises(ValueError, match="ages"):
        UserProfile(
            np.array([1]), np.ones(1, np.float32), np.array([1]), np.array([1]), np.zeros(2)
        )
