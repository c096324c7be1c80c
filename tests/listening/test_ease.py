"""EASE: parity of user side and item side with the formula, with popularity scaling."""

import numpy as np
import pytest
from scipy import sparse

from segue.listening import Collaborative, CollaborativeSettings, Ease, EaseSettings
from segue.listening.collaborative import blended

SCALES = [(0.0, 0.0), (0.25, 0.15), (0.5, 0.5)]


def likes(n_users=40, n_items=70, seed=0):
    rng = np.random.default_rng(seed)
    share = rng.uniform(0.03, 0.5, n_items)
    return sparse.csr_array((rng.random((n_users, n_items)) < share).astype(np.float32))


def opinions(n_items=70, seed=4):
    rng = np.random.default_rng(seed)
    values = rng.choice([0, 3, -2], size=(9, n_items), p=[0.8, 0.15, 0.05])
    return sparse.csr_array(values.astype(np.float32))


def formula(matrix, histories, regularization, balance, lift):
    """Return the scores by Steck's closed form, on columns scaled as in the module's header."""
    x, h = matrix.toarray().astype(np.float64), np.sign(histories.toarray()).astype(np.float64)
    popularity = np.maximum(x.sum(axis=0), 1)
    x, h = x / popularity**balance, h / popularity**balance
    inverse = np.linalg.inv(x.T @ x + regularization * np.eye(x.shape[1]))
    weights = -inverse / np.diag(inverse)
    np.fill_diagonal(weights, 0)
    return h @ weights * popularity**lift


@pytest.mark.parametrize(("balance", "lift"), SCALES)
@pytest.mark.parametrize("most_users", [1000, 0])
def test_user_and_item_side_equal_the_formula(balance, lift, most_users):
    settings = EaseSettings(
        regularization=7.0, balance=balance, lift=lift, most_users=most_users, kept=70
    )
    model = Ease(settings).fit(likes())
    assert model.by_users_ == (most_users > 0)
    expected = formula(likes(), opinions(), 7.0, balance, lift)
    np.testing.assert_allclose(model.score(opinions()), expected, atol=1e-4)
    alone = formula(likes(), sparse.csr_array(np.eye(70, dtype=np.float32)), 7.0, balance, lift)
    np.testing.assert_allclose(model.item_scores(np.arange(70)), alone, atol=1e-4)


def test_fit_ignores_strength_and_dislikes():
    loud = likes() * np.float32(5) - sparse.csr_array(1 - likes().toarray()) * np.float32(0.5)
    same = Ease().fit(likes()).score(opinions())
    np.testing.assert_array_equal(Ease().fit(loud).score(opinions()), same)


def test_only_the_most_popular_items_are_scored():
    matrix = likes()
    model = Ease(EaseSettings(most_users=0, most_items=20)).fit(matrix)
    silent = np.isnan(model.score(opinions())[0])
    assert silent.sum() == 50
    listeners = matrix.sum(axis=0)
    assert listeners[~silent].min() >= listeners[silent].max()
    small = formula(matrix[:, ~silent], opinions()[:, ~silent], 100.0, 0, 0)
    np.testing.assert_allclose(model.score(opinions())[:, ~silent], small, atol=1e-4)


def test_largest_weights_of_each_column_are_kept():
    whole = Ease(EaseSettings(most_users=0, kept=70)).fit(likes()).weights_.toarray()
    some = Ease(EaseSettings(most_users=0, kept=5)).fit(likes()).weights_.toarray()
    assert ((some != 0).sum(axis=0) == 5).all()
    np.testing.assert_array_equal(some[some != 0], whole[some != 0])
    least = np.where(some != 0, np.abs(some), np.inf).min(axis=0)
    assert (np.abs(np.where(some != 0, 0, whole)).max(axis=0) <= least).all()


def test_blend_adds_standardized_scores():
    one = np.array([[1, 2, 3, np.nan, np.nan], [5, 5, 5, 5, 5]], np.float32)
    other = np.array([[0, 4, np.nan, 8, np.nan], [1, 2, 3, 4, 5]], np.float32)
    found = blended(one.copy(), other.copy(), 0.25)
    z = np.sqrt(1.5)
    np.testing.assert_allclose(found[0], [-z, 0.0, z, z, np.nan], rtol=1e-5)
    np.testing.assert_allclose(found[1], 0.75 * (np.arange(5) - 2) / np.sqrt(2), atol=1e-6)


def test_blend_with_share_one_equals_that_model():
    for share, part in ((1.0, "ease"), (0.0, "als")):
        model = Collaborative(CollaborativeSettings(share=share)).fit(likes())
        same = getattr(model, part).score(opinions())
        np.testing.assert_array_equal(model.score(opinions()), same)
        again = Collaborative.of(model.ease, model.als, share)
        np.testing.assert_array_equal(again.score(opinions()), same)
