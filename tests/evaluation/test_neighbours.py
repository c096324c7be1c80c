"""Metrics of nearest neighbors: known values and brute force."""

import numpy as np
import pytest
from scipy.stats import skew

from segue.evaluation import expected_precision, hubness, precision_per_query


def test_precision_counts_same_class_in_first_k():
    classes = np.array([0, 0, 1, 1, 0])
    lists = np.array([[1, 2, 4], [2, 3, -1]])
    queries = np.array([0, 4])
    for k, expected in ((1, [1, 0]), (2, [0.5, 0]), (3, [2 / 3, 0])):
        assert precision_per_query(lists, queries, classes, k).tolist() == pytest.approx(expected)


def test_precision_of_unknown_class_is_zero():
    lists = np.array([[1, 2]])
    assert precision_per_query(lists, np.array([0]), np.array([-1, -1, 0]), 2).tolist() == [0]


def test_expected_precision_matches_random_lists(rng):
    classes = rng.integers(0, 3, 40)
    relevant = np.array([(classes[1:] == classes[0]).sum()])
    drawn = np.stack([rng.permutation(np.arange(1, 40))[:10] for _ in range(4_000)])
    found = precision_per_query(drawn, np.zeros(4_000, np.int64), classes, 10).mean()
    assert found == pytest.approx(expected_precision(relevant, np.array([39]), 10)[0], abs=0.01)


def test_hubness_of_ring_is_zero_and_of_star_high():
    n = 50
    ring = (np.arange(n)[:, None] + [1, 2]) % n
    assert hubness(ring, n, 2).metrics(2) == {
        "hub_skewness@2": 0.0,
        "largest_hub@2": 2.0,
        "never_retrieved@2": 0.0,
    }
    star = np.zeros((n, 1), np.int64)
    star[0] = 1
    found = hubness(star, n, 1)
    assert (found.largest, found.never) == (n - 1, (n - 2) / n)
    assert found.skewness > 6


def test_hubness_skewness_matches_scipy(rng):
    lists = rng.integers(0, 30, (80, 10)) ** 2 // 30
    counts = np.bincount(lists.ravel(), minlength=30)
    assert hubness(lists, 30).skewness == pytest.approx(skew(counts))
    lists[3, 5:] = -1
    counts = np.bincount(lists[lists >= 0], minlength=30)
    assert hubness(lists, 30).skewness == pytest.approx(skew(counts))


def test_hubness_without_tracks_is_nan():
    assert np.isnan(hubness(np.zeros((0, 10), np.int64), 0).skewness)
