"""Radio: rules on repetition, and reaction to feedback."""

from dataclasses import replace

import numpy as np
import pytest

from segue.engine import (
    CatalogueArrays,
    Dials,
    Engine,
    RadioStation,
    Weights,
    profile_from_seeds,
    with_seeds,
)
from segue.engine.radio import RECENT
from segue.index import normalise
from segue.library.catalogue import ids_of
from segue.signals import VectorSignal
from segue.types import ArtistCredit, Track

NEW = Dials()
ANY = Dials(max_known_share=1)


def arrays_of(tracks):
    return CatalogueArrays.of(tracks, ids_of(tracks))


@pytest.fixture
def kinds():
    """Thirty tracks of three kinds, ten artists, and an engine that hears the kinds."""
    rng = np.random.default_rng(0)
    points = np.eye(3)[np.arange(30) % 3] + rng.normal(scale=0.1, size=(30, 3))
    tracks = [Track(track_id=str(i), artist=f"A{i % 10}") for i in range(30)]
    signal = VectorSignal("timbre", normalise(points.astype(np.float32)))
    return Engine([signal], Weights.fixed([0.8])), CatalogueArrays.of(tracks, ids_of(tracks))


def station(kinds, profile, dials=NEW, excluded=None, **settings):
    engine, facts = kinds
    excluded = np.zeros(len(facts), bool) if excluded is None else excluded
    return RadioStation(engine, profile, facts, dials, excluded, **settings)


def play(radio, n):
    return [int(radio.next().ranked.positions[0]) for _ in range(n)]


def test_radio_keeps_window_and_artist_gap(kinds):
    radio = station(
        kinds, profile_from_seeds([0, 3]), Dials(max_known_share=1, randomness=0.3), window=12
    )
    played = play(radio, 100)
    for i in range(100):
        assert played[i] not in played[max(0, i - 12) : i]
        assert played[i] % 10 not in {one % 10 for one in played[max(0, i - 4) : i]}
    assert radio.window == 12
    assert radio.said == []


def test_radio_in_small_library_shrinks_window(kinds):
    excluded = np.ones(30, bool)
    excluded[[4, 5, 7]] = False
    radio = station(kinds, profile_from_seeds([0]), ANY, excluded)
    played = play(radio, 12)
    assert set(played) == {4, 5, 7}
    assert all(played[i] != played[i - 1] for i in range(1, 12))
    assert radio.window == 2
    assert radio.said == [
        "only 3 tracks can be played: each is repeated after 2 others.",
        "there are too few tracks to keep the gap of 4 tracks between tracks of one artist.",
    ]


def test_radio_with_one_track_repeats_it(kinds):
    excluded = np.ones(30, bool)
    excluded[7] = False
    radio = station(kinds, profile_from_seeds([7]), NEW, excluded)
    assert play(radio, 3) == [7, 7, 7]
    radio.feedback(7, "skip")
    assert play(radio, 2) == [7, 7]
    excluded[7] = True
    assert station(kinds, profile_from_seeds([7]), NEW, excluded).next() is None


def test_radio_follows_likes_and_skips(kinds):
    profile = profile_from_seeds([0, 3, 1, 4])  # two of kind 0, two of kind 1
    radio = station(kinds, profile, window=8)
    before = np.array(play(radio, 8)) % 3
    assert {0, 1} <= set(before.tolist())
    for position in (6, 9):
        radio.feedback(position, "skip")
    after = play(radio, 8)
    assert sum(one % 3 == 0 for one in after) < (before == 0).sum()
    assert not {6, 9} & set(after)
    other = station(kinds, profile, window=8)
    for position in (2, 5):
        other.feedback(position, "like")
    assert sum(one % 3 == 2 for one in play(other, 8)) > (before == 2).sum()
    with pytest.raises(ValueError, match="'love': give one of skip, like, dislike, play"):
        other.feedback(2, "love")


def test_radio_keeps_max_known_share(kinds):
    known = list(range(15))
    radio = station(kinds, profile_from_seeds(known), Dials(max_known_share=0.25), window=5)
    share = np.cumsum([one in known for one in play(radio, 40)])
    assert (share <= 0.25 * np.arange(1, 41) + 1e-9).all()
    assert share[-1] > 0


def test_radio_same_seed_repeats_tracks(kinds):
    profile = profile_from_seeds([0, 1])
    runs = [
        tuple(play(station(kinds, profile, Dials(randomness=0.5, seed=seed)), 10))
        for seed in (1, 1, 2)
    ]
    assert runs[0] == runs[1] != runs[2]


def test_radio_counts_recording_once(kinds):
    engine, facts = kinds
    twice = Engine(engine.signals, engine.weights, recordings=[[3, 6]])
    radio = RadioStation(twice, profile_from_seeds([0]), facts, NEW, np.zeros(30, bool), window=20)
    assert len({3, 6} & set(play(radio, 20))) <= 1


