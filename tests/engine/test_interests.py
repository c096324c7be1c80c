"""Interests: known groups, sub-profiles, names, and lists in proportion."""

from datetime import UTC

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import silhouette_score

from segue.engine import CatalogueArrays, Dials, Engine, TrackWords, Weights, rerank_list
from segue.engine.interest_names import InterestNamer
from segue.engine.interests import (
    MAX_INTERESTS,
    MAX_LIKES,
    InterestMinimums,
    cluster,
    interest_profile,
    interests_of,
    nearest_interest,
    silhouette,
    track_vectors,
)
from segue.engine.listening_hours import hours_of, usual_span
from segue.library.catalogue import ids_of
from segue.signals import UserProfile, VectorSignal
from segue.types import Track

N_PER_KIND = 40
KINDS = ("sleep", "rock", "jazz", "techno")
N = N_PER_KIND * len(KINDS)


def kind(position: int) -> int:
    return position // N_PER_KIND


@pytest.fixture(scope="module")
def tracks():
    return [
        Track(
            track_id=f"t{i}",
            title=f"No. {i}",
            artist=f"{KINDS[kind(i)]} artist {i % 8}",
            genres=(KINDS[kind(i)],),
            tags={f"tag {i % 3}": 1.0},
        )
        for i in range(N)
    ]


@pytest.fixture(scope="module")
def space():
    """Vectors around one direction for each kind."""
    rng = np.random.default_rng(0)
    vectors = np.eye(len(KINDS), 12)[[kind(i) for i in range(N)]] + rng.normal(0, 0.15, (N, 12))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return VectorSignal("timbre", vectors.astype(np.float32))


@pytest.fixture(scope="module")
def facts(tracks, space):
    return CatalogueArrays.of(tracks, ids_of(tracks), (), space)


@pytest.fixture(scope="module")
def engine(space):
    weights = Weights(np.zeros(1), np.zeros(1), {})
    return Engine([space], weights)


def listener(counts, weights=None) -> UserProfile:
    """A listener who likes the first tracks of each kind, that many of each."""
    positions = np.array(
        [N_PER_KIND * k + i for k, n in enumerate(counts) for i in range(n)], np.int64
    )
    strength = np.ones(len(positions)) if weights is None else np.repeat(weights, counts)
    return UserProfile(positions, strength.astype(np.float32), positions, user="ann")


@pytest.mark.parametrize("counts", [[12], [12, 5], [9, 12, 6], [20, 10, 8, 6]])
def test_interests_of_known_groups_are_the_groups(facts, counts):
    found = interests_of(listener(counts), facts)
    assert [len(one.positions) for one in found] == sorted(counts, reverse=True)
    assert all(len({kind(position) for position in one.positions.tolist()}) == 1 for one in found)
    assert sum(one.share for one in found) == pytest.approx(1)


def test_interest_share_is_that_of_the_weight(facts):
    found = interests_of(listener([10, 10], [1.0, 3.0]), facts)
    assert [kind(int(one.positions[0])) for one in found] == [1, 0]
    assert [one.share for one in found] == pytest.approx([0.75, 0.25])


def test_interests_by_genres_where_no_vectors_are(tracks):
    facts = CatalogueArrays.of(tracks, ids_of(tracks))
    found = interests_of(listener([12, 6]), facts)
    assert [len(one.positions) for one in found] == [12, 6]


def test_interests_of_no_likes_are_none(facts):
    assert interests_of(listener([0]), facts) == []
    nothing = VectorSignal("timbre", np.zeros((N, 2), np.float32))
    bare = CatalogueArrays(facts.ids, facts.mixes, facts.genres, facts.listeners, nothing)
    assert interests_of(listener([9]), bare) == []


def test_likes_beyond_the_limit_join_the_nearest(space, tracks):
    times = 2 * MAX_LIKES // N + 1
    vectors = np.tile(space.vectors, (times, 1))
    many = [tracks[i % N] for i in range(times * N)]
    facts = CatalogueArrays.of(many, ids_of(many), (), VectorSignal("timbre", vectors))
    liked = np.array([i for i in range(times * N) if kind(i % N) < 2])
    profile = UserProfile(liked, np.linspace(2, 1, len(liked)).astype(np.float32), liked)
    found = interests_of(profile, facts)
    assert len(liked) > MAX_LIKES
    assert len(found) == 2
    assert sum(len(one.positions) for one in found) == len(liked)
    for one in found:
        assert len({kind(position % N) for position in one.positions.tolist()}) == 1


def test_silhouette_equals_scikit_learn():
    rng = np.random.default_rng(3)
    points = rng.normal(size=(40, 3))
    distances = np.linalg.norm(points[:, None] - points, axis=2)
    labels = np.concatenate([np.repeat([0, 1, 2], 13), [3]])
    expected = silhouette_score(distances, labels, metric="precomputed")
    assert silhouette(distances, labels) == pytest.approx(expected)


@settings(max_examples=40, deadline=None)
@given(n=st.integers(0, 40), seed=st.integers(0, 1_000), apart=st.floats(0, 1))
def test_cluster_is_bounded_and_deterministic(n, seed, apart):
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(n, 3)).astype(np.float32)
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    weights = rng.uniform(0.1, 5, n)
    distances = 1 - vectors @ vectors.T
    found = cluster(distances, weights, apart)
    assert len(found) == n
    assert set(found.tolist()) == set(range(int(found.max(initial=-1)) + 1))
    assert len(set(found.tolist())) <= MAX_INTERESTS
    np.testing.assert_array_equal(found, cluster(distances, weights, apart))


