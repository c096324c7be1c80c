"""Dials, exclusions and playlists, on a small real library."""

from dataclasses import replace

import pytest

from segue.engine import Dials, Exclusions
from segue.errors import LibraryError, ModelError, UnknownListenerError, UnknownTrackError
from segue.pipeline.playlists import generate
from segue.pipeline.playlists.radio import RADIO_DIALS, RadioSession
from segue.pipeline.recommender.recommend import recommend

pytestmark = pytest.mark.slow


def kind(track_id):
    return int(track_id[1:]) % 3


def test_dials_reach_the_list_and_its_reasons(trained):
    plain = recommend(trained, "anna", 5)
    assert recommend(trained, "anna", 5, dials=Dials()).tracks == plain.tracks
    dials = Dials(diversity=0.5, randomness=0.3, seed=3, weights={"popularity": 0})
    found = recommend(trained, "anna", 5, dials=dials)
    assert found.weights["popularity"] == 0
    assert sum(found.weights.values()) == pytest.approx(1)
    for pick in found.tracks:
        assert set(pick.why) == {*found.weights, "randomness", "diversity"}
        assert sum(pick.why.values()) == pytest.approx(pick.score, abs=1e-9)
    assert recommend(trained, "anna", 5, dials=dials).tracks == found.tracks
    assert list(found.to_pandas().columns)[-2:] == ["why.randomness", "why.diversity"]
    with pytest.raises(ModelError, match="no signal 'volume': choose from"):
        recommend(trained, "anna", 5, dials=Dials(weights={"volume": 1}))


def test_a_track_is_explained_by_what_the_listener_knows(trained):
    known = set(trained.listens().query("user_id == 'anna'")["track_id"])
    found = recommend(trained, "anna", 2)
    for pick in found.tracks:
        assert pick.top_signal in {*found.weights, None}
        assert pick.influenced_by
        assert {pull.track_id for pull in pick.influenced_by} <= known
        assert all(kind(pull.track_id) == 0 for pull in pick.influenced_by)
        assert pick.in_common.genres == ["low"]


def test_what_is_excluded_never_comes_and_what_is_unknown_is_told(trained):
    rules = Exclusions(genres=("noise", "hihg"), artists=("Low Band 1",))
    found = recommend(trained, "anna", 99, include_known=True, exclusions=rules)
    artists = {pick.artist for pick in found.tracks}
    assert artists
    assert not any(artist.startswith("noise") or artist == "low band 1" for artist in artists)
    assert found.hints == ["no track has the genre 'hihg': did you mean 'high'?"]
    assert found.to_dict()["hints"] == found.hints
    capped = recommend(trained, "anna", 99, dials=Dials(artist_cap=1))
    artists = [pick.artist for pick in capped.tracks]
    assert len(artists) == len(set(artists))
    assert "the limit allows no more (artist cap of 1)" in capped.hints[-1]


def test_a_playlist_from_likes(state):
    found = generate.from_likes(state, ["t00", "t03"], ["t01"], 4)
    ids = [pick.track_id for pick in found.tracks]
    assert {kind(one) for one in ids[:2]} == {0}
    assert not {"t00", "t03", "t01"} & set(ids)
    assert found.to_dict()["playlist"] == "like"
    assert len(found.to_pandas()) == 4
    with pytest.raises(ValueError, match="needs a liked track"):
        generate.from_likes(state, [])
    with pytest.raises(UnknownTrackError, match="nowhere"):
        generate.from_likes(state, ["nowhere"])


def test_a_radio_plays_on_and_hears(state):
    radio = RadioSession(state, "anna", dials=RADIO_DIALS, window=10)
    played = [radio.next().track_id for _ in range(60)]
    assert all(one not in played[max(0, i - 10) : i] for i, one in enumerate(played))
    assert radio.window == 10
    heard = radio.next()
    assert heard.rank == 61
    radio.feedback(heard.track_id, "skip")
    assert heard.track_id not in [radio.next().track_id for _ in range(20)]
    again = RadioSession(state, "anna", dials=RADIO_DIALS, window=10)
    assert [again.next().track_id for _ in range(60)] == played
    with pytest.raises(ValueError, match="A radio needs a listener"):
        RadioSession(state)


def test_another_evening_is_another_radio_and_may_be_had_again(state):
    evenings = [RadioSession(state, "anna").take(20) for _ in range(3)]
    heard = {tuple(pick.track_id for pick in one.tracks) for one in evenings}
    assert len(heard) > 1
    dials = replace(RADIO_DIALS, seed=evenings[0].about["seed"])
    assert RadioSession(state, "anna", dials=dials).take(20).tracks == evenings[0].tracks
    # what is not left to chance has no seed
    likes = generate.from_likes(state, ["t00"], k=3)
    assert "seed" not in likes.about
    dials = replace(generate.LIKE_DIALS, randomness=0.3, seed=5)
    assert generate.from_likes(state, ["t00"], k=3, dials=dials).about["seed"] == 5
    dials = replace(generate.BLEND_DIALS, randomness=0.3, seed=5)
    assert generate.blend(state, ["anna", "ben"], 3, dials=dials).about["seed"] == 5


def test_a_radio_of_a_small_library_says_that_it_repeats(state):
    found = RadioSession(state, like=["t00"]).take(50)
    assert len(found.tracks) == 50
    assert found.about["window"] < 36
    assert "is repeated after" in found.hints[-1]
    nothing = Exclusions(genres=("low", "high", "noise"))
    with pytest.raises(LibraryError, match="no tracks left to play"):
        RadioSession(state, "anna", exclusions=nothing).next()


def test_a_radio_of_new_tracks_alone_plays_nothing_known(trained, state):
    known = set(trained.listens().query("user_id == 'anna'")["track_id"])
    new_only = replace(RADIO_DIALS, max_known_share=0)
    # far more tracks than there are new ones: they come again, and nothing known comes instead
    played = RadioSession(state, "anna", dials=new_only, window=100).take(60).tracks
    assert not known & {pick.track_id for pick in played}
    with pytest.raises(LibraryError, match="no new tracks left to play"):
        RadioSession(state, like=[f"t{i:02}" for i in range(36)], dials=new_only).next()


def test_a_path_leads_from_one_to_the_other(state):
    found = generate.path(state, "t00", "t01", 6)
    ids = [step.track_id for step in found.tracks]
    assert (ids[0], ids[-1]) == ("t00", "t01")
    assert len(ids) == len(set(ids)) <= 6
    assert found.about["signal"] == "knn"
    assert found.tracks[-1].progress == 1
    rules = Exclusions(genres=("noise",))
    by_name = generate.path(state, "t00", "t01", 6, signal="metadata", exclusions=rules)
    assert all(kind(step.track_id) != 2 for step in by_name.tracks)
    with pytest.raises(LibraryError, match="name two different tracks"):
        generate.path(state, "t00", "t00")
    with pytest.raises(ValueError, match="at least 2 tracks"):
        generate.path(state, "t00", "t01", 1)


def test_a_blend_serves_each(state):
    found = generate.blend(state, ["anna", "ben"], 8)
    assert {track.serves for track in found.tracks} == {"anna", "ben"}
    for track in found.tracks:
        assert sum(track.why.values()) == pytest.approx(track.score, abs=1e-9)
        assert track.serves == max(track.tastes, key=track.tastes.get)
    assert set(found.about["mean_taste"]) == {"anna", "ben"}
    with pytest.raises(ValueError, match="two or more listeners"):
        generate.blend(state, ["anna"])
    with pytest.raises(UnknownListenerError, match="nobody"):
        generate.blend(state, ["anna", "nobody"])
