"""Reasons in words: true of the listener, and never of a part that adds nothing."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.engine import (
    CatalogueArrays,
    Dials,
    Engine,
    Explainer,
    Weights,
    profile_from_seeds,
    rerank_list,
)
from segue.engine.reasons import _FOLLOWERS, MIN_PART, Followers
from segue.library.catalogue import ids_of
from segue.listening.sequences import fit_sequences
from segue.signals import (
    FriendsSignal,
    PopularitySignal,
    RecencySignal,
    SequenceSignal,
    UserProfile,
    VectorSignal,
)
from segue.types import Track

TRACKS = [
    Track(track_id=f"t{i}", title=f"No. {i}", artist=f"Artist {i // 2}", genres=("folk",))
    for i in range(8)
] + [Track(track_id="bare")]
N = len(TRACKS)
IDS = ids_of(TRACKS)
LISTENERS = np.array([0, 3, 1, 1, 2, 0, 0, 0, 0], np.float32)


def facts(listeners=LISTENERS):
    return replace(CatalogueArrays.of(TRACKS, IDS), listeners=listeners)


def reasons(signal, profile, listeners=LISTENERS):
    """The reason for each track that one signal recommends, by id."""
    engine = Engine([signal], Weights.fixed([1.0]))
    dials = Dials(max_known_share=1)
    arrays = facts(listeners)
    found = rerank_list(engine, profile, N, dials, arrays)
    picks = Explainer(engine, TRACKS, arrays).picks(found, profile, dials)[1]
    return {pick.track_id: pick.reason for pick in picks if pick.reason}


def listener(*plays, ages=(), likes=(), friends=()):
    liked = np.array(likes, np.int64)
    return UserProfile(
        liked,
        np.ones(len(liked), np.float32),
        np.union1d(liked, np.array(plays, np.int64)),
        np.array(plays, np.int64),
        np.array(ages, np.float32),
        tuple(np.array(own, np.int64) for own in friends),
    )


@pytest.mark.parametrize(
    ("profile", "sentence"),
    [
        (
            listener(0, 0, 0, ages=[9, 2, 1]),
            "You play Artist 0 often lately (3 plays in 30 days)",
        ),
        (listener(0, 0, 0, ages=[90, 80, 1]), "You play Artist 0 often (3 plays)"),
        (listener(0, 0, 0), "You play Artist 0 often (3 plays)"),
        (listener(0, ages=[1]), "You have played Artist 0 (1 play)"),
        (listener(likes=[0]), "You like 1 track by Artist 0"),
    ],
)
def test_recency_names_the_artist_as_it_was_played(profile, sentence):
    found = reasons(RecencySignal(IDS.artist), profile)
    assert found["t1"] == sentence
    assert not {"t2", "t3", "bare"} & set(found)  # of other artists nothing was played


def test_popularity_counts_other_listeners_only():
    found = reasons(PopularitySignal(LISTENERS), listener(likes=[4]))
    assert found["t1"] == "Liked by 3 other listeners here"
    assert found.get("t4") in (None, "Liked by 1 other listener here")
    assert "t0" not in found


def test_friends_are_counted():
    found = reasons(FriendsSignal(N), listener(friends=[(1, 2), (1,), (3,)]))
    assert found["t1"] == "Liked by 2 of your friends"


def test_sequence_names_what_was_often_played_before():
    played = [[0, 1, 4, 5], [0, 1, 2, 3], [0, 1], [4, 5]] * 5
    signal = SequenceSignal(fit_sequences(played, N, attentive=False))
    found = reasons(signal, listener(4, 0))
    assert found["t1"] == "Often played after Artist 0 - No. 0"
    nobody = reasons(signal, listener(4, 0), np.zeros(N, np.float32))
    assert not nobody  # what no listener likes is not often played


class TransitionSignal:
    """A sequence signal with given scores after each track, which counts what it scores."""

    name = "sequence"

    def __init__(self, scores):
        self.scores, self.n_scored = scores, 0

    def for_track(self, position):
        self.n_scored += 1
        return self.scores[position].copy()


@pytest.mark.parametrize("n_values", [3, 40, 10**6])  # with many equal scores, some, hardly any
@pytest.mark.parametrize("n_tracks", [2, 30, 1000])
def test_followers_equal_a_count_of_all_scores(n_values, n_tracks):
    rng = np.random.default_rng(n_values + n_tracks)
    scores = rng.integers(0, n_values, (2, n_tracks)).astype(np.float32)
    scores[:, rng.random(n_tracks) < 0.1] = np.nan
    followers = Followers([TransitionSignal(scores)])
    for before in range(2):
        row = scores[before]
        for position in range(n_tracks):
            others = np.delete(row >= row[position], [before, position])
            often = others.sum() <= _FOLLOWERS * n_tracks and not np.isnan(row[position])
            assert followers.follows(position, before) == (often and position != before)


def test_followers_of_a_track_are_scored_once():
    signal = TransitionSignal(np.eye(4, k=1, dtype=np.float32))
    followers = Followers([signal])
    assert [followers.follows(one, 0) for one in (1, 2, 3, 1)] == [True, False, False, True]
    assert signal.n_scored == 1
    assert not Followers([]).follows(1, 0)


def test_likeness_names_a_liked_track():
    vectors = np.eye(N, dtype=np.float32)
    vectors[1] = vectors[0]
    vectors[3] = vectors[2]
    profile = profile_from_seeds([0], [2])
    found = reasons(VectorSignal("timbre", vectors), profile)
    assert found == {"t1": "Sounds similar to Artist 0 - No. 0, which you like"}
    assert (
        reasons(VectorSignal("metadata", vectors), profile)["t1"] == "You like tracks by Artist 0"
    )


@given(
    plays=st.lists(st.integers(0, N - 1), max_size=12),
    likes=st.lists(st.integers(0, N - 1), unique=True, max_size=4),
    timed=st.booleans(),
    seed=st.integers(0, 50),
)
def test_reasons_name_only_own_artists_and_real_parts(plays, likes, timed, seed):
    profile = listener(*plays, ages=np.arange(len(plays))[::-1] if timed else (), likes=likes)
    vectors = np.random.default_rng(seed).normal(size=(N, 3)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    engine = Engine(
        [VectorSignal("metadata", vectors), RecencySignal(IDS.artist), PopularitySignal(LISTENERS)],
        Weights.fixed([0.4, 0.4, 0.2]),
    )
    dials = Dials(max_known_share=1)
    found = rerank_list(engine, profile, N, dials, facts())
    own = {TRACKS[place].artist for place in (*plays, *likes)}
    for pick in Explainer(engine, TRACKS, facts()).picks(found, profile, dials)[1]:
        if pick.reason is not None:
            assert max(pick.why.values()) >= MIN_PART
            named = {
                track.artist for track in TRACKS if track.artist and track.artist in pick.reason
            }
            assert named <= own
        assert pick.top_signal is None or pick.why[pick.top_signal] >= MIN_PART
        assert all(own.pull >= MIN_PART for own in pick.influenced_by)
