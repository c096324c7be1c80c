"""Paired differences: known values, and agreement with exact tests."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.evaluation import Difference, paired, ratio_interval, sign_flip


def test_paired_constant_difference_is_certain():
    found = paired(np.linspace(0.5, 0.9, 40), np.linspace(0.4, 0.8, 40), seed=1)
    assert found.mean == pytest.approx(0.1)
    assert found.interval == pytest.approx((0.1, 0.1))
    assert found.p == pytest.approx(1 / 10_001)  # none of the drawn flips is as far
    assert (found.n, found.side) == (40, 1)


def test_paired_without_difference_has_side_zero(rng):
    one = rng.random(200)
    found = paired(one, rng.permutation(one), seed=0)
    assert found.side == 0
    assert found.p > 0.05


def test_sign_flip_of_few_values_is_exact(rng):
    values = rng.normal(0.3, 1, 9)
    means = [abs(np.dot(signs, values)) for signs in itertools.product((1, -1), repeat=9)]
    exact = np.mean(np.array(means) >= abs(values.sum()) - 1e-9)
    assert sign_flip(values, seed=0) == pytest.approx(exact)


def test_sign_flip_sample_approximates_exact_p(rng):
    values = rng.normal(0.25, 1, 40)
    # with many values the sum of flips is near to normal
    from scipy.stats import norm

    expected = 2 * norm.sf(abs(values.sum()) / np.sqrt((values**2).sum()))
    assert sign_flip(values, seed=0) == pytest.approx(expected, abs=0.02)


def test_sign_flip_p_is_uniform_without_effect(rng):
    found = [sign_flip(rng.normal(size=30), seed=n, n_flips=400) for n in range(300)]
    assert np.mean(np.array(found) < 0.1) == pytest.approx(0.1, abs=0.06)


def test_paired_ignores_zeros_and_nan():
    assert sign_flip([0.0, 1.0, 0.0, 1.0], seed=0) == sign_flip([1.0, 1.0], seed=0) == 0.5
    assert paired([1.0, np.nan, 0.5], [0.5, 0.2, 0.0], seed=0).n == 2
    nothing = paired([], [], seed=0)
    assert (nothing.n, np.isnan(nothing.p), nothing.side) == (0, True, 0)


def test_paired_rejects_different_lengths():
    with pytest.raises(ValueError, match=r"shapes \(2,\) and \(3,\): give both on the same"):
        paired([1.0, 2.0], [1.0, 2.0, 3.0], seed=0)


def test_ratio_interval_contains_ratio(rng):
    base = rng.random(300)
    low, high = ratio_interval(2 * base + rng.normal(0, 0.3, 300), base, seed=0)
    assert 1.8 < low < 2.0 < high < 2.2
    assert np.isnan(ratio_interval(base, np.zeros(300), seed=0)).all()
    assert np.isnan(ratio_interval([], [], seed=0)).all()


@pytest.mark.parametrize(
    ("mean", "interval", "p", "n", "side"),
    [
        (0.1, (0.01, 0.2), 0.01, 50, 1),
        (-0.1, (-0.2, -0.01), 0.01, 50, -1),
        (0.1, (-0.01, 0.2), 0.2, 50, 0),
        (0.1, (0.01, 0.2), 0.06, 50, 0),  # the interval alone is not enough
        (0.1, (-0.01, 0.2), 0.01, 50, 0),  # nor is p
        (0.1, (0.01, 0.2), 0.01, 19, 0),  # nor both with few listeners
        (0.1, (0.1, 0.1), 1.0, 1, 0),
    ],
)
def test_difference_side_needs_interval_p_and_listeners(mean, interval, p, n, side):
    assert Difference(mean, interval, p, n).side == side


@given(st.lists(st.floats(-1, 1), max_size=19))
def test_paired_of_few_listeners_claims_nothing(differences):
    found = paired(differences, [0.0] * len(differences), seed=0)
    assert found.n == len(differences)
    assert found.side == 0
    assert np.isnan([*found.interval, found.p]).all()
    assert found.is_none == (found.n > 0 and not any(differences))
