"""A cached sequence signal gives the scores of the signal that it wraps."""

from dataclasses import replace

import numpy as np
import pytest

from segue.listening.sequences import fit_sequences
from segue.pipeline.recommender.cached_engine import CachedSequenceSignal
from segue.signals import SequenceSignal, UserProfile

N_TRACKS = 12


@pytest.fixture(scope="module")
def plain():
    rng = np.random.default_rng(0)
    histories = [rng.integers(0, N_TRACKS, 30) for _ in range(20)]
    return SequenceSignal(fit_sequences(histories, N_TRACKS, attentive=False))


def listener(user, history, liked=(1,)):
    liked, history = np.array(liked), np.array(history, np.int64)
    return UserProfile(
        liked, np.ones(len(liked), np.float32), np.union1d(liked, history), history, user=user
    )


def test_cached_scores_equal_those_of_the_signal(plain):
    kept = CachedSequenceSignal(plain)
    several = [listener("a", [1, 2]), listener(None, [3]), listener("b", []), listener("", [4, 5])]
    wanted = plain.for_listeners(several)
    for _ in range(2):
        np.testing.assert_array_equal(kept.for_listeners(several), wanted)
    for place, one in enumerate(several):
        np.testing.assert_array_equal(kept.for_listeners([one])[0], wanted[place])
    assert kept.for_listeners([]).shape == (0, N_TRACKS)
    assert kept.name == plain.name
    np.testing.assert_array_equal(kept.for_track(3), plain.for_track(3))


def test_cached_scores_survive_changes_by_the_caller(plain):
    kept = CachedSequenceSignal(plain)
    one = listener("a", [1, 2])
    kept.for_listeners([one])[:] = 0
    np.testing.assert_array_equal(kept.for_listeners([one]), plain.for_listeners([one]))


def test_cached_scores_change_with_plays_not_with_opinions(plain):
    kept = CachedSequenceSignal(plain)
    one = listener("a", [1, 2])
    before = kept.for_listeners([one])
    likes_more = replace(one, positions=np.array([1, 7]), weights=np.ones(2, np.float32))
    np.testing.assert_array_equal(kept.for_listeners([likes_more]), before)
    played = one.played(5)
    np.testing.assert_array_equal(kept.for_listeners([played]), plain.for_listeners([played]))
    assert not np.array_equal(kept.for_listeners([played]), before)
