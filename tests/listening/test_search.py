"""Search for settings: direction, budget, and the split into known and hidden likes."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import sparse

from segue.listening import AlsSettings, CollaborativeSettings, Ease, EaseSettings, hide, search
from segue.listening.hidden_likes import ndcg, ndcg_of_each
from segue.listening.model import ListeningModel
from segue.listening.search import _ALS, _EASE, _LABELS, _LIFTS, _Plan

MATRICES = hnp.arrays(
    np.float32,
    hnp.array_shapes(min_dims=2, max_dims=2, max_side=9),
    elements=st.sampled_from([0.0, 1.0, 2.0, -1.0]),
)


@given(MATRICES, st.floats(0, 0.99), st.integers(0, 5))
@settings(deadline=None, max_examples=60)
def test_hide_splits_likes(dense, share, seed):
    matrix = sparse.csr_array(dense)
    known, hidden = hide(matrix, share, seed=seed)
    np.testing.assert_array_equal((known + hidden).toarray(), dense)
    assert not (known.toarray().astype(bool) & hidden.toarray().astype(bool)).any()
    assert (hidden.data > 0).all()  # dislikes stay
    n, n_hidden = (dense > 0).sum(axis=1), np.diff(hidden.indptr)
    assert (n_hidden[n < 2] == 0).all()
    assert (n_hidden[n > 1] >= 1).all()
    assert (n_hidden[n > 1] < n[n > 1]).all()  # never all likes of a user are hidden
    expected = np.maximum(np.rint(n * share), 1)
    np.testing.assert_array_equal(n_hidden[n > 1], np.minimum(expected, n - 1)[n > 1])
    again = hide(matrix, share, seed=seed)[1]
    np.testing.assert_array_equal(again.toarray(), hidden.toarray())


@pytest.mark.parametrize("share", [-0.1, 1.0, float("nan")])
def test_share_out_of_range_is_refused(share):
    with pytest.raises(ValueError, match="share is"):
        hide(sparse.csr_array((2, 2)), share)


def test_ndcg_equals_its_definition():
    """Binary gain, a discount of log2, the ideal cut at k."""
    rng = np.random.default_rng(0)
    scores = rng.random((30, 50)).astype(np.float32)
    known = sparse.csr_array(rng.random((30, 50)) < 0.2)
    hidden = sparse.csr_array((rng.random((30, 50)) < 0.5) & ~known.toarray())
    expected = []
    for row, seen, wanted in zip(scores, known.toarray(), hidden.toarray(), strict=True):
        order = [i for i in np.argsort(-row) if not seen[i]][:20]
        gained = sum(1 / np.log2(place + 2) for place, i in enumerate(order) if wanted[i])
        ideal = sum(1 / np.log2(place + 2) for place in range(min(wanted.sum(), 20)))
        expected.append(gained / ideal)
    np.testing.assert_allclose(ndcg_of_each(scores.copy(), known, hidden), expected, atol=1e-12)
    assert ndcg(scores, known, hidden) == pytest.approx(np.mean(expected), abs=1e-12)


def test_unscored_items_are_no_hits():
    scores = np.full((1, 30), np.nan, np.float32)
    hidden = sparse.csr_array(np.eye(1, 30, 3, dtype=np.float32))
    assert ndcg_of_each(scores, sparse.csr_array((1, 30)), hidden).tolist() == [0.0]


def tastes(seed=0):
    """Three tastes of 20 items each, some of them popular."""
    rng = np.random.default_rng(seed)
    own = np.arange(120)[:, None] % 3 == np.arange(60) % 3
    share = np.where(own, 0.45, 0.04) * np.linspace(1.2, 0.3, 60)
    return sparse.csr_array((rng.random((120, 60)) < share).astype(np.float32))


START = CollaborativeSettings(
    als=AlsSettings(dimensions=8, iterations=4),
    ease=EaseSettings(regularization=40.0),
)
WEAK = replace(
    START,
    als=replace(START.als, regularization=1e-3, unobserved=1e-3),
    ease=replace(START.ease, regularization=1e-2),
)


def best_of(found, model):
    return max(trial["ndcg@20"] for trial in found.trials if trial["model"] == model)


@pytest.mark.slow
def test_search_from_a_poor_start_finds_a_good_result():
    """The search raises regularization that is hundreds or thousands of times too weak."""
    near, far = (search(*hide(tastes()), start=start, budget=1e9) for start in (START, WEAK))
    assert far.settings.als.regularization > 30 * WEAK.als.regularization
    assert far.settings.als.unobserved > 30 * WEAK.als.unobserved
    assert far.settings.ease.regularization > 100 * WEAK.ease.regularization
    for model in ("als", "ease"):
        assert best_of(far, model) == pytest.approx(best_of(near, model), abs=0.01)
    assert (far.settings.als.dimensions, far.settings.als.iterations) == (8, 4)


def test_search_returns_the_best_trial():
    found = search(*hide(tastes()), start=START, budget=1e9)
    for model, chosen in (("als", found.settings.als), ("ease", found.settings.ease)):
        tried = [trial for trial in found.trials if trial["model"] == model]
        best = max(tried, key=lambda trial: trial["ndcg@20"])
        assert chosen.regularization == best["settings"]["regularization"]


def test_search_returns_the_best_share():
    found = search(*hide(tastes()), start=START, evaluations=4)
    blends = {t["share"]: t["ndcg@20"] for t in found.trials if t["model"] == "collaborative"}
    assert blends[found.settings.share] == max(blends.values())
    assert {0.0, 0.95} < blends.keys()


def test_both_models_have_a_share_with_features():
    features = (np.arange(60)[:, None] % 3 == np.arange(3)).astype(np.float32)
    found = search(*hide(tastes()), features, start=START, evaluations=2)
    assert 0 < found.settings.share < 1


@pytest.mark.parametrize("evaluations", [1, 6])
def test_evaluations_limit_the_fits(evaluations):
    found = search(*hide(tastes()), start=START, evaluations=evaluations)
    fits = [
        {k: v for k, v in t["settings"].items() if k != "lift"}
        for t in found.trials
        if t["model"] == "ease"
    ]
    assert len({tuple(one.items()) for one in fits}) <= evaluations


def test_every_range_holds_the_defaults_and_known_regions():
    """Good on Last.fm: regularization 20, balance .25 and lift .05."""
    first = CollaborativeSettings()
    for ranges, own in ((_ALS, first.als), ((*_EASE, _LABELS, _LIFTS), first.ease)):
        for one in ranges:
            assert one.low <= getattr(own, one.name) <= one.high
            assert one.moved(one.high, 3) == one.high
    ease = {one.name: one for one in (*_EASE, _LIFTS)}
    known = {"regularization": 20, "balance": 0.25, "lift": 0.05}
    assert all(ease[name].low <= value <= ease[name].high for name, value in known.items())


class Misleading:
    """An evaluation in which few users like any settings more than the start, which is best."""

    n_fits, ranks_on_few = 0, True

    def of(self, one, *, few=False):
        return (one != START.ease) == few

    def needs_fit(self, _):
        return True


def test_start_is_a_finalist():
    plan = _Plan(Misleading(), seed=0, wide=0.4)
    assert plan.best(START.ease, _EASE, None, 16) == START.ease


def test_evaluations_limit_the_fits_with_finalists(monkeypatch):
    """Where few users rank the settings, finalists are fitted again; the blend needs one more."""
    monkeypatch.setattr("segue.listening.hidden_likes._FEW_EVALUATED", 20)
    fitted = []

    def fit(model, *given):
        fitted.append(model)
        return ListeningModel.fit(model, *given)

    monkeypatch.setattr(Ease, "fit", fit, raising=False)
    found = search(*hide(tastes()), start=START, evaluations=8, budget=1e9)
    assert any("users" in trial for trial in found.trials)
    assert len(fitted) <= 8 + 1


def test_search_without_any_opinion_returns_the_start():
    found = search(sparse.csr_array((6, 5)), sparse.csr_array((6, 5)), start=START)
    assert found.settings.ease == START.ease


def test_labels_are_searched_where_there_are_any():
    labels = sparse.csr_array((np.arange(60)[:, None] % 3 == np.arange(3)).astype(np.float32))
    found = search(*hide(tastes()), None, labels, start=START, evaluations=4)
    weights = {t["settings"]["label_weight"] for t in found.trials if t["model"] == "ease"}
    assert len(weights) > 1


@pytest.mark.slow
def test_search_is_deterministic():
    known, hidden = hide(tastes())
    first = search(known, hidden, start=START, budget=3e8, seed=1)
    assert search(known, hidden, start=START, budget=3e8, seed=1) == first


@pytest.mark.slow
def test_smaller_budget_gives_fewer_trials():
    known, hidden = hide(tastes())
    small, large = (search(known, hidden, start=WEAK, budget=b) for b in (1.0, 1e9))
    assert len(small.trials) < len(large.trials)


def test_search_includes_the_prior_of_features():
    features = (np.arange(60)[:, None] % 3 == np.arange(3)).astype(np.float32)
    found = search(*hide(tastes()), features, start=START, budget=1e8)
    priors = {t["settings"]["prior"] for t in found.trials if t["model"] == "als"}
    assert len(priors) > 2


def test_search_without_hidden_likes_returns_the_start():
    found = search(tastes(), sparse.csr_array(tastes().shape), start=START, budget=1.0)
    assert found.settings.als == START.als


def test_hidden_dislikes_are_ignored():
    rng = np.random.default_rng(0)
    known = sparse.csr_array((rng.random((40, 30)) < 0.3).astype(np.float32))
    hidden = sparse.csr_array(((rng.random((40, 30)) < 0.2) & ~known.toarray().astype(bool)) * 1.0)
    skipped = hidden - sparse.csr_array(
        ((rng.random((40, 30)) < 0.2) & ~(known + hidden).toarray().astype(bool)) * 1.0
    )
    assert (skipped.data < 0).any()
    small = CollaborativeSettings(als=AlsSettings(dimensions=4, iterations=2))
    plain = search(known, hidden, budget=1, start=small)
    assert search(known, skipped, budget=1, start=small).trials == plain.trials
