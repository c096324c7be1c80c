"""EASE: parity of user side and item side with the formula, with all its settings."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from segue.errors import ModelError
from segue.listening import Als, Collaborative, CollaborativeSettings, Ease, EaseSettings
from segue.listening.collaborative import blended
from segue.listening.matrices import MAX_STRENGTH, relative_strengths

SCALES = [
    {},
    {"balance": 0.25, "lift": 0.15},
    {"balance": 0.5, "lift": 0.5, "strength": 1.0},
    {"balance": 0.25, "lift": 0.15, "strength": 1.5, "label_weight": 0.7},
]


def likes(n_users=40, n_items=70, seed=0):
    rng = np.random.default_rng(seed)
    share = rng.uniform(0.03, 0.5, n_items)
    return sparse.csr_array((rng.random((n_users, n_items)) < share).astype(np.float32))


def opinions(n_items=70, seed=4):
    rng = np.random.default_rng(seed)
    values = rng.choice([0, 3, -2], size=(9, n_items), p=[0.8, 0.15, 0.05])
    return sparse.csr_array(values.astype(np.float32))


def labels(n_items=70, seed=2):
    """Labels with weights; the last one belongs to a single item, so that it says nothing."""
    rng = np.random.default_rng(seed)
    dense = rng.random((n_items, 6)) * (rng.random((n_items, 6)) < 0.3)
    dense[:, 5] = np.eye(n_items)[3]
    return sparse.csr_array(dense.astype(np.float32))


def sized(row, strength):
    """Return signed powers of values relative to the mean like of a row."""
    like = row[row > 0]
    mean = like.mean() if len(like) else np.abs(row[row != 0]).mean() if row.any() else 1.0
    return np.sign(row) * np.minimum((np.abs(row) / mean) ** strength, 3) * (row != 0)


def formula(matrix, histories, item_labels, settings):
    """Return the scores by Steck's closed form, with rows and columns as in the module's header."""
    x, h = (
        np.array([sized(row, settings.strength) for row in one.toarray().astype(np.float64)])
        for one in (matrix, histories)
    )
    popularity = np.maximum((x > 0).sum(axis=0), 1)
    x, h = np.maximum(x, 0) / popularity**settings.balance, h / popularity**settings.balance
    rows = item_labels.toarray()[:, :5].T * settings.label_weight
    x = np.concatenate([x, rows]) if settings.label_weight else x
    inverse = np.linalg.inv(x.T @ x + settings.regularization * np.eye(x.shape[1]))
    weights = -inverse / np.diag(inverse)
    np.fill_diagonal(weights, 0)
    return h @ weights * popularity**settings.lift


@pytest.mark.parametrize("scales", SCALES)
@pytest.mark.parametrize("most_users", [1000, 0])
def test_user_and_item_side_equal_the_formula(scales, most_users):
    settings = EaseSettings(regularization=7.0, most_users=most_users, kept=70, **scales)
    matrix = likes() * sparse.csr_array(np.random.default_rng(1).uniform(0.2, 1, (40, 70)))
    model = Ease(settings).fit(matrix, None, labels())
    assert model.by_users_ == (most_users > 0)
    expected = formula(matrix, opinions(), labels(), settings)
    np.testing.assert_allclose(model.score(opinions()), expected, atol=1e-4)
    each = sparse.csr_array(np.eye(70, dtype=np.float32))
    alone = formula(matrix, each, labels(), settings)
    np.testing.assert_allclose(model.item_scores(np.arange(70)), alone, atol=1e-4)


def test_fit_ignores_dislikes_and_by_default_strength():
    loud = likes() * np.float32(5) - sparse.csr_array(1 - likes().toarray()) * np.float32(0.5)
    same = Ease().fit(likes()).score(opinions())
    np.testing.assert_array_equal(Ease().fit(loud).score(opinions()), same)


@given(st.lists(st.floats(-1, 1, width=32), min_size=1, max_size=8), st.floats(0, 3))
def test_relative_strengths_are_bounded_and_keep_signs(values, exponent):
    row = sparse.csr_array(np.array([values], np.float32))
    found = relative_strengths(row, exponent)
    assert (np.abs(found.data) <= MAX_STRENGTH).all()
    assert (np.sign(found.data) * np.sign(row.data) >= 0).all()
    order = np.argsort(row.data, kind="stable")
    assert (np.diff(found.data[order]) >= 0).all()  # what is liked more never counts less


@pytest.mark.parametrize("most_users", [1000, 0])
def test_item_without_listeners_is_scored_by_labels(most_users):
    matrix, known = likes().toarray(), labels().toarray()
    matrix[:, [0, 1]] = 0
    known[[0, 1]] = 0
    known[0] = known[10] = [2, 0, 0, 0, 0, 0]
    settings = EaseSettings(regularization=7.0, label_weight=1.0, most_users=most_users, kept=70)
    model = Ease(settings).fit(sparse.csr_array(matrix), None, sparse.csr_array(known))
    history = sparse.csr_array((np.ones(1, np.float32), ([0], [10])), shape=(1, 70))
    scores = model.score(history)[0]
    assert scores[0] > np.nanmedian(scores)  # shares its label with the liked item
    assert np.isnan(scores[1])  # has neither listeners nor labels


@pytest.mark.parametrize(("max_rows", "n_labels"), [(1000, 5), (43, 3), (1, 2)])
def test_most_frequent_labels_fill_what_users_leave(max_rows, n_labels):
    settings = EaseSettings(label_weight=1.0, max_rows=max_rows, min_labels=2)
    model = Ease(settings).fit(likes(), None, labels())
    assert len(model.kernel_) == 40 + n_labels


def test_popularity_of_new_items_is_predicted_by_labels():
    """Well-described items have more listeners here: a new one that is well described, too."""
    rng = np.random.default_rng(0)
    described = rng.integers(1, 5, 70)
    matrix = (rng.random((60, 70)) < 0.15 * described).astype(np.float32)
    known = np.zeros((70, 4), np.float32)
    for row, number in zip(known, described, strict=True):
        row[:number] = 1
    matrix[:, :8] = 0
    known[:8] = np.repeat([[1, 1, 1, 1], [1, 0, 0, 0]], 4, axis=0)
    settings = EaseSettings(label_weight=1.0, lift=0.5)
    model = Ease(settings).fit(sparse.csr_array(matrix), None, sparse.csr_array(known))
    assert model.popularity_[:4].min() > 2 * model.popularity_[4:8].max()
    assert model.popularity_.max() <= matrix.sum(axis=0).max()
    np.testing.assert_array_equal(model.popularity_[8:], np.maximum(matrix.sum(axis=0), 1)[8:])


def test_popularity_beyond_known_numbers_of_labels_is_level():
    """The squares of the regression would say any number for twice as many labels."""
    rng = np.random.default_rng(0)
    described = rng.integers(1, 5, 70)
    matrix = (rng.random((60, 70)) < 0.05 + 0.3 * (described - 2.5) ** 2).astype(np.float32)
    matrix[:, :2] = 0
    described[:2] = 4, 12
    known = (np.arange(12) < described[:, None]).astype(np.float32)
    settings = EaseSettings(label_weight=1.0, lift=0.5)
    model = Ease(settings).fit(sparse.csr_array(matrix), None, sparse.csr_array(known))
    assert model.popularity_[1] == model.popularity_[0]


def test_lift_needs_no_fit():
    settings = EaseSettings(balance=0.25, lift=0.1)
    again = Ease(settings).fit(likes()).with_lift(0.4)
    whole = Ease(replace(settings, lift=0.4)).fit(likes())
    assert again.settings == whole.settings
    np.testing.assert_array_equal(again.score(opinions()), whole.score(opinions()))


def test_model_of_an_earlier_version_gives_the_same_scores(tmp_path):
    """It has the matrix of listens instead of the rows, and no settings of labels."""
    model = Ease(EaseSettings(balance=0.25)).fit(likes())
    model.save(tmp_path)
    about = json.loads((tmp_path / "model.json").read_text("utf-8"))
    for name in ("strength", "label_weight", "max_rows", "min_labels"):
        del about["settings"][name]
    (tmp_path / "model.json").write_text(json.dumps(about), "utf-8")
    with np.load(tmp_path / "arrays.npz") as arrays:
        old = {name: array for name, array in arrays.items() if not name.startswith("by_item")}
    np.savez(tmp_path / "arrays.npz", **old)
    np.testing.assert_array_equal(Ease.load(tmp_path).score(opinions()), model.score(opinions()))


@pytest.mark.parametrize("share", [1.0, 0.1], ids=["dense", "sparse"])
def test_most_popular_items_predict_each_other_and_all_others(share):
    settings = EaseSettings(most_users=0, most_items=20, n_kept_others=20)
    kept = np.random.default_rng(1).random((40, 70)) < share
    matrix = sparse.csr_array(np.where(kept, likes().toarray(), np.float32(0)))
    x = matrix.toarray().astype(np.float64)
    popular = np.sort(np.argsort(-x.sum(axis=0), kind="stable")[:20])
    found = Ease(settings).fit(matrix).score(opinions())
    small = formula(matrix[:, popular], opinions()[:, popular], labels(), settings)
    np.testing.assert_allclose(found[:, popular], small, atol=1e-4)
    others = np.setdiff1d(np.flatnonzero(x.any(axis=0)), popular)
    inputs = x[:, popular]
    ridge = np.linalg.solve(inputs.T @ inputs + 100.0 * np.eye(20), inputs.T @ x[:, others])
    expected = np.sign(opinions().toarray())[:, popular] @ ridge
    np.testing.assert_allclose(found[:, others], expected, atol=1e-4)


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
    found = blended(one.copy(), other.copy(), np.array([0.25, 0.25]))
    z = np.sqrt(1.5)
    np.testing.assert_allclose(found[0], [-z, 0.0, z, z, np.nan], rtol=1e-5)
    np.testing.assert_allclose(found[1], 0.75 * (np.arange(5) - 2) / np.sqrt(2), atol=1e-6)


@pytest.mark.parametrize("scored", [0.0, 0.1, 0.5, 0.9, 1.0])
def test_blend_of_few_or_many_scores_equals_its_definition(scored):
    rng = np.random.default_rng(0)
    both = rng.normal(3, 2, (2, 400)).astype(np.float32)
    both[0, rng.random(400) >= scored] = np.nan
    both[1, rng.random(400) >= 0.7] = np.nan
    z = [row - (np.nanmean(row) if len(row[~np.isnan(row)]) else 0) for row in both]
    z = [row / (np.nanstd(row) if len(row[~np.isnan(row)]) else 1) for row in z]
    expected = np.where(
        np.isnan(z[0]), z[1], np.where(np.isnan(z[1]), z[0], 0.3 * z[0] + 0.7 * z[1])
    )
    found = blended(both[:1].copy(), both[1:].copy(), np.array([0.3]))[0]
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_share_of_ease_grows_with_the_likes_of_a_history():
    model = Collaborative(CollaborativeSettings(share=0.8)).fit(likes())
    history = opinions()
    n_likes = (history.toarray() > 0).sum(axis=1)
    shares = 0.8 * n_likes / (n_likes + 5)
    assert len(set(shares.tolist())) > 2
    expected = blended(model.ease.score(history), model.als.score(history), shares)
    np.testing.assert_array_equal(model.score(history), expected)


def test_blend_with_share_one_equals_that_model():
    for share, part in ((1.0, "ease"), (0.0, "als")):
        model = Collaborative(CollaborativeSettings(share=share)).fit(likes())
        same = getattr(model, part).score(opinions())
        np.testing.assert_array_equal(model.score(opinions()), same)
        again = Collaborative.of(model.ease, model.als, share)
        np.testing.assert_array_equal(again.score(opinions()), same)


def test_blend_saves_only_the_models_that_score():
    described = labels().toarray()[:, :5]
    settings = CollaborativeSettings(share=1.0)
    alone = Collaborative(settings).fit(likes(), None, sparse.csr_array(described))
    assert alone.used_ == ("ease",)
    assert not any(name.startswith("als") for name in alone.scoring_state()[1])
    unheard = likes().toarray()
    unheard[:, 60:] = 0
    features = np.random.default_rng(0).random((70, 3))
    both = Collaborative(settings).fit(sparse.csr_array(unheard), features)
    scores = both.score(opinions())  # iALS scores items without listeners by their features
    assert both.used_ == ("ease", "als")
    assert np.isfinite(scores[:, 60:]).all()
    loaded = Collaborative.from_scoring_state(*both.scoring_state())
    np.testing.assert_array_equal(loaded.score(opinions()), scores)


def test_prior_needs_no_fit():
    features = np.random.default_rng(0).random((70, 3))
    settings = CollaborativeSettings().als
    again = Als(settings).fit(likes(), features).with_prior(9.0)
    whole = Als(replace(settings, prior=9.0)).fit(likes(), features)
    np.testing.assert_array_equal(again.score(opinions()), whole.score(opinions()))


@pytest.mark.parametrize(("share", "part"), [(0.5, "als"), (0.5, "ease"), (1.0, "ease")])
def test_load_a_blend_without_a_needed_part_raises(tmp_path, share, part):
    Collaborative(CollaborativeSettings(share=share)).fit(likes()).save(tmp_path)
    with np.load(tmp_path / "arrays.npz") as arrays:
        rest = {name: one for name, one in arrays.items() if not name.startswith(part)}
    np.savez(tmp_path / "arrays.npz", **rest)
    with pytest.raises(ModelError, match=f"no '{part}'"):
        Collaborative.load(tmp_path)
