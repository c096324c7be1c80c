"""Explanations: attribution sums to parts, the top signal decides, faithfulness."""

from dataclasses import replace

import numpy as np
import pytest

from segue.engine import (
    CatalogueArrays,
    Dials,
    Engine,
    Explainer,
    Ranked,
    RerankResult,
    Weights,
    faithfulness,
    profile_from_seeds,
    rerank_list,
    with_seeds,
)
from segue.engine.explanations import decisive
from segue.engine.rerank import static_terms
from segue.index import MutualProximity, normalise
from segue.library.catalogue import ids_of
from segue.signals import UserProfile, VectorSignal
from segue.types import Track

NO_DIALS = np.zeros((0, 4))


def pool_of(parts):
    parts = np.array(parts, np.float32)
    totals = parts.sum(axis=1)
    order = np.argsort(-totals, kind="stable")
    return Ranked(order, totals[order], parts[order], np.full(parts.shape[1], 0.5))


def test_decisive_names_deciding_signal_not_largest():
    # the first signal gives all about the same; only by the second does track 0 stand above others
    pool = pool_of([[2.0, 0.5], [2.01, 0.3], [2.02, 0.2], [2.03, 0.1]])
    assert decisive(RerankResult(pool, pool), NO_DIALS).tolist() == [1, 1, -1, -1]
    # without either, the best of all by both stays where it is: several carry it
    both = pool_of([[2.0, 2.0], [1.0, 1.0], [0.5, 0.5], [0.0, 0.0]])
    assert decisive(RerankResult(both, both), NO_DIALS)[0] == -1
    # without the one signal that says anything of a track there is nothing to recommend it by
    alone = pool_of([[2.0, 0.0], [1.0, 0.5]])
    assert decisive(RerankResult(alone, alone), np.zeros((0, 2))).tolist() == [0, -1]
    # what takes away from a score is never named
    harmed = pool_of([[3.0, -0.5], [1.0, -2.0], [0.9, -2.0], [0.8, -2.0]])
    assert decisive(RerankResult(harmed, harmed), NO_DIALS)[0] != 1


@pytest.mark.parametrize("own", [-0.5, 0.0])
def test_decisive_never_names_signal_that_adds_nothing(own):
    # without the second signal the rival, which it lowers more, would come first
    pool = pool_of([[0.6, own, 0.4], [0.7, -2.0, 0.5]])
    assert decisive(RerankResult(pool, pool), np.zeros((0, 2)))[0] == -1


def test_faithfulness_of_named_signals_meets_target(whole, listeners):
    found = faithfulness(whole, listeners, 10)
    assert found.n == 150
    assert found.share >= 0.95
    assert found.named >= 0.8
    assert found.by_largest <= found.share
    assert np.isnan(faithfulness(whole, [], 10).share)


def test_attribution_of_vectors_sums_to_part(whole, facts, catalogue, listeners):
    timbre = Engine(whole.signals[:1], Weights.fixed([0.7]))
    explainer = Explainer(timbre, catalogue, facts)
    for profile in listeners:
        ranked = timbre.recommend(profile, 10)
        pulls = explainer.pulls(ranked, profile)
        np.testing.assert_allclose(pulls.sum(axis=1), ranked.parts[:, 0], rtol=1e-4)
        vectors = timbre.signals[0].vectors
        cosines = vectors[ranked.positions] @ vectors[profile.positions].T
        # the more alike, the more it pulls, but for how alike it is to all
        usual = (
            vectors[profile.positions] @ vectors.sum(axis=0) / timbre.signals[0].has_vector.sum()
        )
        order = np.argsort(-(cosines - usual), axis=1)
        assert (np.argsort(-pulls, axis=1) == order).all()


def test_attribution_without_hubs_sums_to_part(whole, facts, catalogue, listeners):
    signal = whole.signals[0]
    hubless = VectorSignal("timbre", signal.vectors, MutualProximity.fit(signal.vectors))
    engine = Engine([hubless], Weights.fixed([0.7]))
    ranked = engine.recommend(listeners[0], 5)
    pulls = Explainer(engine, catalogue, facts).pulls(ranked, listeners[0])
    np.testing.assert_allclose(pulls.sum(axis=1), ranked.parts[:, 0], rtol=1e-4)


