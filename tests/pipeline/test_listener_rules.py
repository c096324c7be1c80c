"""Rules of listeners: what is not learned from, and what is never played."""

import numpy as np
import pytest

from segue.errors import (
    RuleError,
    UnknownListenerError,
    UnknownPlaylistError,
    UnknownRuleError,
    UnknownTrackError,
)
from segue.library import Event, Library
from segue.pipeline.filters.rule_values import add_rule, describe, end_session
from segue.pipeline.maintenance.join_users import join_users
from segue.pipeline.maintenance.user_data import delete_user
from segue.pipeline.playlists.generate import blend, from_likes, path
from segue.pipeline.playlists.home import home
from segue.pipeline.playlists.radio import RadioSession
from segue.pipeline.playlists.recipes import Recipe
from segue.pipeline.recommender.interests import timed_plays
from segue.pipeline.recommender.open_signals import listeners_of
from segue.pipeline.recommender.service import RecommenderService
from segue.pipeline.training.fit_listening_models import fit_listening

USER = "u0"
START = 1_600_000_000  # a Sunday, 12:26:40 UTC
RULES = {
    "artist": "Artist 2",
    "album": "Artist 4 - Album 4",
    "track": "t6",
    "genre": "folk",
    "tag": "X2",
    "folder": "/music/Children",
    "playlist": "Party",
    "hours": "12-13 UTC",
    "session": "2020-09-13T12:30:00Z/2020-09-13T14:00:00Z",
    "source": "live",
}


@pytest.fixture
def library(listening_library):
    library = listening_library
    library.playlists.add(USER, "Party", "tracks", {}, ["t8", "t10", "t12"])
    return library


def matches(kind, listen):
    """Whether a listen matches the rule of a kind, by a definition of its own."""
    number = int(listen.track_id[1:])
    minute = (listen.timestamp - START) / 60 + 26 + 40 / 60
    return {
        "artist": number % 20 == 2,
        "album": number % 30 == 4 and number % 20 == 4,
        "track": number == 6,
        "genre": number % 2 == 0,
        "tag": number % 5 == 2,
        "folder": False,
        "playlist": number in (8, 10, 12),
        "hours": minute < 60,
        "session": 30 <= minute <= 120,
        "source": listen.source == "live",
    }[kind]


def event(track, kind="play", key=None, at=START + 6_000.0, user=USER, **more):
    key = key or f"{track} {kind} {at}"
    return Event(user=user, track_id=track, kind=kind, key=key, at=at, **more)


EVENTS = [
    *(event(f"t{n}", at=START + 500.0 * n) for n in (2, 4, 6, 8, 22, 34, 7, 9)),
    event("t2", "skip", at=START + 9_000.0),
    event("t10", "like", at=START + 9_100.0),
]


def profiles_by_batch(library):
    return listeners_of(library, library.catalogue())[USER]


def profiles_by_serving(library):
    return RecommenderService(library).state().profiles[USER]


def assert_equal(one, other):
    for name in ("positions", "weights", "known", "history", "ages"):
        np.testing.assert_allclose(getattr(one, name), getattr(other, name), rtol=1e-5, atol=1e-6)


def expected_profile(library, kind):
    """Return the profile of the listens that a rule keeps, computed without rules."""
    from segue.pipeline.training.listening_models import TrainingData

    listens = library.shared_listens()
    own = listens["user_id"] == USER
    gone = own & listens.apply(lambda one: matches(kind, one), axis=1)
    kept = listens.copy()
    kept.loc[gone, ["plays", "ms_played", "skipped", "completed"]] = np.nan
    kept = kept[~gone | kept["rating"].notna()]
    catalogue = library.catalogue()
    plain = TrainingData(catalogue, (), library.shared_friends())
    profile = plain.profiles(kept)[USER]
    return profile, plain.profiles(listens)[USER].known


def assert_follows_rule(found, library, kind):
    expected, known = expected_profile(library, kind)
    for name in ("positions", "weights", "history"):
        np.testing.assert_allclose(getattr(found, name), getattr(expected, name), rtol=1e-5)
    np.testing.assert_array_equal(found.known, known)


@pytest.mark.parametrize("kind", RULES)
def test_training_profile_has_only_what_rules_keep(library, kind):
    library.feedback.add(EVENTS)
    add_rule(library, USER, "learn", kind, RULES[kind])
    assert_follows_rule(profiles_by_batch(library), library, kind)


@pytest.mark.parametrize("kind", RULES)
def test_served_profile_has_only_what_rules_keep(library, kind):
    service = RecommenderService(library)
    before = service.state().profiles[USER]
    add_rule(library, USER, "learn", kind, RULES[kind])
    assert service.state().profiles[USER] is not before  # noticed without a restart
    service.feedback(EVENTS)  # added one by one to a profile that is known
    assert_follows_rule(service.state().profiles[USER], library, kind)
    assert_follows_rule(profiles_by_serving(Library(library.directory)), library, kind)