def test_interest_profile_has_own_likes_and_all_dislikes(facts):
    base = listener([10, 6])
    profile = UserProfile(
        np.append(base.positions, 150),
        np.append(base.weights, np.float32(-1)),
        np.append(base.known, 150),
        history=np.array([0, 41, 1, 150, 99]),
        ages=np.array([5, 4, 3, 2, 1], np.float32),
    )
    first = interests_of(profile, facts)[0]
    own = interest_profile(profile, first)
    assert own.positions.tolist() == [*range(10), 150]
    assert own.history.tolist() == [0, 1]
    assert own.ages.tolist() == [5, 3]
    assert own.known.tolist() == profile.known.tolist()


def test_nearest_interest_needs_the_track_in_reach(facts):
    found = interests_of(listener([12, 6]), facts)
    places = nearest_interest(found, track_vectors(facts, np.arange(N)))
    for number in (0, 1):
        own = places[[kind(i) == number for i in range(N)]]
        assert (own == number).mean() >= 0.6
        assert set(own.tolist()) <= {number, -1}
    assert set(places[2 * N_PER_KIND :].tolist()) == {-1}
    assert nearest_interest([], track_vectors(facts, np.array([3]))).tolist() == [-1]


def test_list_covers_interests_in_proportion(engine, facts):
    profile = listener([14, 6])
    together = rerank_list(engine, profile, 10, Dials(), facts).ranked.positions
    found = rerank_list(engine, profile, 10, Dials(interests=True), facts).ranked
    kinds = [kind(position) for position in found.positions.tolist()]
    assert kinds.count(0) == 7
    assert kinds.count(1) == 3
    assert kinds[:3].count(1) == 1  # not only at the end
    assert [kind(position) for position in together.tolist()].count(1) < 3
    assert not set(found.positions.tolist()) & set(profile.known.tolist())
    np.testing.assert_allclose(found.parts.sum(axis=1), found.scores, rtol=1e-5)


def test_list_of_one_interest_is_unchanged(engine, facts):
    profile = listener([12])
    plain = rerank_list(engine, profile, 10, Dials(), facts).ranked
    found = rerank_list(engine, profile, 10, Dials(interests=True), facts).ranked
    assert found.positions.tolist() == plain.positions.tolist()


@settings(max_examples=40, deadline=None)
@given(
    counts=st.lists(st.integers(0, 15), min_size=1, max_size=4),
    k=st.integers(1, 60),
    cap=st.none() | st.integers(1, 3),
)
def test_covering_list_keeps_caps_and_has_no_doubles(interest_world, counts, k, cap):
    engine, facts = interest_world
    profile = listener(counts)
    dials = Dials(interests=True, artist_cap=cap)
    found = rerank_list(engine, profile, k, dials, facts).ranked.positions
    assert len(set(found.tolist())) == len(found) <= k
    assert not set(found.tolist()) & set(profile.known.tolist())
    if cap is not None:
        assert np.bincount(facts.ids.artist[found], minlength=1).max(initial=0) <= cap


@pytest.fixture(scope="module")
def interest_world(engine, facts):
    return engine, facts


def test_names_are_the_distinctive_words(tracks, facts):
    namer = InterestNamer(TrackWords.of(tracks), lambda position: tracks[position].artist)
    assert namer.names(interests_of(listener([12, 6, 5]), facts)) == ["sleep", "rock", "jazz"]
    assert namer.names([]) == []


def test_names_without_words_are_main_artists(tracks, facts):
    bare = [Track(track_id=one.track_id, artist=one.artist) for one in tracks]
    namer = InterestNamer(TrackWords.of(bare), lambda position: bare[position].artist)
    first, second = namer.names(interests_of(listener([9, 8]), facts))
    assert first == "sleep artist 0 and sleep artist 1"
    assert second == "rock artist 0 and rock artist 1"


def test_usual_span_goes_past_midnight():
    night = np.array([23, 0, 0, 1, 2, 23, 22, 0, 1, 1, 12])
    assert usual_span(night) == (23, 2)
    assert usual_span(night[:5]) is None
    assert hours_of(np.array([3_600.0 * 25, np.nan]), UTC).tolist() == [1, -1]


@given(
    st.lists(st.floats(0.05, 1), min_size=2, max_size=5),
    st.integers(0, 10**6),
    st.integers(10, 40),
)
def test_minimums_give_each_interest_half_of_its_share(weights, seed, k):
    shares = np.array(weights) / sum(weights)
    rng = np.random.default_rng(seed)
    labels = rng.integers(-1, len(shares), 400)
    minimums, free, values = (
        InterestMinimums(shares, labels),
        np.ones(400, bool),
        rng.normal(size=400),
    )
    values[labels == int(shares.argmax())] += 9  # the largest interest scores best
    for place in range(k):
        allowed = minimums.allowed(free)
        best = int(np.argmax(np.where(allowed, values, -np.inf)))
        minimums.choose(best)
        free[best] = False
        due = np.floor(shares * (place + 1) / 2 + 0.5)
        assert (minimums.counts >= due - 1).all()
    assert minimums.counts.sum() <= k
