"""The regression is scikit-learn's, over all classes, and knows what it does not know."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from segue.pipeline.training.logistic import USUAL_STRENGTH, Logistic, fit_in_folds, fit_logistic


@pytest.fixture
def data(rng):
    """Ninety vectors of 12, three classes of five (1, 3 and 4); one column never changes."""
    labels = np.array([1, 3, 4])[np.arange(90) % 3]
    vectors = rng.normal(0, 1, (90, 12)).astype(np.float32)
    vectors[np.arange(90), labels] += 2
    vectors[:, 7] = 3
    split = np.arange(90) // 3 % 3
    return vectors, labels, split < 2, split == 2


@pytest.mark.parametrize("classes", [(1, 3, 4), (1, 4)])
def test_probabilities_are_scikit_learns(data, classes):
    vectors, labels, train, valid = data
    kept = np.isin(labels, classes)
    train, valid = train & kept, valid & kept
    fitted = fit_logistic(vectors, labels, train, valid, 5, strengths=(0.03,))
    columns = np.delete(vectors, 7, axis=1)
    scaled = (columns - columns[train].mean(axis=0)) / columns[train].std(axis=0)
    model = LogisticRegression(C=0.03, max_iter=2_000, class_weight="balanced")
    model.fit(np.clip(scaled, -5, 5)[train], labels[train])
    chances = fitted.probabilities(vectors)
    np.testing.assert_allclose(
        chances[:, list(classes)], model.predict_proba(np.clip(scaled, -5, 5)), atol=1e-3
    )
    assert (np.delete(chances, classes, axis=1) == 0).all()


def test_more_columns_than_tracks_are_fitted_like_scikit_learn(rng):
    labels, vectors = np.arange(30) % 3, rng.normal(0, 1, (30, 80)).astype(np.float32)
    every = np.ones(30, bool)
    fitted = fit_logistic(vectors, labels, every, ~every, 3)
    scaled = (vectors - vectors.mean(axis=0)) / vectors.std(axis=0)
    model = LogisticRegression(C=USUAL_STRENGTH, max_iter=2_000, class_weight="balanced")
    model.fit(scaled, labels)
    np.testing.assert_allclose(
        fitted.probabilities(vectors), model.predict_proba(scaled), atol=1e-3
    )


def test_folds_are_predicted_by_regressions_of_the_others(data):
    vectors, labels, _, _ = data
    folds = np.arange(90) // 6 % 3
    folds[:6] = -1
    fitted, held_out = fit_in_folds(vectors, labels, folds, 5, strengths=(USUAL_STRENGTH,))
    assert fitted.strength == USUAL_STRENGTH
    assert np.isnan(held_out[:6]).all()
    never = np.zeros(90, bool)
    for fold in range(3):
        others = (folds >= 0) & (folds != fold)
        alone = fit_logistic(vectors, labels, others, never, 5)
        own = folds == fold
        np.testing.assert_allclose(held_out[own], alone.probabilities(vectors[own]), atol=1e-5)
    right = held_out[folds >= 0].argmax(axis=1) == labels[folds >= 0]
    assert right.mean() > 0.8
    assert fit_in_folds(vectors, np.zeros(90, np.int64), folds, 5) is None


def test_what_is_unknown_counts_as_the_mean(data):
    vectors, labels, train, valid = data
    vectors[3, 2] = np.nan
    fitted = fit_logistic(vectors, labels, train, valid, 5)
    filled = vectors[3:4].copy()
    filled[0, 2] = fitted.mean[2]
    np.testing.assert_array_equal(fitted.probabilities(vectors[3:4]), fitted.probabilities(filled))
    vectors[3] = np.nan
    assert np.isnan(fitted.probabilities(vectors)[3]).all()


def test_valid_chooses_the_strength(data, rng):
    vectors, labels, train, valid = data
    assert fit_logistic(vectors, labels, train, np.zeros(90, bool), 5).strength == USUAL_STRENGTH
    noise = rng.normal(0, 1, vectors.shape).astype(np.float32)
    # where there is nothing to learn, the less is believed the better
    least, most = (fit_logistic(x, labels, train, valid, 5).strength for x in (noise, vectors))
    assert least < most


def test_one_class_is_nothing_to_learn(data):
    vectors, labels, train, valid = data
    assert fit_logistic(vectors, labels, train & (labels == 3), valid, 5) is None


def test_saved_and_loaded_is_itself(data, tmp_path):
    fitted = fit_logistic(*data, 5)
    fitted.save(tmp_path / "arrays.npz")
    loaded = Logistic.load(tmp_path / "arrays.npz")
    assert loaded.strength == fitted.strength
    np.testing.assert_array_equal(loaded.probabilities(data[0]), fitted.probabilities(data[0]))