@pytest.mark.parametrize("kind", RULES)
def test_removing_a_rule_restores_the_profile(library, kind):
    library.feedback.add(EVENTS)
    service = RecommenderService(library)
    served, learned = service.state().profiles[USER], profiles_by_batch(library)
    rule = add_rule(library, USER, "learn", kind, RULES[kind])
    service.state()
    library.rules.remove(USER, rule.number)
    assert_equal(service.state().profiles[USER], served)
    assert_equal(profiles_by_batch(library), learned)


def test_rule_of_another_process_is_noticed(library):
    service = RecommenderService(library)
    assert len(service.state().profiles[USER].positions)
    version = service.version
    add_rule(Library(library.directory), USER, "learn", "genre", "folk")
    ratings = library.shared_listens().query("user_id == @USER and rating.notna()")
    left = service.state().profiles[USER]
    assert len(left.positions) <= len(ratings)
    assert len(left.history) == 0
    assert service.version != version


def test_rules_of_one_listener_leave_others_alone(library):
    before = dict(listeners_of(library, library.catalogue()))
    add_rule(library, USER, "learn", "genre", "folk")
    after = listeners_of(library, library.catalogue())
    for name in before.keys() - {USER}:
        np.testing.assert_array_equal(before[name].weights, after[name].weights)


def test_playlist_rule_follows_changes_of_the_playlist(library):
    service = RecommenderService(library)
    track = library.shared_listens().query("user_id == @USER and rating.isna()")["track_id"].iloc[0]
    position = library.catalogue().position(track)
    rule = add_rule(library, USER, "learn", "playlist", "party")
    assert position in service.state().profiles[USER].history
    library.playlists.replace_tracks(USER, rule.value, [track])
    assert position not in service.state().profiles[USER].history
    library.playlists.delete(USER, rule.value)
    assert position in service.state().profiles[USER].history
    assert describe(library, rule) == "a deleted playlist"


def test_like_in_a_private_session_is_kept(library):
    service = RecommenderService(library)
    service.state().profiles[USER]
    add_rule(library, USER, "learn", "session", "2020-01-01T00:00Z/..")
    service.feedback([event("t50", "like"), event("t52", "play")])
    found = service.state().profiles[USER]
    positions = library.catalogue().positions
    assert positions["t50"] in found.liked
    assert positions["t52"] in found.known
    assert positions["t52"] not in found.positions


def test_ended_session_learns_again(library):
    rule = add_rule(library, USER, "learn", "session", "2020-01-01T00:00Z/..")
    assert end_session(library, USER, rule.number).value.startswith("2020-01-01T00:00:00Z/20")
    ended = library.rules.get(USER, rule.number)
    assert end_session(library, USER, rule.number) == ended
    with pytest.raises(RuleError, match="about a tag, so it cannot end"):
        end_session(library, USER, add_rule(library, USER, "learn", "tag", "x").number)


def test_timed_plays_of_home_follow_rules(library):
    state = RecommenderService(library).state()
    assert len(timed_plays(state, USER).positions)
    add_rule(library, USER, "learn", "genre", "folk")
    state.profiles.follow()
    assert not len(timed_plays(state, USER).positions)


def test_joined_listener_brings_the_rules(library):
    service = RecommenderService(library)
    assert service.state().profiles.rules.never_played("u1") is None
    add_rule(library, USER, "play", "genre", "folk")
    service.state()
    join_users(library, USER, "u1")
    assert service.state().profiles.rules.never_played("u1").any()


def test_private_play_is_in_the_history_only(library):
    service = RecommenderService(library)
    profile = service.state().profiles[USER]
    number = library.feedback.last()
    private = event("t58", at=START + 1e6, private=True)
    assert service.feedback([private, private]) == [True, False]
    assert service.feedback([event("t58", at=START + 2e6, key=private.key)]) == [False]
    assert library.histories.page(USER, most=500)[0].track_id == "t58"
    assert library.feedback.last() == number
    assert_equal(service.state().profiles[USER], profile)
    assert "t58" not in set(library.listens().query("user_id == @USER")["track_id"])


def test_plays_that_rules_ignore_move_no_weights(library):
    service = RecommenderService(library)
    state = service.state()
    offered = state.recommend(state.query(USER, 5)).tracks[0].track_id
    add_rule(library, USER, "learn", "source", "live")
    service.state()
    service.feedback([event(offered)])
    assert library.reader.posterior(USER) is None
    state = service.state()
    offered = state.recommend(state.query(USER, 5)).tracks[0].track_id
    service.feedback([event(offered, "like")])
    assert library.reader.posterior(USER) is not None


