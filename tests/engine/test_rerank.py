"""Re-ranking: known values for each dial, and invariants under all dials."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.factories import excluded_by

from segue.engine import (
    CatalogueArrays,
    Dials,
    Exclusions,
    Ranked,
    divergence,
    profile_from_seeds,
    rerank,
    rerank_list,
    sweep,
)
from segue.engine.calibration import Calibration
from segue.engine.randomness import gumbel
from segue.library.catalogue import ids_of
from segue.signals import VectorSignal
from segue.types import ArtistCredit, Track

NO_LISTENER = profile_from_seeds([])


def pool_of(scores):
    scores = np.array(scores, np.float32)
    order = np.argsort(-scores, kind="stable")
    return Ranked(order, scores[order], scores[order][:, None], np.ones(1))


def facts_of(tracks, vectors=None, listeners=()):
    space = None if vectors is None else VectorSignal("given", np.array(vectors, np.float32))
    return CatalogueArrays.of(tracks, ids_of(tracks), listeners, space)


def plain(n):
    return [Track(track_id=str(i)) for i in range(n)]


def test_rerank_with_default_dials_changes_nothing(whole, facts, listeners):
    for profile in listeners:
        expected = whole.recommend(profile, 10)
        found = rerank_list(whole, profile, 10, Dials(artist_cap=0), facts).ranked
        assert found.positions.tolist() == expected.positions.tolist()
        np.testing.assert_array_equal(found.parts, expected.parts)
        assert found.dials == ()


def test_caps_hold_and_ignore_unknown_artists():
    artists = ["A", "A", "a", "B", None, None, None]
    tracks = [Track(track_id=str(i), artist=artist) for i, artist in enumerate(artists)]
    pool = pool_of([9, 8, 7, 6, 5, 4, 3])
    found = rerank(pool, 7, Dials(artist_cap=1), facts_of(tracks), NO_LISTENER)
    assert found.positions.tolist() == [0, 3, 4, 5, 6]
    found = rerank(pool, 4, Dials(artist_cap=2), facts_of(tracks), NO_LISTENER)
    assert found.positions.tolist() == [0, 1, 3, 4]


def test_album_cap_counts_by_artist_and_name():
    tracks = [
        Track(track_id="0", artist="A", album="Greatest Hits"),
        Track(track_id="1", artist="B", album="Greatest Hits"),
        Track(track_id="2", artist="A", album="greatest hits"),
    ]
    found = rerank(pool_of([3, 2, 1]), 3, Dials(album_cap=1), facts_of(tracks), NO_LISTENER)
    assert found.positions.tolist() == [0, 1]


def test_caps_use_ids_without_names():
    ids = [("7", "1"), ("7", "1"), ("-1", "-1"), ("-1", "-1"), ("8", "2"), (None, None)]
    named = [
        {name: one for name, one in zip(("artist_id", "album_id"), of, strict=True) if one}
        for of in ids
    ]
    tracks = [Track(track_id=str(i), metadata=one) for i, one in enumerate(named)]
    tracks.append(Track(track_id="6", artist="7", album="1"))  # a name is no id
    facts = facts_of(tracks)
    assert facts.ids.artist.tolist() == [0, 0, -1, -1, 1, -1, 2]
    assert facts.ids.album.tolist() == [0, 0, -1, -1, 1, -1, 2]
    for dials in (Dials(artist_cap=1), Dials(album_cap=1)):
        found = rerank(pool_of([9, 8, 7, 6, 5, 4, 3]), 7, dials, facts, NO_LISTENER)
        assert found.positions.tolist() == [0, 2, 3, 4, 5, 6]


def test_diversity_equals_maximal_marginal_relevance():
    # 1 is the twin of 0; 2 points elsewhere. Relevance in the pool's range: 1, 0.9, 0.5, 0
    vectors = [[1, 0], [1, 0], [0, 1], [-1, 0]]
    pool, facts = pool_of([10, 9, 5, 0]), facts_of(plain(4), vectors)
    assert rerank(pool, 2, Dials(diversity=0.2), facts, NO_LISTENER).positions.tolist() == [0, 1]
    found = rerank(pool, 3, Dials(diversity=0.5), facts, NO_LISTENER)
    # after 0: 9 - 10 for the twin, 5 for 2, 0 for 3
    assert found.positions.tolist() == [0, 2, 3]
    assert found.dials == ("diversity",)
    assert rerank(pool, 2, Dials(diversity=1), facts, NO_LISTENER).positions.tolist() == [0, 2]
    last = rerank(pool, 4, Dials(diversity=0.5), facts, NO_LISTENER)
    np.testing.assert_allclose(last.parts[-1], [9, -10])


def test_diversity_without_vectors_uses_artist_and_genre():
    tracks = [
        Track(track_id="0", artist="A", genres=("folk",)),
        Track(track_id="1", artist="A", genres=("jazz",)),
        Track(track_id="2", artist="B", genres=("folk", "rock")),
        Track(track_id="3", artist="C", genres=("jazz",)),
    ]
    found = rerank(
        pool_of([4, 3.9, 3.8, 3.0]), 4, Dials(diversity=0.9), facts_of(tracks), NO_LISTENER
    )
    # same artist 1, half the genres 0.5, nothing in common 0
    assert found.positions.tolist() == [0, 3, 2, 1]


def test_calibration_gives_genres_their_share():
    tracks = [Track(track_id=str(i), genres=("rock" if i < 20 else "folk",)) for i in range(40)]
    pool = pool_of(np.linspace(2, 1, 40))
    taste = profile_from_seeds([0, 1, 20])
    facts = facts_of(tracks)
    plain_list = rerank(pool, 9, Dials(), facts, taste).positions
    assert (plain_list < 20).sum() == 9
    found = rerank(pool, 9, Dials(calibration=0.9), facts, taste).positions
    assert (found < 20).sum() == 6
    mixes = [np.asarray(facts.mixes[part].mean(axis=0)).ravel() for part in (plain_list, found)]
    own = facts.taste(taste)
    assert divergence(own, mixes[1]) == pytest.approx(0, abs=1e-6)
    assert divergence(own, mixes[0]) > 1


def test_calibration_is_greedy_by_divergence(facts):
    """The gains order candidates as KL(p || q) with the stated smoothing does, at every step."""
    taste = facts.taste(profile_from_seeds([0, 4, 8, 1, 2]))
    positions = np.arange(len(facts))
    mixes = facts.mixes.toarray()
    calibration = Calibration(taste, facts.mixes[positions])
    so_far = np.zeros(len(taste))
    own = taste > 0
    for step, chosen in enumerate([0, 4, 1, 8]):
        smooth = (so_far + mixes + taste) / (step + 2)
        kl = (taste[own] * np.log(taste[own] / smooth[:, own])).sum(axis=1)
        np.testing.assert_allclose(calibration.gains - calibration.gains[9], kl[9] - kl, atol=1e-12)
        calibration.choose(chosen)
        so_far += mixes[chosen]


def test_calibration_without_genres_uses_tags():
    tracks = [Track(track_id="0", tags={"calm": 3, "sad": 1}), Track(track_id="1")]
    facts = facts_of(tracks)
    assert facts.genres == ["calm", "sad"]
    assert facts.mixes.toarray().tolist() == [[0.75, 0.25], [0, 0]]


def test_popularity_dial_orders_hits_and_rare_tracks():
    listeners = [profile_from_seeds(range(3, 3 - n, -1)) for n in (1, 2, 3, 4)]
    facts = facts_of(plain(4), listeners=listeners)
    assert facts.listeners.tolist() == [1, 2, 3, 4]
    pool = pool_of([4, 3, 2, 1])
    hits = rerank(pool, 4, Dials(popularity=0.9), facts, NO_LISTENER)
    deep = rerank(pool, 4, Dials(popularity=-0.9), facts, NO_LISTENER)
    assert hits.positions.tolist() == [3, 2, 1, 0]
    assert deep.positions.tolist() == [0, 1, 2, 3]
    assert hits.dials == ("popularity dial",)
    # without listeners there is no popularity
    silent = rerank(pool, 4, Dials(popularity=0.9), facts_of(plain(4)), NO_LISTENER)
    assert silent.positions.tolist() == [0, 1, 2, 3]


def test_max_known_share_holds_for_every_prefix():
    knows = profile_from_seeds(range(10))
    pool, facts = pool_of(np.linspace(2, 1, 20)), facts_of(plain(20))
    known = rerank(pool, 10, Dials(max_known_share=0.5), facts, knows).positions < 10
    assert known.tolist() == [False, True] * 5
    assert rerank(pool, 10, Dials(), facts, knows).positions.tolist() == list(range(10, 20))
    assert rerank(pool, 10, Dials(max_known_share=1), facts, knows).positions.tolist() == list(
        range(10)
    )


def test_one_version_of_a_song_is_in_a_list():
    songs = np.array([0, 0, -1, 1, 1, -1])
    facts = replace(facts_of(plain(6)), versions=songs)
    pool = pool_of([6, 5, 4, 3, 2, 1])
    found = rerank(pool, 6, Dials(), facts, NO_LISTENER)
    assert found.positions.tolist() == [0, 2, 3, 5]
    found = rerank(pool, 6, Dials(versions=True), facts, NO_LISTENER)
    assert found.positions.tolist() == list(range(6))


def test_version_of_a_known_song_is_not_new(whole, facts):
    songs = np.full(len(facts), -1)
    profile = profile_from_seeds([0, 4])
    best = whole.recommend(profile, 1).positions[0]
    songs[[0, best]] = 0
    versions = replace(facts, versions=songs)
    for dials, comes in ((Dials(), False), (Dials(versions=True), True)):
        found = rerank_list(whole, profile, 10, dials, versions).ranked.positions
        assert (best in found) == comes
    # with a share of known tracks it counts as known
    found = rerank_list(whole, profile, 10, Dials(max_known_share=0.5), versions).ranked.positions
    assert np.isin(found[:1], [0, 4, best]).sum() == 0
    assert best not in found or not {0} & set(found.tolist())


def test_randomness_seed_repeats_or_changes_list():
    pool, facts = pool_of(np.linspace(2, 1, 50)), facts_of(plain(50))
    draw = lambda seed, strength: tuple(  # noqa: E731
        rerank(
            pool, 10, Dials(randomness=strength, seed=seed), facts, NO_LISTENER
        ).positions.tolist()
    )
    assert draw(1, 0.3) == draw(1, 0.3)
    assert len({draw(seed, 0.3) for seed in range(20)}) > 15
    mean_place = [np.mean([draw(seed, v) for seed in range(50)]) for v in (0.05, 0.5, 1.0)]
    assert 4.5 <= mean_place[0] < mean_place[1] < mean_place[2]


def test_randomness_differs_by_listener(whole, facts):
    def drawn(user, seed=0):
        return rerank(
            pool, 10, Dials(randomness=0.7, seed=seed), facts, replace(NO_LISTENER, user=user)
        )

    pool = whole.recommend(NO_LISTENER, 60)
    lists = {user: drawn(user).positions.tolist() for user in ("ann", "bob", None)}
    assert len({tuple(one) for one in lists.values()}) == 3
    assert drawn("ann").positions.tolist() == lists["ann"]
    noise = gumbel(3, np.arange(200_000), "ann")
    assert abs(noise.mean() - np.euler_gamma) < 0.01
    assert abs(np.corrcoef(noise, gumbel(3, np.arange(200_000), "bob"))[0, 1]) < 0.01


def test_noise_has_gumbel_distribution():
    noise = gumbel(7, np.arange(200_000))
    assert noise.mean() == pytest.approx(np.euler_gamma, abs=0.01)
    assert noise.var() == pytest.approx(np.pi**2 / 6, abs=0.02)
    assert abs(np.corrcoef(noise, gumbel(8, np.arange(200_000)))[0, 1]) < 0.01


def test_sweep_equals_rerank_of_each_pool(whole, facts, listeners):
    pools = [whole.recommend(profile, 60) for profile in listeners]
    steps = [Dials(), Dials(diversity=0.5), Dials(artist_cap=1)]
    found = sweep(pools, listeners, facts, 20, steps)
    assert [lists.shape for lists in found] == [(15, 20)] * 3
    for lists, dials in zip(found, steps, strict=True):
        for row, pool, profile in zip(lists, pools, listeners, strict=True):
            expected = rerank(pool, 20, dials, facts, profile).positions
            assert row[row >= 0].tolist() == expected.tolist()
    assert (found[2] == -1).any()
    with pytest.raises(ValueError, match="15 pools for 1 listeners"):
        sweep(pools, listeners[:1], facts, 20, steps)


ANY_DIALS = st.builds(
    Dials,
    artist_cap=st.none() | st.integers(1, 3),
    album_cap=st.none() | st.integers(1, 2),
    diversity=st.floats(0, 1),
    calibration=st.floats(0, 1),
    popularity=st.floats(-1, 1),
    max_known_share=st.sampled_from([0, 0.25, 0.5, 1.0]),
    randomness=st.floats(0, 1),
    seed=st.integers(0, 9),
    interests=st.booleans(),
    versions=st.booleans(),
    weights=st.dictionaries(st.sampled_from(["timbre", "tags"]), st.floats(0.1, 2)),
)
ANY_EXCLUSIONS = st.builds(
    Exclusions,
    artists=st.lists(st.sampled_from(["artist 1", "ARTIST 2", "unknown"]), max_size=2),
    genres=st.lists(st.sampled_from(["folk", "Jazz", "rock"]), max_size=2),
    albums=st.lists(st.sampled_from(["album 3", "Artist 4 - Album 4"]), max_size=1),
    tags=st.lists(st.sampled_from(["tag 0", "Tag 1"]), max_size=1),
    from_year=st.none() | st.integers(1950, 2000),
    max_duration=st.none() | st.integers(70, 130),
)


@settings(max_examples=150, deadline=None)
@given(dials=ANY_DIALS, rules=ANY_EXCLUSIONS, who=st.integers(0, 14), k=st.integers(1, 70))
def test_rerank_never_breaks_exclusions_and_caps(world, dials, rules, who, k):
    facts, profile = world.facts, world.listeners[who]
    excluded = excluded_by(rules, world.tracks)
    found = rerank_list(world.engine, profile, k, dials, facts, excluded=excluded).ranked
    positions = found.positions
    assert len(positions) == len(set(positions.tolist())) <= k
    assert not excluded[positions].any()
    # said again, from the tracks themselves
    for track in (world.tracks[position] for position in positions):
        assert not {genre.casefold() for genre in rules.genres} & set(track.genres)
        assert track.artist is None or track.artist.casefold() not in {
            name.casefold() for name in rules.artists
        }
        assert rules.from_year is None or track.year >= rules.from_year
        assert rules.max_duration is None or track.duration <= rules.max_duration
    for numbers, cap in (
        (facts.ids.artist, dials.artist_cap),
        (facts.ids.album, dials.album_cap),
    ):
        counts = np.bincount(numbers[positions] + 1, minlength=2)[1:]
        assert not cap or counts.max() <= cap
    known = np.cumsum(np.isin(positions, profile.known))
    assert (known <= dials.max_known_share * np.arange(1, len(positions) + 1) + 1e-6).all()
    np.testing.assert_allclose(found.parts.sum(axis=1), found.scores, rtol=1e-4, atol=1e-4)
    assert found.parts.shape[1] == len(world.engine.signals) + len(found.dials)
    unblocked = dials.artist_cap == 0 and dials.album_cap is None and not dials.interests
    if unblocked and dials.max_known_share in {0, 1}:
        assert (np.diff(found.scores) <= 1e-3 * np.abs(found.scores[1:]) + 1e-3).all()


def test_album_cap_counts_compilation_as_one_album():
    tracks = [
        Track(
            track_id=str(i),
            artist=f"Act {i}",
            album="Hits",
            metadata={"albumartist": "Various Artists"},
        )
        for i in range(6)
    ]
    tracks.append(Track(track_id="6", artist="Other", album="Else"))
    found = rerank(pool_of(range(7, 0, -1)), 3, Dials(album_cap=1), facts_of(tracks), NO_LISTENER)
    assert found.positions.tolist() == [0, 6]


def test_artist_cap_counts_every_artist_of_track():
    both = (ArtistCredit("Anna"), ArtistCredit("Bob", "guest"))
    tracks = [
        Track(track_id="0", artist="Anna", artists=both),
        Track(track_id="1", artist="Bob"),
        Track(track_id="2", artist="Anna"),
        Track(track_id="3", artist="Cy"),
    ]
    found = rerank(pool_of([9, 8, 7, 6]), 4, Dials(artist_cap=1), facts_of(tracks), NO_LISTENER)
    assert found.positions.tolist() == [0, 3]


def test_diversity_without_vectors_compares_every_artist():
    both = (ArtistCredit("Anna"), ArtistCredit("Bob", "guest"))
    tracks = [
        Track(track_id="0", artist="Anna", artists=both),
        Track(track_id="1", artist="Bob"),
        Track(track_id="2", artist="Cy"),
    ]
    found = rerank(pool_of([9, 8, 7]), 3, Dials(diversity=0.9), facts_of(tracks), NO_LISTENER)
    assert found.positions.tolist() == [0, 2, 1]


@pytest.mark.parametrize("name", ["energy", "valence"])
@pytest.mark.parametrize(("value", "first"), [(1, 3), (-1, 1), (0, 0)])
def test_mood_dials_move_towards_their_end(name, value, first):
    """Four tracks of almost equal relevance; the mood of the first is unknown."""
    facts = replace(
        facts_of([Track(track_id=str(n)) for n in range(4)]),
        **{name: np.array([np.nan, 0.1, 0.5, 0.9])},
    )
    dials = Dials(**{name: value})
    ranked = rerank(pool_of([0.4, 0.3, 0.2, 0.1]), 4, dials, facts, NO_LISTENER)
    assert ranked.positions[0] == first
    assert ranked.parts.sum(axis=1) == pytest.approx(ranked.scores)
    assert (f"{name} dial" in ranked.dials) == (value != 0)


@pytest.mark.parametrize("known", [[], [np.nan] * 3, [0.5] * 3])
def test_mood_dial_without_differences_changes_nothing(known):
    facts = replace(facts_of([Track(track_id=str(n)) for n in range(3)]), energy=np.array(known))
    ranked = rerank(pool_of([3, 2, 1]), 3, Dials(energy=1), facts, NO_LISTENER)
    assert ranked.positions.tolist() == [0, 1, 2]
    assert ranked.scores == pytest.approx([3, 2, 1])
