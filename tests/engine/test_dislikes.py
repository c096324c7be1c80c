"""Dislikes carry to the artist and the album of a track, in proportion."""

from dataclasses import replace

import numpy as np
import pytest

from segue.engine import (
    CatalogueArrays,
    Dials,
    Engine,
    Weights,
    blend_listeners,
    profile_from_seeds,
    rerank_list,
)
from segue.engine.dislikes import dislike_shares
from segue.library.catalogue import ids_of
from segue.signals import VectorSignal
from segue.types import Track

TRACKS = [
    Track(track_id=str(i), artist="AB"[i // 8 % 2] if i < 16 else f"C{i}", album=f"L{i // 4}")
    for i in range(40)
]
IDS = ids_of(TRACKS)


@pytest.mark.parametrize(
    ("liked", "disliked", "share"),
    [
        ([], [0], 1 / 2),
        ([], [0, 1, 4], 3 / 4),
        ([0, 1], [4, 5], 0),
        ([0], [], 0),
        ([0], [4, 5], 1 / 4),
    ],
)
def test_dislike_share_of_artist_is_in_proportion(liked, disliked, share):
    found = dislike_shares(profile_from_seeds(liked, disliked), IDS, np.array([6, 8]))
    if not liked:
        assert found[0] == pytest.approx(share)
    assert found[0] >= share
    assert found[1] == 0


def test_disliked_artist_leaves_the_list():
    rng = np.random.default_rng(0)
    space = rng.normal(size=(40, 6)).astype(np.float32)
    space[:8] = space[20] + 0.1 * space[:8]  # the artist is what the listener likes most
    space /= np.linalg.norm(space, axis=1, keepdims=True)
    engine = Engine([VectorSignal("knn", space)], Weights.fixed([1.0]))
    facts = CatalogueArrays.of(TRACKS, IDS)
    before = rerank_list(engine, profile_from_seeds([20]), 5, Dials(), facts).ranked
    assert (before.positions < 8).sum() >= 2
    found = rerank_list(engine, profile_from_seeds([20], [0, 1, 2, 4]), 5, Dials(), facts).ranked
    assert not (found.positions < 8).any()
    np.testing.assert_allclose(found.parts.sum(axis=1), found.scores, rtol=1e-4, atol=1e-5)
    assert "dislikes" in found.dials


def test_default_list_has_two_of_ten_by_one_artist():
    engine = Engine([VectorSignal("knn", np.eye(40, dtype=np.float32))], Weights.fixed([1.0]))
    facts = CatalogueArrays.of(TRACKS, IDS)
    found = rerank_list(engine, profile_from_seeds([39]), 24, Dials(), facts).ranked.positions
    for n in (10, 20):
        counts = np.bincount(IDS.artist[found[:n]])
        assert counts.max() <= n // 5
    only = [Track(track_id=str(i), artist="A") for i in range(40)]
    facts = CatalogueArrays.of(only, ids_of(only))
    assert (
        len(rerank_list(engine, profile_from_seeds([39]), 10, Dials(), facts).ranked.positions)
        == 10
    )


def test_dislike_share_of_radio_skip_is_bounded():
    profile = replace(profile_from_seeds([1, 2, 3], [0]), weights=np.float32([0.4, 0.4, 0.4, -20]))
    assert dislike_shares(profile, IDS, np.array([6]))[0] == 0


def test_group_dislikes_are_those_of_each_member():
    rng = np.random.default_rng(1)
    space = rng.normal(size=(40, 6)).astype(np.float32)
    space[:8] = space[20] + 0.1 * space[:8]
    space /= np.linalg.norm(space, axis=1, keepdims=True)
    engine = Engine([VectorSignal("knn", space)], Weights.fixed([1.0]))
    facts = CatalogueArrays.of(TRACKS, IDS)
    ann = replace(profile_from_seeds([20], [0, 1, 2, 4]), user="ann")
    ben = replace(profile_from_seeds([20, 21, 22, 23, 24, 25]), user="ben")
    found = blend_listeners(engine, [ann, ben], 5, Dials(), facts).ranked
    assert not (found.positions < 8).any()
