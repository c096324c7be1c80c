"""Answers of a service equal those of signals and engine built in memory, without a snapshot.

Listeners with and without friends, ratings and skips are covered, and seeds without a listener.
"""

import numpy as np
import pytest
from tests.factories import excluded_by

from segue.engine import (
    CatalogueArrays,
    Dials,
    Exclusions,
    Explainer,
    blend_listeners,
    explain,
    profile_from_seeds,
    rerank_list,
    with_seeds,
)
from segue.pipeline.catalogue.search import GIVEN, GIVEN_PART, NAMED, search
from segue.pipeline.playlists.generate import BLEND_DIALS, blend
from segue.pipeline.recommender.open_signals import listeners_of, open_engine
from segue.pipeline.recommender.search_terms import is_part, normalize_text
from segue.pipeline.recommender.service import RecommenderService
from segue.pipeline.recommender.track_spaces import comparing_space

RULES = Exclusions(artists=("Artist 3",), tags=("x2",), min_duration=105)
TURNED = Dials(diversity=0.4, calibration=0.3, popularity=-0.3, artist_cap=1)


class InMemory:
    """Everything that the service reads from a snapshot, built from the library itself."""

    def __init__(self, library):
        self.catalogue = library.catalogue()
        self.profiles = listeners_of(library, self.catalogue)
        self.engine = open_engine(library, self.catalogue, self.profiles)
        self.facts = CatalogueArrays.of(
            self.catalogue.tracks,
            self.catalogue.ids,
            self.profiles.values(),
            comparing_space(self.engine.signals),
        )
        self.explainer = Explainer(self.engine, self.catalogue.tracks, self.facts)

    def recommend(self, user, k, dials, rules=None, like=(), dislike=()):
        seeds = [[self.catalogue.position(one) for one in ids] for ids in (like, dislike)]
        known = self.profiles.get(user)
        profile = profile_from_seeds(*seeds) if known is None else with_seeds(known, *seeds)
        excluded = excluded_by(rules or Exclusions(), self.catalogue.tracks)
        excluded[[*seeds[0], *seeds[1]]] = True
        found = rerank_list(self.engine, profile, k, dials, self.facts, excluded=excluded)
        return self.explainer.picks(found, profile, dials)


@pytest.fixture
def state(listening_library):
    return RecommenderService(listening_library).state()


@pytest.fixture
def memory(listening_library):
    return InMemory(listening_library)


def assert_same(mine, theirs):
    """Two lists have the same tracks, scores and explanations."""
    assert [one.track_id for one in mine] == [one.track_id for one in theirs]
    assert mine
    for one, other in zip(mine, theirs, strict=True):
        assert one.score == pytest.approx(other.score, abs=1e-5)
        assert one.why == pytest.approx(other.why, abs=1e-5)
        for name in ("title", "artist", "in_common", "top_signal"):
            assert getattr(one, name) == getattr(other, name)
        assert [pull.track_id for pull in one.influenced_by] == [
            pull.track_id for pull in other.influenced_by
        ]


@pytest.mark.parametrize("user", ["u0", "u1", "u3", "u7"])
@pytest.mark.parametrize("dials", [Dials(), TURNED, Dials(max_known_share=1)])
@pytest.mark.parametrize("rules", [None, RULES])
def test_recommend_from_snapshot_equals_memory(state, memory, user, dials, rules):
    query = state.query(user, 10, dials=dials, exclusions=rules)
    weights, picks = memory.recommend(user, 10, dials, rules)
    for _ in range(2):  # the second time from the cache
        found = state.recommend(query)
        assert found.weights == pytest.approx(weights)
        assert_same(found.tracks, picks)


@pytest.mark.parametrize("user", [None, "u1", "new listener"])
def test_recommend_by_seeds_from_snapshot_equals_memory(state, memory, user):
    seeds = {"like": ["t4", "t9"], "dislike": ["t2"]}
    found = state.recommend(state.query(user, 8, **seeds))
    assert_same(found.tracks, memory.recommend(user, 8, Dials(), **seeds)[1])


@pytest.mark.parametrize("track", ["t0", "t13", "t59"])
def test_similar_from_snapshot_equals_memory(state, memory, track):
    ranked = memory.engine.similar(memory.catalogue.position(track), 7)
    names = [signal.name for signal in memory.engine.signals]
    weights, picks = explain(ranked, names, memory.catalogue.tracks)
    found = state.similar(track, 7)
    assert found.weights == pytest.approx(weights)
    assert_same(found.tracks, picks)


def test_similar_by_one_signal_ranks_by_its_scores(state, memory):
    (tags,) = [signal for signal in memory.engine.signals if signal.name == "tags"]
    scores = tags.for_track(4)
    found = state.similar("t4", 5, signal="tags").tracks
    assert [pick.score for pick in found] == pytest.approx(
        np.sort(np.delete(scores, 4)[~np.isnan(np.delete(scores, 4))])[::-1][:5].tolist(), abs=1e-5
    )


def test_blend_from_snapshot_equals_memory(state, memory):
    users = ["u0", "u1", "u7"]
    profiles = [memory.profiles[user] for user in users]
    excluded = excluded_by(RULES, memory.catalogue.tracks)
    found = blend_listeners(
        memory.engine, profiles, 9, BLEND_DIALS, memory.facts, excluded=excluded
    )
    tracks = blend(state, users, 9, exclusions=RULES).tracks
    assert [state.catalogue.positions[track.track_id] for track in tracks] == (
        found.ranked.positions.tolist()
    )
    for track, parts in zip(tracks, found.ranked.parts.tolist(), strict=True):
        assert list(track.why.values()) == pytest.approx(parts, abs=1e-5)


def worth(term, track):
    """Return the worth of a term to a track, as `segue.pipeline.catalogue.search` defines it."""
    words = [normalize_text(name) for name in (*track.genres, *track.tags)]
    names = [normalize_text(name) for name in (track.title, track.album, track.artist) if name]
    if term in words:
        return GIVEN
    if any(is_part(term, word) for word in words):
        return GIVEN_PART
    return NAMED if any(f" {term} " in f" {name} " for name in names) else 0.0


@pytest.mark.parametrize("query", ["calm", "wild x2", "folk artist 3", "Title 12 jazz", "calming"])
def test_search_scores_equal_brute_force(listening_library, query):
    found = search(listening_library, query, 60)
    tracks = listening_library.catalogue().tracks
    scores = {
        track.track_id: sum(worth(term, track) for term in found.terms) / len(found.terms)
        for track in tracks
    }
    wanted = {track_id: score for track_id, score in scores.items() if score > 0}
    assert {match.track_id: match.score for match in found.tracks} == pytest.approx(wanted)