def test_models_are_trained_again_after_a_rule(library):
    catalogue = library.catalogue()
    assert fit_listening(library, catalogue, "sequence").state == "up to date"
    rule = add_rule(library, USER, "learn", "genre", "folk")
    assert fit_listening(library, catalogue, "sequence").state == "trained"
    library.rules.remove(USER, rule.number)
    assert fit_listening(library, catalogue, "sequence").state == "trained"


# what is never played ----------------------------------------------------------------------------

NEVER = {kind: RULES[kind] for kind in ("artist", "album", "track", "genre", "tag")}


def barred(kind, track_id):
    return matches(
        kind, type("Listen", (), {"track_id": track_id, "timestamp": START, "source": ""})
    )


def all_lists(state):
    """Return the ids in every kind of list that is made for the listener."""
    query = state.query(USER, 60)
    yield "recommend", [one.track_id for one in state.recommend(query).tracks]
    seeded = from_likes(state, ["t11", "t13"], k=50, user=USER)
    yield "like", [one.track_id for one in seeded.tracks]
    radio = RadioSession(state, USER, window=5)
    yield "radio", [radio.next().track_id for _ in range(30)]
    yield "similar", [one.track_id for one in state.similar("t11", 59, user=USER).tracks]
    between = path(state, "t11", "t13", 8, user=USER).tracks
    yield "path", [one.track_id for one in between]
    yield "blend", [one.track_id for one in blend(state, [USER, "u1"], 50).tracks]
    for row in home(state, USER).rows:
        yield row.title, [state.catalogue.tracks[position].track_id for position in row.positions]
    for kind in ("like", "radio"):
        recipe = Recipe.of(kind, {"like": ["t11"], "history": False, "k": 40})
        yield f"recipe {kind}", [one.track_id for one in recipe.make(state, USER).tracks]


@pytest.mark.parametrize("kind", NEVER)
def test_tracks_that_are_never_played_are_in_no_list(library, kind):
    state = RecommenderService(library).state()
    before = dict(all_lists(state))
    others = state.recommend(state.query("u2", 60)).tracks
    assert any(barred(kind, one) for found in before.values() for one in found)
    rule = add_rule(library, USER, "play", kind, NEVER[kind])
    state.profiles.follow()
    for name, found in all_lists(state):
        assert found, name
        assert not [one for one in found if barred(kind, one)], name
    assert state.recommend(state.query("u2", 60)).tracks == others
    library.rules.remove(USER, rule.number)
    state.profiles.follow()
    again = [one.track_id for one in state.recommend(state.query(USER, 60)).tracks]
    assert again == before["recommend"]


def test_rule_that_is_never_played_leaves_the_taste_alone(library):
    service = RecommenderService(library)
    before = service.state().profiles[USER]
    add_rule(library, USER, "play", "genre", "folk")
    assert_equal(service.state().profiles[USER], before)


# rules themselves --------------------------------------------------------------------------------


def test_same_rule_twice_is_one_rule(library):
    one = add_rule(library, USER, "learn", "source", "import:Spotify")
    assert one == add_rule(library, USER, "learn", "source", " spotify ")
    assert [rule.value for rule in library.rules.of(USER)] == ["spotify"]


@pytest.mark.parametrize(
    ("effect", "kind", "value", "error", "reason"),
    [
        ("play", "hours", "20-7 UTC", RuleError, "name an artist, album"),
        ("learn", "hours", "20-7", RuleError, "cannot be read"),
        ("learn", "artist", "  ", RuleError, "0 characters"),
        ("learn", "track", "nothing", UnknownTrackError, "no track 'nothing'"),
        ("learn", "playlist", "nothing", UnknownPlaylistError, "no playlist 'nothing'"),
    ],
)
def test_bad_rule_is_refused(library, effect, kind, value, error, reason):
    with pytest.raises(error, match=reason):
        add_rule(library, USER, effect, kind, value)
    assert library.rules.of(USER) == []


def test_rule_that_this_computer_cannot_read_is_left_out(library):
    before = profiles_by_batch(library)
    library.rules.add(USER, "learn", "hours", "00:00-23:59 Mars/Base")
    assert_equal(profiles_by_batch(library), before)
    assert_equal(profiles_by_serving(library), before)


def test_rules_belong_to_their_listener(library):
    rule = add_rule(library, USER, "play", "artist", "Artist 3")
    with pytest.raises(UnknownRuleError, match="u1 has no rule number"):
        library.rules.remove("u1", rule.number)
    with pytest.raises(UnknownListenerError, match="no listener 'nobody'"):
        add_rule(library, "nobody", "play", "artist", "Artist 3")
    assert library.rules.of("u1") == []


def test_deleted_listener_leaves_no_rules(library):
    add_rule(library, USER, "play", "artist", "Artist 3")
    assert delete_user(library, USER)["listener_rules"] == 1
    assert library.rules.all() == []
