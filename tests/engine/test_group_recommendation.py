"""Group recommendation: fairness, and exclusion of disliked tracks."""

import numpy as np
import pytest

from segue.engine import (
    CatalogueArrays,
    Dials,
    Engine,
    Weights,
    blend_listeners,
    profile_from_seeds,
)
from segue.library.catalogue import ids_of
from segue.types import Track

N = 8


def arrays_of(tracks):
    return CatalogueArrays.of(tracks, ids_of(tracks))


FACTS = arrays_of([Track(track_id=str(i)) for i in range(N)])


class Tastes:
    """A signal that knows what the listener who likes a track thinks of all."""

    name = "tastes"
    rows = np.array(
        [
            # the first loves 0, hates 1; the second the other way; both think well of 2
            [9, 0, 6, 3, 3, 3, 3, 3],
            [0, 9, 6, 3, 3, 3, 3, 3],
        ],
        np.float32,
    )

    def for_listeners(self, profiles):
        return np.stack([self.rows[0 if 6 in profile.positions else 1] for profile in profiles])

    def for_track(self, position):
        return np.full(N, np.nan, np.float32)


ENGINE = Engine([Tastes()], Weights.fixed([0.8]))
ANN, BOB = profile_from_seeds([6]), profile_from_seeds([7])


def test_blend_with_misery_finds_acceptable_track():
    found = blend_listeners(ENGINE, [ANN, BOB], 6, Dials(), FACTS)
    assert found.ranked.positions[0] == 2
    assert set(found.ranked.positions[-2:].tolist()) == {0, 1}
    np.testing.assert_allclose(found.ranked.parts.sum(axis=1), found.ranked.scores, atol=1e-6)
    np.testing.assert_allclose(found.ranked.weights, [0.5, 0.5])
    assert found.tastes.shape == (6, 2)
    # a track known to either is not new to both
    assert not {6, 7} & set(found.ranked.positions.tolist())


def test_blend_without_misery_follows_average():
    average = blend_listeners(ENGINE, [ANN, ANN, BOB], 3, Dials(), FACTS, misery=0)
    fair = blend_listeners(ENGINE, [ANN, ANN, BOB], 3, Dials(), FACTS)
    assert average.ranked.positions[0] == 0
    assert fair.ranked.positions[0] == 2


def test_blend_excludes_disliked_tracks():
    dislikes = profile_from_seeds([6], [2])
    found = blend_listeners(ENGINE, [dislikes, BOB], N, Dials(max_known_share=1), FACTS)
    assert 2 not in found.ranked.positions
    assert len(found.ranked.positions) == N - 1
    excluded = np.arange(N) == 3
    found = blend_listeners(
        ENGINE, [ANN, BOB], N, Dials(max_known_share=1), FACTS, excluded=excluded
    )
    assert 3 not in found.ranked.positions


def test_blend_rejects_no_listeners_and_bad_misery():
    with pytest.raises(ValueError, match="give at least one"):
        blend_listeners(ENGINE, [], 3, Dials(), FACTS)
    with pytest.raises(ValueError, match="misery is 2"):
        blend_listeners(ENGINE, [ANN], 3, Dials(), FACTS, misery=2)


class Ordered:
    """A signal that ranks tracks by position, for every listener."""

    name = "ordered"

    def __init__(self, n):
        self.row = -np.arange(n, dtype=np.float32)

    def for_listeners(self, profiles):
        return np.tile(self.row, (len(profiles), 1))

    def for_track(self, position):
        raise NotImplementedError


def test_blend_with_cap_searches_beyond_pool():
    n = 1_000
    facts = arrays_of([Track(track_id=str(i), artist=f"A{max(0, i - 800)}") for i in range(n)])
    engine = Engine([Ordered(n)], Weights.fixed([1.0]))
    found = blend_listeners(engine, [ANN, BOB], 20, Dials(artist_cap=1), facts)
    assert found.ranked.positions.tolist() == [0, *range(801, 820)]


def test_blend_knows_all_files_of_known_recording():
    facts = arrays_of([Track(track_id=str(i)) for i in range(12)])
    engine = Engine([Ordered(12)], Weights.fixed([1.0]), recordings=[[0, 6], [1, 7]])
    found = blend_listeners(engine, [ANN, BOB], 2, Dials(max_known_share=0.5), facts)
    assert found.ranked.positions.tolist() == [2, 0]
