"""Answers from the snapshot equal those of signals and engine built in memory.

Covers every kind of answer (recommend, similar, radio, path, blend, playlist, search) for listeners
with and without friends, ratings and skips, and for seeds without a listener.
"""

import pytest

from segue.engine import Dials, Exclusions
from segue.pipeline.live import Live
from segue.pipeline.opening.opened import Opened
from segue.pipeline.playlists import blend, from_likes, path
from segue.pipeline.radio import RADIO_DIALS, Radio
from segue.pipeline.recommend import recommend, similar
from segue.pipeline.search import search

USERS = ("u0", "u1", "u3", "u7")
RULES = Exclusions(artists=("Artist 3",), tags=("x2",), min_duration=105)


@pytest.fixture
def served(listening_library):
    """The library as it is served: from its snapshot."""
    return Live(listening_library).opened()


@pytest.fixture
def built(listening_library):
    """The same library with everything built in memory."""
    return Opened.of(listening_library)


def assert_same(one, other):
    """Two lists of recommendations or steps have the same tracks, scores and reasons."""
    assert [each.track_id for each in one.tracks] == [each.track_id for each in other.tracks]
    assert one.tracks
    for mine, theirs in zip(one.tracks, other.tracks, strict=True):
        for name in ("score", "why", "progress", "step", "tastes"):
            if hasattr(mine, name):
                assert getattr(mine, name) == pytest.approx(getattr(theirs, name), abs=1e-5)
        for name in ("title", "artist", "shared", "top_signal", "serves"):
            assert getattr(mine, name, None) == getattr(theirs, name, None)
        pulls = [
            [pull.track_id for pull in getattr(each, "because", ())] for each in (mine, theirs)
        ]
        assert pulls[0] == pulls[1]
    assert list(one.hints) == list(other.hints)


@pytest.mark.parametrize("user", USERS)
@pytest.mark.parametrize(
    "dials", [Dials(), Dials(diversity=0.4, calibration=0.3, popularity=-0.3, artist_cap=1)]
)
def test_recommend_from_snapshot_equals_memory(served, built, user, dials):
    for rules in (None, RULES):
        assert_same(
            recommend(served, user, 10, dials=dials, exclusions=rules),
            recommend(built, user, 10, dials=dials, exclusions=rules),
        )


def test_recommend_by_seeds_from_snapshot_equals_memory(served, built):
    for user in (None, "u1", "somebody new"):
        seeds = {"like": ["t4", "t9"], "dislike": ["t2"]}
        assert_same(recommend(served, user, 8, **seeds), recommend(built, user, 8, **seeds))


@pytest.mark.parametrize("signal", [None, "tags", "metadata"])
def test_similar_from_snapshot_equals_memory(served, built, signal):
    for track in ("t0", "t13", "t59"):
        assert_same(
            similar(served, track, 7, signal=signal), similar(built, track, 7, signal=signal)
        )


def test_radio_from_snapshot_equals_memory(served, built):
    def played(library, user):
        radio = Radio(library, user, dials=RADIO_DIALS, exclusions=RULES, window=20)
        radio.feedback(radio.next().track_id, "skip")
        radio.feedback(radio.next().track_id, "like")
        return radio.take(12)

    for user in USERS:
        assert_same(played(served, user), played(built, user))


def test_path_from_snapshot_equals_memory(served, built):
    for signal in (None, "metadata"):
        assert_same(
            path(served, "t1", "t40", 6, signal=signal), path(built, "t1", "t40", 6, signal=signal)
        )


def test_blend_from_snapshot_equals_memory(served, built):
    users = ["u0", "u1", "u7"]
    assert_same(blend(served, users, 9), blend(built, users, 9))
    assert_same(blend(served, users, 9, exclusions=RULES), blend(built, users, 9, exclusions=RULES))


def test_playlist_from_likes_from_snapshot_equals_memory(served, built):
    likes = (["t4", "t9"], ["t2"], 9)
    assert_same(from_likes(served, *likes), from_likes(built, *likes))
    assert_same(from_likes(served, *likes, user="u3"), from_likes(built, *likes, user="u3"))


@pytest.mark.parametrize("query", ["calm", "wild x2", "folk artist 3", "Title 12 jazz", "calming"])
def test_search_from_snapshot_equals_memory(served, built, query):
    assert search(served, query, 20) == search(built, query, 20)
