"""Ranking metrics: known answers, a plain loop as oracle, bounds."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segue.evaluation import RANKING_METRICS, gini, precision_recall_curve, ranking_metrics

N_ITEMS = 12
LISTENERS = st.lists(
    st.tuples(
        st.permutations(range(N_ITEMS)), st.integers(0, 6), st.sets(st.integers(0, N_ITEMS - 1))
    ),
    min_size=1,
    max_size=6,
)


def judged(recommended, held_out, ks=(3,), n_items=N_ITEMS, **keywords):
    arguments = {"popularity": np.ones(n_items), "n_listeners": 4, "artists": np.arange(n_items)}
    return ranking_metrics(recommended, held_out, ks=ks, n_items=n_items, **arguments | keywords)


def by_hand(row, wanted, k):
    """One listener's metrics, as their definitions read."""
    hits = [place for place, track in enumerate(row[:k], start=1) if track in wanted]
    ideal = sum(1 / math.log2(place + 1) for place in range(1, min(k, len(wanted)) + 1))
    return {
        "precision": len(hits) / k,
        "recall": len(hits) / len(wanted),
        "ndcg": sum(1 / math.log2(place + 1) for place in hits) / ideal,
        "map": sum((number + 1) / place for number, place in enumerate(hits)) / len(wanted),
        "hit_rate": float(bool(hits)),
    }


@given(listeners=LISTENERS, k=st.integers(1, 9))
@settings(max_examples=100, deadline=None)
def test_ranking_metrics_match_plain_loop(listeners, k):
    rows = [[*order[:length], *[-1] * (6 - length)] for order, length, _ in listeners]
    wanted = [tracks for _, _, tracks in listeners]
    result = judged(rows, wanted, ks=(k,))
    assert result.users.tolist() == [u for u, tracks in enumerate(wanted) if tracks]
    for position, user in enumerate(result.users):
        for name, value in by_hand(rows[user], wanted[user], k).items():
            assert result.per_user[f"{name}@{k}"][position] == pytest.approx(value, abs=1e-12)


@given(listeners=LISTENERS)
@settings(max_examples=60, deadline=None)
def test_ranking_metrics_except_novelty_are_shares(listeners):
    rows = [order[:6] for order, _, _ in listeners]
    result = judged(rows, [tracks for _, _, tracks in listeners])
    for name, value in result.mean.items():
        assert math.isnan(value) or 0 <= value <= (2 if name.startswith("novelty") else 1)


def test_ranking_metrics_cover_every_cut():
    result = judged([[0, 1, 2]], [{1}], ks=(5, 10, 20))
    assert set(result.mean) == {f"{name}@{k}" for name in RANKING_METRICS for k in (5, 10, 20)}


def test_ranking_ideal_list_scores_one():
    mean = judged([[4, 2, 7]], [{2, 4, 7}]).mean
    assert [mean[f"{name}@3"] for name in ("precision", "recall", "ndcg", "map")] == [1] * 4


def test_ranking_missing_places_are_misses():
    assert judged([[4, -1, -1]], [{4, 5}]).mean["precision@3"] == pytest.approx(1 / 3)
    assert judged([[4]], [{4, 5}], ks=(10,)).mean["precision@10"] == pytest.approx(0.1)


def test_ranking_ignores_listeners_without_held_out():
    result = judged([[0, 1, 2], [3, 4, 5]], [set(), {3}])
    assert result.n == 1
    assert result.mean["precision@3"] == pytest.approx(1 / 3)
    assert result.mean["coverage@3"] == pytest.approx(3 / N_ITEMS)


def test_ranking_without_listeners_is_nan():
    result = judged([[0, 1, 2]], [set()])
    assert math.isnan(result.mean["ndcg@3"])
    assert result.mean["coverage@3"] == 0


def test_novelty_is_self_information_in_bits():
    popularity = np.array([8, 4, 1, 0.0])
    mean = judged(
        [[0], [1], [2], [3]],
        [{0}] * 4,
        ks=(1,),
        n_items=4,
        popularity=popularity,
        n_listeners=8,
        artists=None,
    )
    assert mean.per_user["novelty@1"].tolist() == [0, 1, 3, 3]  # unknown counts as known to one
    assert "artist_diversity@1" not in mean.mean


def test_novelty_ignores_empty_lists():
    result = judged([[-1, -1], [0, -1]], [{0}, {0}], ks=(2,), popularity=np.full(N_ITEMS, 2.0))
    assert result.mean["novelty@2"] == 1


def test_coverage_and_gini_count_all_lists():
    same = judged([[0, 1], [0, 1]], [{0}, {1}], ks=(2,), n_items=4).mean
    spread = judged([[0, 1], [2, 3]], [{0}, {1}], ks=(2,), n_items=4).mean
    assert (same["coverage@2"], same["gini@2"]) == (0.5, 0.5)
    assert (spread["coverage@2"], spread["gini@2"]) == (1, 0)


def test_gini_matches_mean_absolute_difference(rng):
    counts = rng.integers(0, 9, 30)
    expected = np.abs(counts[:, None] - counts).mean() / (2 * counts.mean())
    assert gini(counts) == pytest.approx(expected)
    assert gini([0, 0]) == 0


def test_artist_diversity_counts_unknown_as_one_artist():
    artists = np.array([0, 0, 1, -1, -1])

    def diversity(*row):
        return judged([row], [{0}], n_items=5, artists=artists).mean["artist_diversity@3"] * 3

    assert diversity(0, 1, 2) == pytest.approx(2)
    assert diversity(2, 3, 4) == pytest.approx(2)
    assert diversity(0, -1, -1) == pytest.approx(1)
    assert diversity(-1, -1, -1) == 0


def test_curve_passes_through_metrics(rng):
    lists = np.array([rng.permutation(N_ITEMS) for _ in range(5)])
    wanted = [set(rng.permutation(N_ITEMS)[:4].tolist()) for _ in range(5)]
    precision, recall = precision_recall_curve(lists, wanted, n_items=N_ITEMS, k_max=10)
    mean = judged(lists, wanted, ks=tuple(range(1, 11))).mean
    for k in range(1, 11):
        assert precision[k - 1] == pytest.approx(mean[f"precision@{k}"])
        assert recall[k - 1] == pytest.approx(mean[f"recall@{k}"])


def test_curve_without_listeners_is_nan():
    precision, recall = precision_recall_curve([[0]], [set()], n_items=1, k_max=3)
    assert np.isnan(precision).all()
    assert np.isnan(recall).all()


def test_ranking_rejects_invalid_arguments():
    with pytest.raises(ValueError, match="for 2 listeners: give one row of tracks for each"):
        judged([[0, 1]], [{0}, {1}])
    with pytest.raises(ValueError, match="recommended holds a track outside 0 to 11"):
        judged([[12]], [{0}])
    with pytest.raises(ValueError, match="held_out holds a track outside 0 to 11"):
        judged([[1]], [{12}])
    with pytest.raises(ValueError, match="holds a track twice: recommend each track once"):
        judged([[1, 1]], [{0}])
    with pytest.raises(ValueError, match="give, for every track, how many of them know it"):
        judged([[1]], [{0}], popularity=np.full(N_ITEMS, 5.0))
    with pytest.raises(ValueError, match="holds a cut below 1"):
        judged([[1]], [{0}], ks=(0,))
