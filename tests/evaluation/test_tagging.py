"""Tagging metrics: scikit-learn's values, ties, intervals by artist."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from segue.evaluation import resample_tagging, tagging_metrics
from segue.evaluation.resamples import resampled_members
from segue.evaluation.tagging import TAGGING_METRICS, _scores

NAMES = ("calm", "loud", "rare", "always", "never")


def some_tags(rng, n=60):
    truth = rng.random((n, 5)) < [0.5, 0.3, 0.0, 1.0, 0.0]
    truth[7, 2] = True
    return truth, rng.random((n, 5)) + 0.4 * truth


@pytest.mark.parametrize("ties", [1e9, 4, 1])
def test_tagging_metrics_match_scikit_learn(rng, ties):
    truth, scores = some_tags(rng)
    scores = np.floor(scores * ties) / ties
    found = tagging_metrics(truth, scores, NAMES)
    expected = {"roc_auc": [], "average_precision": []}
    for tag, name in enumerate(NAMES[:3]):
        has, given, score = truth[:, tag], scores[:, tag], found.per_tag[name]
        expected["roc_auc"].append(roc_auc_score(has, given))
        expected["average_precision"].append(average_precision_score(has, given))
        assert score.roc_auc == pytest.approx(expected["roc_auc"][-1], abs=1e-9)
        assert score.average_precision == pytest.approx(expected["average_precision"][-1], abs=1e-9)
        assert score.support == has.sum()
    for name, values in expected.items():
        assert found.metrics[f"{name}_macro"] == pytest.approx(np.mean(values), abs=1e-9)


def test_tag_of_all_or_none_is_undefined(rng):
    found = tagging_metrics(*some_tags(rng), NAMES)
    assert found.n_judged == 3
    for name in ("always", "never"):
        assert np.isnan([found.per_tag[name].roc_auc, found.per_tag[name].average_precision]).all()
    nothing = tagging_metrics([[True], [True]], [[0.1], [0.2]], ["always"])
    assert np.isnan(list(nothing.metrics.values())).all()


def test_tagging_metrics_of_guessing():
    truth = np.arange(40)[:, None] % 4 == 0
    score = tagging_metrics(truth, np.full((40, 1), 0.25), ["a"]).per_tag["a"]
    assert (score.roc_auc, score.average_precision) == (0.5, 0.25)


def test_resampled_track_counts_twice(rng):
    truth, scores = some_tags(rng)
    scores = np.round(scores, 1)
    times = rng.integers(0, 3, (6, 60)).astype(float)
    found = _scores(truth, scores, times)
    for row, counts in enumerate(times):
        for tag in range(2):
            has, given = truth[:, tag], scores[:, tag]
            assert found[0, row, tag] == pytest.approx(
                roc_auc_score(has, given, sample_weight=counts), abs=1e-9
            )
            assert found[1, row, tag] == pytest.approx(
                average_precision_score(has, given, sample_weight=counts), abs=1e-9
            )


def test_tagging_intervals_widen_with_artist_groups(rng):
    truth, scores = some_tags(rng, 30)
    truth, scores = (np.repeat(each, 4, axis=0) for each in (truth, scores))
    figure = tagging_metrics(truth, scores, NAMES).metrics
    widths = []
    for groups in (None, np.arange(120) // 4):
        found = resample_tagging(truth, scores, groups=groups, seed=1, n_resamples=400)
        bounds = found.intervals()
        assert set(bounds) == set(TAGGING_METRICS)
        for name, (low, high) in bounds.items():
            assert low < figure[name] < high
        widths.append(np.subtract(*bounds["roc_auc_macro"][::-1]))
        each = found.tag_intervals()
        assert each[0]["roc_auc"][0] < each[0]["roc_auc"][1]
        assert np.isnan(each[4]["roc_auc"]).all()
    assert widths[1] > 1.5 * widths[0]


def test_tagging_differences_are_paired(rng):
    truth, scores = some_tags(rng)
    one, same, worse = (
        resample_tagging(truth, given, seed=2, n_resamples=200)
        for given in (scores, 2 * scores, rng.random(scores.shape))
    )
    assert one.minus(same)["roc_auc_macro"] == (0.0, 0.0)
    assert one.minus(worse)["roc_auc_macro"][0] > 0


def test_resample_draws_whole_groups_by_seed():
    groups = ["b", "a", "b", "c"]
    (times,) = resampled_members(4, 50, groups, seed=3)
    np.testing.assert_array_equal(times[:, 0], times[:, 2])
    np.testing.assert_array_equal(times[:, [0, 1, 3]].sum(axis=1), 3)
    np.testing.assert_array_equal(next(resampled_members(4, 50, groups, seed=3)), times)


@pytest.mark.parametrize(
    ("truth", "scores", "message"),
    [
        ([[True]], [[0.1, 0.2]], r"shapes \(1, 1\) and \(1, 2\) for 1 tags"),
        (np.zeros((0, 1)), np.zeros((0, 1)), "no tracks to evaluate"),
        ([[True]], [[np.nan]], "leave out tracks that a model cannot score"),
    ],
)
def test_tagging_metrics_reject_invalid_input(truth, scores, message):
    with pytest.raises(ValueError, match=message):
        tagging_metrics(truth, scores, ["a"])


def test_resample_rejects_wrong_group_length():
    with pytest.raises(ValueError, match="one group a unit"):
        resample_tagging([[True], [False]], [[1], [0]], groups=["a"], seed=0)
