"""Mixture of sequence models: learned weights, repeats, bounded work."""

import numpy as np
import pytest
from scipy.optimize import approx_fprime

from segue.listening.sequences import SequenceModel, SequenceSettings, fit_sequences
from segue.listening.sequences.learning import (
    Candidates,
    MixtureWeights,
    _Problem,
    candidates_of_point,
    learn,
    loss_of,
)
from segue.listening.sequences.model import PlayHistory, SparseScores
from segue.listening.sequences.repeats import habit

N_ITEMS = 60


def listeners(n=40, length=60, seed=0):
    """Half of the listeners always repeat five items, half hardly repeat anything."""
    rng = np.random.default_rng(seed)
    return [
        rng.choice(N_ITEMS, 5)[rng.integers(0, 5, length)]
        if number % 2
        else rng.permutation(N_ITEMS)[:length]
        for number in range(n)
    ]


@pytest.fixture(scope="module")
def model():
    return fit_sequences(listeners(), N_ITEMS, attentive=False)


def test_repeaters_get_a_higher_repeat_probability(model):
    repeating, exploring = listeners(2, 40, seed=5)[::-1]
    assert model.repeat_probability(repeating) > 0.9
    assert model.repeat_probability(exploring) < 0.3
    assert (
        habit(PlayHistory.of(repeating, N_ITEMS), 0.5)
        > 0.7
        > habit(PlayHistory.of(exploring, N_ITEMS), 0.5)
    )


def test_new_only_leaves_out_the_history(model):
    history = listeners(2, 40, seed=5)[1]
    ids, scores = model.recommend(history, 5)
    assert set(ids) == set(history)
    ids, scores = model.recommend(history, N_ITEMS, new_only=True)
    n_new = N_ITEMS - len(set(history))
    assert not set(ids[:n_new]) & set(history)
    assert ids[n_new:].tolist() == [-1] * (N_ITEMS - n_new)
    assert (np.diff(scores[:n_new]) <= 0).all()
    with pytest.raises(ValueError, match="at least 1 item"):
        model.recommend(history, 0)


def test_sparse_scores_are_probabilities_of_all_items(model):
    history = [3, 4, 3]
    found = model.sparse_scores(model.play_history(history))
    assert found.values.sum() == pytest.approx(1)
    scores = model.score(history)
    expected = np.exp(scores - scores.max())
    np.testing.assert_allclose(found.values, expected / expected.sum(), rtol=1e-4)


def test_weights_are_returned_by_component(model):
    weights = model.weights()
    assert list(weights) == list(model.components_)
    assert set(weights["markov"]) == {"new", "played"}


@pytest.mark.slow
def test_same_seed_gives_the_same_model():
    first, again = (fit_sequences(listeners(), N_ITEMS, attentive=False, seed=4) for _ in range(2))
    np.testing.assert_array_equal(first.score([1, 2]), again.score([1, 2]))


def test_fit_samples_listeners_above_max_plays():
    bounded = fit_sequences(listeners(), N_ITEMS, attentive=False, max_plays=300)
    held = bounded.components_["popularity"].shares_
    assert held.sum() < 6 * N_ITEMS
    assert np.isfinite(bounded.score([1])).all()


def test_valid_share_out_of_range_is_refused():
    with pytest.raises(ValueError, match="between 0 and 1"):
        SequenceModel(SequenceSettings(valid=1.0))


def random_candidates(seed=0):
    rng = np.random.default_rng(seed)
    starts = np.array([0, 4, 9])
    return Candidates(
        features=rng.random((12, 3)).astype(np.float32),
        played=rng.integers(0, 2, 12).astype(np.float32),
        log_counts=rng.random(12).astype(np.float32),
        starts=starts,
        states=np.c_[np.ones(3), rng.random((3, 1))].astype(np.float32),
        habits=rng.random((3, 2)).astype(np.float32),
        owners=np.array([0, 0, 1]),
    )


def test_gradient_equals_numeric_differences():
    candidates = random_candidates()
    problem = _Problem(candidates, candidates.features)
    flat = np.random.default_rng(1).normal(size=14)

    def of(vector):
        return problem.loss(MixtureWeights(vector[:12].reshape(2, 2, 3), vector[12:]))

    expected = approx_fprime(flat, lambda vector: of(vector)[0], 1e-3)
    np.testing.assert_allclose(of(flat)[1], expected, atol=2e-3)


def test_learn_weights_the_informative_component():
    candidates = random_candidates()
    candidates.features[:, 1] = 0
    candidates.features[candidates.starts, 1] = 1
    weights = learn(candidates, penalty=1e-4)
    assert loss_of(candidates, weights) < 0.1
    assert weights.components[0, :, 1].max() > 1
    useless = candidates.without(1)
    assert useless.features.shape == (12, 2)
    assert loss_of(useless, learn(useless, 1e-4)) > loss_of(candidates, weights)


def test_of_points_returns_the_chosen_points():
    candidates = random_candidates()
    part = candidates.of_points(np.array([False, True, True]))
    assert part.starts.tolist() == [0, 5]
    np.testing.assert_array_equal(part.features, candidates.features[4:])


def test_sampled_candidates_represent_all_other_items():
    evidence = [SparseScores(np.array([7, 3]), np.array([2.0, 1.0]))]
    rng = np.random.default_rng(0)
    items, features, log_counts = candidates_of_point(evidence, 3, 5000, rng)
    assert items[0] == 3
    assert features[0, 0] == 1
    assert features[items.tolist().index(7), 0] == 2
    assert len(np.unique(items)) == len(items)
    assert np.exp(log_counts).sum() == pytest.approx(5000, rel=1e-4)