def test_parts_sum_to_scores(kinds):
    radio = station(kinds, profile_from_seeds([0]), Dials(randomness=0.4, popularity=0))
    found = radio.next().ranked
    np.testing.assert_allclose(found.parts.sum(axis=1), found.scores)
    assert found.dials == ("randomness",)
    with pytest.raises(ValueError, match="window is -1"):
        station(kinds, profile_from_seeds([0]), window=-1)


def test_radio_skip_moves_personal_weights():
    rng = np.random.default_rng(0)
    spaces = [normalise(rng.standard_normal((60, 6)).astype(np.float32)) for _ in range(2)]
    signals = [VectorSignal(name, space) for name, space in zip("ab", spaces, strict=True)]
    facts = arrays_of([Track(track_id=str(i)) for i in range(60)])
    moved = []
    for spread in (1.0, 0.0):
        weights = Weights(np.array([0.5, 0.5]), np.full(2, spread))
        listener = profile_from_seeds([0, 1])
        radio = RadioStation(Engine(signals, weights), listener, facts, Dials(), np.zeros(60, bool))
        for _ in range(8):
            step = radio.next()
            # what the first signal has more to do with than the second is skipped
            of_first, of_second = step.ranked.parts[0]
            what = "skip" if of_first > of_second else "like"
            radio.feedback(int(step.ranked.positions[0]), what)
        moved.append(radio.next().pool.weights)
    assert moved[0][0] < moved[1][0] - 0.02
    np.testing.assert_allclose(moved[1], [0.5, 0.5], atol=1e-3)


def test_radio_two_opinions_between_tracks_both_count(kinds):
    engine, facts = kinds
    other = VectorSignal("tags", normalise(np.random.default_rng(1).random((30, 4), np.float32)))
    two = Engine([*engine.signals, other], Weights(np.array([0.5, 0.5]), np.ones(2)))

    def weights_after(*opinions):
        radio = RadioStation(two, profile_from_seeds([0, 3]), facts, NEW, np.zeros(30, bool))
        radio.next()
        for position, what in opinions:
            radio.feedback(position, what)
        return radio.next().pool.weights.tolist()

    one, both = weights_after((1, "skip")), weights_after((1, "skip"), (2, "like"))
    assert weights_after() != one != both


def test_radio_feedback_keeps_known_tracks(kinds):
    profile = replace(
        profile_from_seeds([0, 1]),
        history=np.array([0, 1, 0]),
        ages=np.array([3.0, 2.0, 1.0], np.float32),
        friends=(np.array([4]),),
        user="ann",
    )
    radio = station(kinds, profile)
    for position, what in ((5, "skip"), (6, "like"), (0, "play")):
        radio.feedback(position, what)
    assert radio.profile.user == "ann"
    # a skip is no play
    assert radio.profile.history.tolist() == [0, 1, 0, 6, 0]
    assert radio.profile.ages.tolist() == [3.0, 2.0, 1.0, 0.0, 0.0]
    assert len(radio.profile.friends) == 1


def test_radio_plays_become_latest_history(kinds):
    ordered = replace(profile_from_seeds([0, 1]), history=np.array([0, 1]), user="ann")
    radio = station(kinds, ordered)
    first, second = play(radio, 2)
    radio.feedback(first, "like")
    radio.feedback(first, "play")  # liked while it played: one play
    radio.feedback(second, "skip")
    assert radio.profile.history.tolist() == [0, 1, first]
    assert not len(radio.profile.ages)
    # who names tracks has played none yet; plays whose order is unknown are not after anything
    for user, history in ((None, [6]), ("ann", [])):
        radio = station(kinds, replace(profile_from_seeds([0]), user=user))
        radio.feedback(6, "play")
        assert radio.profile.history.tolist() == history


def test_radio_repeated_track_counts_as_new_play(kinds):
    excluded = np.ones(30, bool)
    excluded[7] = False
    radio = station(kinds, profile_from_seeds([7]), ANY, excluded)
    for _ in range(3):
        (position,) = play(radio, 1)
        radio.feedback(position, "play")
    assert radio.profile.history.tolist() == [7, 7, 7]
    assert len(replace(radio.profile, history=np.zeros(1_000, np.int64)).played(7).history) == 1_000


def test_radio_caps_hold_until_no_other_track(kinds):
    engine, _ = kinds
    albums = arrays_of(
        [Track(track_id=str(i), artist=f"A{i % 10}", album=f"B{i % 5}") for i in range(30)]
    )
    for facts, dials, of in (
        (kinds[1], Dials(artist_cap=1), lambda i: i % 10),
        (albums, Dials(album_cap=1), lambda i: i % 10),
    ):
        radio = station((engine, facts), profile_from_seeds([0]), dials, window=9)
        played = play(radio, 40)
        for i in range(40):
            assert of(played[i]) not in {of(one) for one in played[max(0, i - 9) : i]}
    tight = station((engine, kinds[1]), profile_from_seeds([0]), Dials(artist_cap=1), window=20)
    assert len(play(tight, 25)) == 25
    assert any("artist cap" in said for said in tight.said)


