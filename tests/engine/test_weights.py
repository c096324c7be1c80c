"""Weights: areas with known answers, and the closed form that turns them into weights."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm
from sklearn.metrics import roc_auc_score

from segue.engine import areas, everyone, weights_from
from segue.engine.weights import PRIOR_LIKES, shrink
from segue.signals import Profile, VectorSignal


class Fixed:
    """A signal that scores all listeners alike."""

    def __init__(self, scores, name="fixed"):
        self.scores = np.asarray(scores, np.float32)
        self.name = name

    def for_listeners(self, profiles):
        return np.tile(self.scores, (len(profiles), 1))

    def for_track(self, position):
        return self.scores


def listener(*positions):
    at = np.array(positions, np.int64)
    return Profile(at, np.ones(len(at), np.float32), at)


def test_the_area_is_the_one_of_scikit_learn(rng):
    scores = rng.normal(size=100).round(1)  # with ties
    profile = listener(*range(0, 40, 3))
    truth = np.zeros(100)
    truth[profile.liked] = 1
    found = areas([Fixed(scores)], profile)
    assert found == pytest.approx([roc_auc_score(truth, scores)])


def test_perfect_chance_and_wrong():
    scores = np.array([1.0] * 10 + [0.0] * 90)
    profile = listener(*range(10))
    found = areas([Fixed(scores), Fixed(np.zeros(100)), Fixed(-scores)], profile)
    assert found.tolist() == [1.0, 0.5, 0.0]


def test_a_hidden_track_does_not_explain_itself():
    # every track alike to none but itself: scored from the rest, that explains nothing
    signal = VectorSignal("own", np.eye(50, dtype=np.float32))
    assert areas([signal], listener(*range(10))) == pytest.approx([0.5])


def test_a_signal_that_says_nothing_is_chance():
    silent = Fixed(np.full(30, np.nan))
    assert areas([silent], listener(1, 2, 3)).tolist() == [0.5]
    partly = Fixed([np.nan, np.nan, *np.linspace(0, 1, 28)])
    assert areas([partly], listener(0, 1)).tolist() == [0.5]


def test_one_like_is_not_enough_to_tell():
    assert areas([Fixed(np.arange(9.0))], listener(8)).tolist() == [0.5]


def test_two_normal_signals_get_the_weights_of_fishers_discriminant(rng):
    # the closed form against the discriminant itself, on signals that are what it assumes
    n_liked, n_other, apart = 4_000, 40_000, np.array([1.2, 0.4])
    liked = rng.normal(size=(n_liked, 2)) + apart
    other = rng.normal(size=(n_other, 2))
    area = np.array(
        [(liked[:, [i]] > rng.permutation(other[:, i])[None, :4_000]).mean() for i in range(2)]
    )
    pooled = (np.cov(liked.T) + np.cov(other.T)) / 2
    fisher = np.linalg.solve(pooled, liked.mean(0) - other.mean(0))
    np.testing.assert_allclose(weights_from(area), fisher / fisher.sum(), atol=0.02)
    np.testing.assert_allclose(np.sqrt(2) * norm.ppf(area), apart, atol=0.05)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=6))
def test_weights_are_a_distribution_in_the_order_of_areas(area):
    weights = weights_from(np.array(area))
    assert weights.sum() == pytest.approx(1)
    assert (weights >= 0).all()
    better = np.argsort(area, kind="stable")
    assert (np.diff(weights[better]) >= -1e-12).all()


def test_nothing_better_than_chance_counts_all_alike():
    assert weights_from(np.array([0.5, 0.3])).tolist() == [0.5, 0.5]


def test_a_listener_with_as_many_likes_as_the_prior_stands_half_way():
    own, all_listeners = np.array([0.9]), np.array([0.5])
    assert shrink(own, PRIOR_LIKES, all_listeners) == pytest.approx([0.7])
    assert shrink(own, 0, all_listeners) == pytest.approx([0.5])


def test_everyone_is_the_mean_of_those_who_can_tell(rng):
    signal = Fixed(rng.normal(size=60))
    able = [listener(*range(4)), listener(*range(10, 16))]
    mean = np.mean([areas([signal], profile) for profile in able], axis=0)
    assert everyone([signal], [*able, listener(1), listener()]) == pytest.approx(mean)


def test_without_listeners_all_signals_count_alike():
    found = weights_from(everyone([Fixed(np.zeros(3)), Fixed(np.zeros(3))], []))
    assert found.tolist() == [0.5, 0.5]
