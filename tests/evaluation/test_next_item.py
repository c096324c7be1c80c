import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.evaluation.next_item import NOT_FOUND, next_item_metrics, places
from segue.index import best


def test_places_match_ranking():
    rng = np.random.default_rng(0)
    scores = rng.integers(0, 4, (50, 9)).astype(np.float32)  # many ties
    truths = rng.integers(0, 9, 50)
    ranked, _ = best(scores, 9)
    expected = [row.tolist().index(truth) for row, truth in zip(ranked, truths, strict=True)]
    assert places(scores, truths).tolist() == expected


def test_places_skip_excluded_items():
    scores = np.float32([[5, 4, 3, 2]])
    excluded = np.array([[True, False, True, False]])
    assert places(scores, [3], excluded).tolist() == [1]
    assert places(scores, [0], excluded).tolist() == [NOT_FOUND]


def test_places_of_nan_are_never_found():
    scores = np.float32([[np.nan, 1, -np.inf, 0]] * 3)
    assert places(scores, [0, 2, 3]).tolist() == [NOT_FOUND, NOT_FOUND, 1]


def test_next_item_metrics_match_known_values():
    result = next_item_metrics([0, 19, 20, 4], [-1, 9, -1, -1], [5, 5, 5, 2])
    assert result.users.tolist() == [2, 5]
    np.testing.assert_allclose(result.per_user["hit_rate@20"], [1, 2 / 3])
    np.testing.assert_allclose(result.per_user["mrr@20"], [1 / 5, (1 + 1 / 20) / 3])
    np.testing.assert_allclose(result.per_user["new_hit_rate@20"], [np.nan, 1])
    np.testing.assert_allclose(result.per_user["new_mrr@20"], [np.nan, 1 / 10])
    assert result.mean["hit_rate@20"] == pytest.approx(5 / 6)
    assert result.mean["new_mrr@20"] == pytest.approx(1 / 10)


def test_next_item_metrics_without_points_are_nan():
    result = next_item_metrics([], [], [])
    assert np.isnan(list(result.mean.values())).all()


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(-1, 40), st.integers(0, 3)), min_size=1))
def test_next_item_mrr_is_at_most_hit_rate(points):
    result = next_item_metrics(*zip(*points, strict=True))
    for prefix in ("", "new_"):
        hits, ranks = result.per_user[f"{prefix}hit_rate@20"], result.per_user[f"{prefix}mrr@20"]
        known = np.isfinite(hits)
        assert ((ranks <= hits) & (hits <= 1) & (ranks >= 0))[known].all()


def test_next_item_rejects_invalid_arguments():
    with pytest.raises(ValueError, match="one row"):
        places(np.zeros((2, 3)), [0])
    with pytest.raises(ValueError, match="outside 0 to 2"):
        places(np.zeros((1, 3)), [3])
    with pytest.raises(ValueError, match="one of each"):
        next_item_metrics([0], [0, 1], [0])
    with pytest.raises(ValueError, match="at least 1"):
        next_item_metrics([0], [0], [0], k=0)