class Counting:
    """A signal that says itself what each known track adds: as much as its position."""

    name = "counting"

    def for_listeners(self, profiles):
        return np.tile(np.arange(6, dtype=np.float32), (len(profiles), 1))

    def for_track(self, position):
        return np.full(6, np.nan, np.float32)

    def pulls(self, profile, position):
        return profile.positions.astype(np.float32)


def test_attribution_uses_signals_own_amounts():
    tracks = [Track(track_id=str(i), title=f"No. {i}") for i in range(6)]
    engine = Engine([Counting()], Weights.fixed([0.7]))
    profile = UserProfile(np.array([1, 2, 3]), np.float32([1, 1, -1]), np.array([1, 2, 3]))
    explainer = Explainer(engine, tracks, CatalogueArrays.of(tracks, ids_of(tracks)))
    found = rerank_list(engine, profile, 1, Dials(), explainer.facts)
    part = found.ranked.parts[0, 0]
    np.testing.assert_allclose(
        explainer.pulls(found.ranked, profile)[0], part * np.arange(1, 4) / 6
    )
    (pick,) = explainer.picks(found, profile, Dials())[1]
    # disliked tracks have no influence
    assert [pull.track_id for pull in pick.influenced_by] == ["2", "1"]
    assert pick.influenced_by[0].title == "No. 2"


def test_influenced_by_names_similar_history():
    vectors = normalise(np.float32([[1, 0], [0, 1], [1, 0.1], [0.1, 1], [-1, -1]]))
    tracks = [
        Track(track_id="0", artist="A", genres=("folk",), tags={"calm": 1, "live": 9}),
        Track(track_id="1", artist="B", genres=("jazz",)),
        Track(track_id="2", artist="a", genres=("folk", "jazz"), tags={"calm": 5, "loud": 5}),
        Track(track_id="3"),
        Track(track_id="4"),
    ]
    engine = Engine([VectorSignal("timbre", vectors)], Weights.fixed([0.7]))
    facts = CatalogueArrays.of(tracks, ids_of(tracks))
    profile = profile_from_seeds([0, 1])
    found = rerank_list(engine, profile, 3, Dials(), facts)
    picks = Explainer(engine, tracks, facts).picks(found, profile, Dials())[1]
    by_id = {pick.track_id: pick for pick in picks}
    assert by_id["2"].influenced_by[0].track_id == "0"
    assert by_id["3"].influenced_by[0].track_id == "1"
    shared = by_id["2"].in_common
    assert (shared.artist, shared.genres, shared.tags) == ("a", ["folk", "jazz"], ["calm"])
    assert by_id["3"].in_common.artist is None


def test_explanation_with_dials_parts_sum_to_score(whole, facts, catalogue, listeners):
    dials = Dials(
        diversity=0.3, calibration=0.2, popularity=-0.4, randomness=0.1, max_known_share=1
    )
    found = rerank_list(whole, listeners[0], 10, dials, facts)
    picks = Explainer(whole, catalogue, facts).picks(found, listeners[0], dials)[1]
    for pick in picks:
        assert list(pick.why) == [
            *("timbre", "tags", "popularity"),
            *("popularity dial", "randomness", "diversity", "calibration"),
        ]
        assert sum(pick.why.values()) == pytest.approx(pick.score, abs=1e-9)


def test_strongest_signal_of_seeded_list_heeds_its_dials(whole, facts, catalogue, listeners):
    """The random part is that of the listener who has the list, not that of the seeds."""
    names = [signal.name for signal in whole.signals]
    dials = Dials(randomness=0.6, seed=3)
    for listener in listeners:
        profile = with_seeds(replace(listener, user="ann"), [5])
        found = rerank_list(whole, profile, 10, dials, facts)
        static = static_terms(found.pool, dials, facts, profile)[1]
        expected = [names[one] if one >= 0 else None for one in decisive(found, static).tolist()]
        picks = Explainer(whole, catalogue, facts).picks(found, profile, dials)[1]
        parts = [pick.why.get(pick.top_signal) for pick in picks if pick.top_signal]
        assert [pick.top_signal for pick in picks] == expected
        assert all(part > 0 for part in parts)
