"""Blending: parts sum to scores, known tracks are excluded, missing scores are neutral."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from segue.engine import (
    Engine,
    Recommendations,
    Weights,
    examples_from,
    explain,
    profile_from_seeds,
    rank,
    standardise,
    with_seeds,
)
from segue.engine.percentile_ranks import percentile_ranks
from segue.engine.standardization import SignalScores
from segue.signals import SIGNALS, VectorSignal, popularity
from segue.types import Track

N = 40


@pytest.fixture
def engine(rng):
    vectors = rng.normal(size=(N, 5)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors[-3:] = 0  # nothing known of the last three
    liked = [profile_from_seeds(rng.choice(N, 8, replace=False).tolist()) for _ in range(12)]
    signals = [VectorSignal("timbre", vectors), popularity(liked, N)]
    return Engine.fit(signals, examples_from(liked))


def test_recommend_excludes_known_tracks_by_default(engine):
    profile = profile_from_seeds([1, 2, 3], [4])
    found = engine.recommend(profile, N).positions
    assert set(found.tolist()) == set(range(N)) - {1, 2, 3, 4}
    again = engine.recommend(profile, N, exclude=np.zeros(N, bool)).positions
    assert set(again.tolist()) == set(range(N))


def test_recommend_parts_sum_to_descending_scores(engine):
    ranked = engine.recommend(profile_from_seeds([1, 2, 3]), 10)
    np.testing.assert_allclose(ranked.parts.sum(axis=1), ranked.scores, atol=1e-6)
    assert (np.diff(ranked.scores) <= 0).all()
    assert ranked.weights.sum() == pytest.approx(1)
    tracks = [Track(track_id=str(i)) for i in range(N)]
    weights, picks = explain(ranked, ["timbre", "popularity"], tracks)
    document = Recommendations("anna", weights, picks).to_dict()
    for pick in document["tracks"]:
        assert sum(pick["why"].values()) == pick["score"]
    assert set(document) == {"user", "weights", "tracks"}


def test_weights_of_unknown_listener_are_global(engine):
    assert engine.listener_weights(profile_from_seeds([5])).tolist() == (
        engine.global_weights().tolist()
    )


def test_similar_excludes_seed(engine):
    found = engine.similar(0, N)
    assert 0 not in found.positions
    # popularity says nothing of likeness, so it has no weight and the rest is of likeness alone
    assert found.weights.tolist() == [1.0, 0.0]
    expected = engine.signals[0].vectors @ engine.signals[0].vectors[0]
    expected[0] = -np.inf
    assert found.positions[0] == expected[:-3].argmax()
    assert len(engine.similar(N - 1, 5).positions) == 0


def test_unscored_track_gets_mean_score():
    rows = np.array([[1.0, 3.0, np.nan, 2.0], [0.0, 1.0, 2.0, 3.0]], np.float32)
    ranked = rank(rows, np.array([0.5, 0.5]), np.zeros(4, bool), 4)
    parts = dict(zip(ranked.positions.tolist(), ranked.parts[:, 0].tolist(), strict=True))
    assert parts[2] == 0
    assert parts[0] < 0 < parts[1]


def test_recommend_without_any_score_is_empty():
    rows = np.array([[np.nan, 1.0, 2.0], [5.0, 6.0, 7.0]], np.float32)
    ranked = rank(rows, np.array([1.0, 0.0]), np.zeros(3, bool), 3)
    assert ranked.positions.tolist() == [2, 1]


def test_recommend_beyond_candidates_returns_fewer(engine):
    assert len(engine.recommend(profile_from_seeds(range(N - 2)), 10).positions) == 2
    assert len(engine.recommend(profile_from_seeds(range(N)), 10).positions) == 0


@given(
    arrays(
        np.float32,
        st.tuples(st.integers(1, 3), st.integers(2, 20)),
        elements=st.floats(-1e6, 1e6, width=32) | st.just(np.nan),
    )
)
def test_standardised_scores_are_finite_and_centered(rows):
    found = standardise(rows, np.ones(rows.shape[1], bool))
    assert np.isfinite(found).all()
    assert (found[np.isnan(rows)] == 0).all()
    np.testing.assert_allclose(found.sum(axis=1) / rows.shape[1], 0, atol=1e-3)


@pytest.mark.parametrize("flat", [1 / 3, 1e6 / 3])
def test_moments_of_flat_signal_silence_it(rng, flat):
    # rounding leaves differences in the last digit, which must not be scaled up
    alike = flat * (1 + 1e-7 * rng.choice([-1, 1], N))
    varied = rng.normal(size=N)
    excluded = np.zeros(N, bool)
    found = SignalScores.of(np.float32([alike, varied]))
    total, _, spread = found.blended(np.ones(2), excluded)
    expected = SignalScores.of(np.float32([varied])).blended(np.ones(1), excluded)[0]
    assert np.isinf(spread[0])
    np.testing.assert_allclose(total, expected, atol=1e-5)


def test_moments_of_signal_flat_over_candidates_silence_it():
    found = SignalScores.of(np.float32([[5, 5, 5, 9], [1, 2, 3, 4]]))
    total, _, spread = found.blended(np.ones(2), np.array([False, False, False, True]))
    assert np.isinf(spread[0])
    np.testing.assert_allclose(total[:3], [-np.sqrt(1.5), 0, np.sqrt(1.5)], atol=1e-6)


def test_with_seeds_keeps_listener_and_adds_seeds():
    profile = replace(
        profile_from_seeds([1, 2]),
        history=np.array([2, 1, 2, 1]),
        ages=np.array([9.0, 7.0, 2.0, 1.0], np.float32),
        user="ann",
    )
    both = with_seeds(profile, [7], [2])
    assert dict(zip(both.positions.tolist(), both.weights.tolist(), strict=True)) == {1: 1, 2: -1}
    assert both.seeds.liked.tolist() == [7]
    assert both.known.tolist() == [1, 2, 7]
    assert both.history.tolist() == [2, 1, 2, 1]
    assert both.user == "ann"
    assert with_seeds(profile, [], [2]).seeds is None


def seeded(engine, share):
    listener = replace(profile_from_seeds([0, 3]), user="ann")
    return engine.recommend(with_seeds(listener, [7], share=share), 20)


def test_seeds_with_full_share_rank_like_seeds_alone(engine):
    weights = engine.comparing_weights(engine.global_weights())
    assert [name for name, one in zip(names_of(engine), weights, strict=True) if not one] == [
        name for name in names_of(engine) if not SIGNALS[name].compares_tracks
    ]
    alone = engine.recommend(
        profile_from_seeds([7]), 20, exclude=excluding(engine, 0, 3, 7), weights=weights
    )
    found = seeded(engine, 1.0)
    assert found.positions.tolist() == alone.positions.tolist()
    np.testing.assert_allclose(found.parts.sum(axis=1), found.scores, rtol=1e-5)


def test_seeds_with_no_share_rank_like_history_alone(engine):
    alone = engine.recommend(profile_from_seeds([0, 3]), 20, exclude=excluding(engine, 0, 3, 7))
    assert seeded(engine, 0.0).positions.tolist() == alone.positions.tolist()


def test_seeds_find_the_only_candidate_left(engine):
    listener = with_seeds(replace(profile_from_seeds([0, 3]), user="ann"), [7])
    n = engine.rows(profile_from_seeds([0])).n_tracks
    only = np.arange(n) != 5
    assert engine.recommend(listener, 3, exclude=only).positions.tolist() == [5]


def names_of(engine):
    return [signal.name for signal in engine.signals]


def test_similar_tracks_keep_signals_without_learned_weight():
    rng = np.random.default_rng(0)
    space = rng.normal(size=(30, 4)).astype(np.float32)
    space /= np.linalg.norm(space, axis=1, keepdims=True)
    flat = np.eye(30, dtype=np.float32)
    signals = [VectorSignal("knn", space), VectorSignal("tags", flat)]
    engine = Engine(signals, Weights.fixed([0.0, 0.7]))
    found = engine.similar(0, 5)
    expected = np.argsort(-(space @ space[0]))[1:6]
    assert set(found.positions.tolist()) == set(expected.tolist())


def excluding(engine, *positions):
    n = engine.rows(profile_from_seeds([0])).n_tracks
    return np.isin(np.arange(n), positions)


def test_equal_scores_are_not_in_catalogue_order():
    scores = np.zeros((1, 50), np.float32)
    scores[0, :10] = 1
    found = rank(scores.copy(), np.ones(1), np.zeros(50, bool), 10).positions
    assert sorted(found.tolist()) == list(range(10))
    assert found.tolist() != list(range(10))
    again = rank(scores.copy(), np.ones(1), np.zeros(50, bool), 10).positions
    assert again.tolist() == found.tolist()
    halves = (np.arange(50) // 25).astype(np.float32)[None]
    flat = rank(halves, np.ones(1), np.zeros(50, bool), 5)
    assert flat.positions.tolist() != list(range(25, 30))


def test_to_pandas_has_column_per_part(engine):
    ranked = engine.recommend(profile_from_seeds([1]), 3)
    tracks = [Track(track_id=str(i), title=f"No. {i}") for i in range(N)]
    weights, picks = explain(ranked, ["timbre", "popularity"], tracks)
    table = Recommendations(None, weights, picks).to_pandas()
    assert list(table.columns)[-2:] == ["why.timbre", "why.popularity"]
    np.testing.assert_allclose(table["why.timbre"] + table["why.popularity"], table["score"])
    assert list(Recommendations(None, weights, []).to_pandas().columns) == list(table.columns)


class Given:
    """A signal whose scores are given: the same for every listener and seed."""

    name = "given"

    def __init__(self, scores):
        self.scores = np.array(scores, np.float32)

    def for_listeners(self, profiles):
        return np.tile(self.scores, (len(profiles), 1))

    def for_track(self, position):
        return self.scores.copy()


def test_recommend_lists_each_recording_once():
    engine = Engine(
        [Given([0.9, 0.8, 0.7, 0.6, 0.5, 0.4])], Weights.fixed([1.0]), recordings=[[0, 1], [2, 4]]
    )
    listener = profile_from_seeds([5], [])
    assert engine.recommend(listener, 6).positions.tolist() == [0, 2, 3]
    # who knows one of its files knows the recording
    assert engine.recommend(profile_from_seeds([1], []), 6).positions.tolist() == [2, 3, 5]
    assert engine.similar(4, 6).positions.tolist() == [0, 3, 5]


def test_recommend_excludes_missing_tracks():
    engine = Engine([Given([0.9, 0.8, 0.7])], Weights.fixed([1.0]), missing=[0])
    assert engine.similar(2, 3).positions.tolist() == [1]
    assert engine.recommend(profile_from_seeds([2], []), 3).positions.tolist() == [1]


def test_recommend_falls_back_to_signals_that_score(engine):
    profile = profile_from_seeds([1, 2])
    timbre = engine.signals[0]
    silent = VectorSignal("silent", np.zeros((N, 5), np.float32))
    deaf = Engine([silent, timbre], Weights.fixed([0.9, 0.0]))
    found = deaf.recommend(profile, 5)
    assert found.weights.tolist() == [0.0, 1.0]
    alone = Engine([timbre], Weights.fixed([1.0])).recommend(profile, 5)
    assert found.positions.tolist() == alone.positions.tolist()
    none = np.array([1.0, 0.0])
    assert not len(deaf.recommend(profile, 5, weights=none).positions)  # set by hand
    assert not len(Engine([silent], Weights.fixed([1.0])).recommend(profile, 5).positions)


def test_recommend_with_huge_k_is_cheap(engine):
    assert len(engine.recommend(profile_from_seeds([1]), 10**12).positions) == N - 1


def test_popularity_excludes_own_likes_only():
    liked = [profile_from_seeds([0, 1]), profile_from_seeds([0, 1], [2])]
    row = popularity([*liked, profile_from_seeds([2])], 3).for_listeners([liked[1]])[0]
    np.testing.assert_allclose(row, np.log1p([1, 1, 1]))


@pytest.mark.parametrize("known", [[1, 2, 3], []])
def test_percentile_ranks_follow_recommendation_order(engine, known):
    engine = replace(engine, recordings=[[4, 5], [30, 31, 32]], missing=[7])
    profile = profile_from_seeds(known)
    order = engine.recommend(profile, N, exclude=np.zeros(N, bool)).positions
    found = percentile_ranks(engine, profile)
    assert found.dtype == np.uint8
    assert (np.flatnonzero(found) == np.sort(order)).all()
    assert (np.diff(found[order].astype(int)) <= 0).all()
    assert (found[order[0]], found[order[-1]]) == (255, 1)