def test_radio_diversity_and_calibration_have_effect(kinds):
    engine, _ = kinds
    space = engine.signals[0]
    tracks = [Track(track_id=str(i), genres=(("folk", "jazz", "rock")[i % 3],)) for i in range(30)]
    facts = CatalogueArrays.of(tracks, ids_of(tracks), space=space)
    profile = profile_from_seeds([0, 3, 6, 1])  # three of folk, one of jazz

    def kinds_played(dials):
        return np.array(play(station((engine, facts), profile, dials, window=8), 8)) % 3

    plain = kinds_played(Dials())
    diverse = kinds_played(Dials(diversity=0.9))
    assert len(set(diverse.tolist())) > len(set(plain.tolist()))
    calibrated = kinds_played(Dials(calibration=0.9))
    assert (calibrated == 0).sum() == 6
    assert (calibrated == 1).sum() == 2
    radio = station((engine, facts), profile, Dials(diversity=0.4, calibration=0.3, randomness=0.2))
    for _ in range(RECENT + 2):
        found = radio.next().ranked
        assert found.dials == ("randomness", "diversity", "calibration")
        np.testing.assert_allclose(found.parts.sum(axis=1), found.scores, rtol=1e-5)


def test_radio_reports_rules_that_give_way(kinds):
    radio = station(
        kinds, profile_from_seeds(list(range(30))), Dials(max_known_share=0.2), window=5
    )
    play(radio, 6)
    assert [said for said in radio.said if "known" in said]
    excluded = np.ones(30, bool)
    excluded[[0, 10, 20]] = False
    radio = station(kinds, profile_from_seeds([0]), ANY, excluded, window=2)
    play(radio, 6)
    assert len([said for said in radio.said if "artist" in said]) == 1


def test_radio_counts_guests_for_gap_and_cap():
    guests = (ArtistCredit("Anna"), ArtistCredit("Bob", "guest"))
    tracks = [
        Track(track_id=str(i), artist="Anna", artists=guests)
        if i % 2
        else Track(track_id=str(i), artist="Bob" if i < 4 else f"A{i}")
        for i in range(30)
    ]
    rng = np.random.default_rng(0)
    space = VectorSignal("timbre", normalise(rng.normal(size=(30, 3)).astype(np.float32)))
    engine = Engine([space], Weights.fixed([0.8]))
    by_bob = {i for i in range(30) if i % 2 or i < 4}
    for dials, gap in ((ANY, 4), (Dials(max_known_share=1, artist_cap=1), 9)):
        radio = station((engine, arrays_of(tracks)), profile_from_seeds([0]), dials, window=9)
        played = play(radio, 12)
        places = [place for place, one in enumerate(played) if one in by_bob]
        assert len(places) > 1
        assert np.diff(places).min() > gap


def test_radio_plays_every_track_before_one_repeats(kinds):
    radio = station(kinds, profile_from_seeds([0]), Dials(max_known_share=1), window=None)
    played = play(radio, 70)
    assert len(set(played[:30])) == 30
    assert len(set(played[30:59])) >= 28
    assert any("only 30 tracks can be played" in said for said in radio.said)


def test_radio_pool_grows_beyond_its_first_size():
    n = 900
    tracks = [Track(track_id=str(i), artist=f"A{i % 60}") for i in range(n)]
    space = normalise(np.random.default_rng(0).normal(size=(n, 4)).astype(np.float32))
    engine = Engine([VectorSignal("knn", space)], Weights.fixed([1.0]))
    radio = station((engine, arrays_of(tracks)), profile_from_seeds([0]), ANY, window=None)
    assert len(set(play(radio, n - 1))) == n - 1


def test_radio_disliked_track_never_comes(kinds):
    profile = profile_from_seeds([0, 3], [6])
    radio = station(kinds, profile, Dials(max_known_share=1), window=None)
    radio.feedback(9, "dislike")
    assert not {6, 9} & set(play(radio, 60))


def test_radio_like_equals_seed(kinds):
    listener = replace(profile_from_seeds([0, 3, 1, 4]), user="ann", history=np.array([0, 1]))
    seeded = station(kinds, with_seeds(listener, [2, 5]), ANY, window=None)
    live = station(kinds, listener, ANY, window=None)
    for position in (2, 5):
        live.feedback(position, "like")
    kinds_played = [
        np.bincount(np.array(play(one, 10)) % 3, minlength=3)[2] for one in (seeded, live)
    ]
    assert abs(kinds_played[0] - kinds_played[1]) <= 1
    assert min(kinds_played) >= 6
