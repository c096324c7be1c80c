"""Posteriors of many listeners at once."""

import numpy as np
import pytest
from scipy.optimize import minimize

from segue.engine.examples import Choices
from segue.engine.listener_posteriors import posterior_modes

N_SIGNALS = 3
PRIOR, PRECISION = np.array([0.5, 0.2, 0.0]), np.diag([4.0, 9.0, 1.0])


@pytest.fixture
def choices(rng):
    """Listeners with different numbers of tracks and choices."""
    found = []
    for n_tracks, n_chosen in ((2, 1), (40, 3), (17, 12), (90, 30), (40, 1)):
        others = rng.normal(size=(n_tracks, N_SIGNALS)).astype(np.float32)
        found.append(Choices(others[rng.integers(0, n_tracks, n_chosen)], others))
    return found


def loss(weights, one):
    """The negative log of the posterior of one listener, written down plainly."""
    others, chosen = one.others.astype(float), one.chosen.astype(float)
    off = weights - PRIOR
    likelihood = len(chosen) * np.log(np.exp(others @ weights).sum()) - (chosen @ weights).sum()
    return likelihood + 0.5 * off @ PRECISION @ off


def test_posterior_modes_match_a_general_minimizer(choices):
    means, _ = posterior_modes(choices, PRIOR, PRECISION)
    for mean, one in zip(means, choices, strict=True):
        expected = minimize(loss, PRIOR, args=(one,), tol=1e-10).x
        np.testing.assert_allclose(mean, expected, atol=5e-3)


def test_posterior_modes_together_are_those_of_each_alone(choices):
    means, precisions = posterior_modes(choices, PRIOR, PRECISION)
    for number, one in enumerate(choices):
        mean, precision = posterior_modes([one], PRIOR, PRECISION)
        np.testing.assert_allclose(means[number], mean[0], atol=1e-12)
        np.testing.assert_allclose(precisions[number], precision[0], atol=1e-9)


def test_posterior_modes_without_listeners_are_empty():
    means, precisions = posterior_modes([], PRIOR, PRECISION)
    assert (means.shape, precisions.shape) == ((0, 3), (0, 3, 3))
