"""Bootstrap intervals: seed, width, coverage, pairing."""

import math

import numpy as np
import pytest

from segue.evaluation import (
    bootstrap_interval,
    classification_difference,
    classification_intervals,
    classification_metrics,
    paired_difference,
)


def test_interval_width_matches_normal_approximation(rng):
    values = rng.normal(3, 2, 2000)
    low, high = bootstrap_interval(values, seed=0)
    error = values.std() / math.sqrt(len(values))
    assert (low, high) == pytest.approx(
        (values.mean() - 1.96 * error, values.mean() + 1.96 * error), abs=0.2 * error
    )


def test_interval_coverage_matches_confidence(rng):
    covered = [
        low <= 0.3 <= high
        for low, high in (
            bootstrap_interval((rng.random(100) < 0.3).astype(float), n_resamples=300, seed=i)
            for i in range(200)
        )
    ]
    assert 0.89 <= np.mean(covered) <= 0.99


def test_interval_depends_on_seed(rng):
    values = rng.random(50)
    assert bootstrap_interval(values, seed=1) == bootstrap_interval(values, seed=1)
    assert bootstrap_interval(values, seed=1) != bootstrap_interval(values, seed=2)


def test_interval_of_several_metrics_equals_each_alone(rng):
    columns = {"a": rng.random(40), "b": rng.random(40)}
    together = bootstrap_interval(columns, seed=3)
    assert together == {
        name: pytest.approx(bootstrap_interval(column, seed=3)) for name, column in columns.items()
    }
    assert bootstrap_interval({}, seed=3) == {}


def test_interval_with_more_confidence_is_wider(rng):
    values = rng.random(60)
    narrow = bootstrap_interval(values, confidence=0.5, seed=0)
    wide = bootstrap_interval(values, confidence=0.99, seed=0)
    assert wide[0] < narrow[0] < narrow[1] < wide[1]


def test_interval_of_grouped_units_is_wider(rng):
    groups = np.repeat(np.arange(20), 10)
    values = rng.random(20)[groups]
    alone = bootstrap_interval(values, seed=0)
    grouped = bootstrap_interval(values, groups=groups, seed=0)
    assert grouped[1] - grouped[0] > 2 * (alone[1] - alone[0])


def test_interval_ignores_nan():
    assert bootstrap_interval([1.0, math.nan, 1.0], seed=0) == (1, 1)
    assert all(map(math.isnan, bootstrap_interval([], seed=0)))
    assert all(map(math.isnan, bootstrap_interval([math.nan], seed=0)))


def test_paired_difference_detects_overlapping_models(rng):
    hardness = rng.normal(0, 1, 200)
    first, second = hardness + 0.1, hardness + rng.normal(0, 0.1, 200)
    assert bootstrap_interval(first, seed=0)[0] < bootstrap_interval(second, seed=0)[1]
    low, high = paired_difference(first, second, seed=0)
    assert 0 < low < 0.1 < high


def test_classification_intervals_match_resampled_tracks(rng):
    true = rng.integers(0, 3, 120)
    predicted = np.where(rng.random(120) < 0.7, true, rng.integers(0, 3, 120))
    overall, _ = classification_intervals(true, predicted, 3, n_resamples=4000, seed=0)
    plain = bootstrap_interval((true == predicted).astype(float), n_resamples=4000, seed=1)
    assert overall["accuracy"] == pytest.approx(plain, abs=0.015)

    resampled = []
    for _ in range(400):
        drawn = rng.integers(0, 120, 120)
        result = classification_metrics(true[drawn], predicted[drawn], ["a", "b", "c"])
        resampled.append(result.f1_macro)
    assert overall["f1_macro"] == pytest.approx(np.quantile(resampled, [0.025, 0.975]), abs=0.03)


def test_groups_of_one_track_equal_no_groups(rng):
    true, predicted = rng.integers(0, 3, (2, 150))
    alone, f1_alone = classification_intervals(true, predicted, 3, seed=0)
    grouped, f1_grouped = classification_intervals(
        true, predicted, 3, groups=np.arange(150), seed=0
    )
    for name, interval in alone.items():
        assert grouped[name] == pytest.approx(interval, abs=0.03)
    np.testing.assert_allclose(f1_grouped, f1_alone, atol=0.05)


def test_f1_of_class_without_tracks_has_no_interval():
    _, f1 = classification_intervals([0, 0, 0], [0, 0, 1], 2, seed=0)
    assert all(map(math.isnan, f1[1]))


def test_classification_difference_is_paired(rng):
    true = rng.integers(0, 3, 300)
    second = np.where(rng.random(300) < 0.6, true, rng.integers(0, 3, 300))
    first = np.where(rng.random(300) < 0.15, true, second)
    difference = classification_difference(true, first, second, 3, seed=0)
    by_track = paired_difference(
        (first == true).astype(float), (second == true).astype(float), seed=1
    )
    assert difference["accuracy"] == pytest.approx(by_track, abs=0.01)
    assert difference["f1_macro"][0] > 0
    same = classification_difference(true, first, first, 3, groups=true, seed=0)
    assert set(same.values()) == {(0.0, 0.0)}


def test_intervals_reject_invalid_arguments():
    with pytest.raises(ValueError, match="confidence 95 is not between 0 and 1"):
        bootstrap_interval([1.0], confidence=95, seed=0)
    with pytest.raises(ValueError, match="n_resamples 0 is below 1"):
        bootstrap_interval([1.0], n_resamples=0, seed=0)
    with pytest.raises(ValueError, match=r"groups have shape \(1,\) for 2 units"):
        bootstrap_interval([1.0, 2.0], groups=["a"], seed=0)
    with pytest.raises(ValueError, match=r"groups have shape \(1,\) for 2 units"):
        classification_intervals([0, 1], [0, 1], 2, groups=["a"], seed=0)
    with pytest.raises(ValueError, match="give both on the same units"):
        paired_difference([1.0], [1.0, 2.0], seed=0)
    with pytest.raises(ValueError, match=r"values have shape \(1, 2\): give one value a unit"):
        bootstrap_interval(np.ones((1, 2)), seed=0)
