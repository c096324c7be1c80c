"""A library that is kept open: it answers as one that is opened anew, and loses nothing."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time

import numpy as np
import pytest
from tests.pipeline.conftest import N_LISTENING_TRACKS

from segue.engine import Dials, Exclusions
from segue.errors import ModelError, UnknownListenerError, UnknownTrackError
from segue.library import Event, Library
from segue.pipeline.live import Live
from segue.pipeline.opening.opened import Opened
from segue.pipeline.opening.signals import listeners_of
from segue.pipeline.opening.snapshot import is_current
from segue.pipeline.recommend import recommend, similar
from segue.pipeline.search import search
from segue.pipeline.train import train


@pytest.fixture
def library(listening_library):
    return listening_library


def event(user, track, kind, key, at=1_600_100_000.0, **more):
    return Event(user=user, track_id=track, kind=kind, key=key, at=at, **more)


def alike(one, other):
    assert [pick.track_id for pick in one.tracks] == [pick.track_id for pick in other.tracks]
    for mine, theirs in zip(one.tracks, other.tracks, strict=True):
        assert mine.score == pytest.approx(theirs.score, abs=1e-5)
        assert mine.why == pytest.approx(theirs.why, abs=1e-5)
        assert mine.in_common == theirs.in_common
        assert [pull.track_id for pull in mine.influenced_by] == [
            p.track_id for p in theirs.influenced_by
        ]


@pytest.mark.parametrize(
    "dials",
    [
        Dials(),
        Dials(weights={"tags": 0.9}),
        Dials(diversity=0.4, calibration=0.4, artist_cap=1, popularity=0.3),
        Dials(max_known_share=1),
    ],
)
def test_it_answers_as_a_library_that_is_opened_anew(library, dials):
    live, plain = Live(library).opened(), Opened.of(library)
    for user in ("u0", "u1", "u7"):
        wanted = recommend(plain, user, 10, dials=dials)
        alike(recommend(live, user, 10, dials=dials), wanted)
        alike(recommend(live, user, 10, dials=dials), wanted)  # from what was kept
    alike(similar(live, "t4", 5), similar(plain, "t4", 5))
    alike(similar(live, "t4", 5, signal="tags"), similar(plain, "t4", 5, signal="tags"))
    seeds = {"like": ["t1", "t5"], "dislike": ["t2"]}
    alike(recommend(live, None, 8, **seeds), recommend(plain, None, 8, **seeds))


def test_listeners_are_who_they_are_among_all(library):
    live = Live(library)
    live.feedback(
        [
            event("u0", "t1", "like", "a"),
            event("u0", "t3", "skip", "b", ms_played=900.0),
            event("u2", "t8", "play", "c", ms_played=60_000.0),
            event("somebody new", "t9", "play", "d"),
            event("u1", "t1", "dislike", "e"),
            event("u1", "t1", "clear", "f"),
        ]
    )
    found, wanted = live.opened().profiles, listeners_of(library, library.catalogue())
    assert set(found) == set(wanted)
    for user, theirs in wanted.items():
        mine = found[user]
        for field in ("positions", "weights", "known", "history", "ages"):
            np.testing.assert_allclose(getattr(mine, field), getattr(theirs, field), rtol=1e-5)
        assert [liked.tolist() for liked in mine.friends] == [
            one.tolist() for one in theirs.friends
        ]


def test_feedback_is_followed_event_by_event(library):
    live = Live(library)
    before = live.opened().profiles["u0"], live.version
    rng = np.random.default_rng(0)
    for n in range(40):
        kind = ("play", "skip", "like", "dislike", "clear")[int(rng.integers(5))]
        user, track = f"u{rng.integers(4)}", f"t{rng.integers(N_LISTENING_TRACKS)}"
        live.feedback([event(user, track, kind, f"k{n}", at=1_600_200_000.0 + 60 * n)])
        if n % 7 == 0:
            live.opened().profiles.get(user)
    found, wanted = live.opened().profiles, listeners_of(library, library.catalogue())
    for user in ("u0", "u1", "u2", "u3"):
        np.testing.assert_array_equal(found[user].positions, wanted[user].positions)
        np.testing.assert_allclose(found[user].weights, wanted[user].weights, rtol=1e-6)
        np.testing.assert_array_equal(found[user].history, wanted[user].history)
    assert live.version != before[1]
    assert before[0].positions.tolist() != found["u0"].positions.tolist()


def test_what_another_process_wrote_is_in_the_next_list(library):
    live = Live(library)
    first = recommend(live.opened(), "u0", 5).tracks[0].track_id
    Live(Library(library.directory)).feedback([event("u0", first, "dislike", "x")])
    assert first not in [pick.track_id for pick in recommend(live.opened(), "u0", 20).tracks]


def test_a_key_counts_once_in_every_process(library):
    one, other = Live(library), Live(Library(library.directory))
    play = event("u0", "t1", "play", "same")
    assert one.feedback([play, play]) == [True, False]
    assert other.feedback([play]) == [False]
    assert library.feedback.last() == 1


def test_a_track_that_is_unknown_spoils_nobody_elses_feedback(library):
    live = Live(library)
    with pytest.raises(UnknownTrackError):
        live.feedback([event("u0", "t1", "play", "a"), event("u0", "nothing", "play", "b")])
    assert library.feedback.last() == 0
    with pytest.raises(UnknownListenerError):
        live.opened().listener("nobody")


def test_weights_move_with_what_was_on_offer_and_stay_moved(library):
    live = Live(library)
    before = live.opened().engine.weights.of("u1").copy()
    listed = recommend(live.opened(), "u1", 10).tracks
    like = event("u1", listed[3].track_id, "like", "a")
    live.feedback([like])
    after = live.opened().engine.weights.of("u1").copy()
    assert not np.allclose(before, after)
    live.feedback([like])  # it counts once
    np.testing.assert_array_equal(live.opened().engine.weights.of("u1"), after)
    np.testing.assert_array_equal(
        Live(Library(library.directory)).opened().engine.weights.of("u1"), after
    )
    untouched = live.opened().engine.weights
    np.testing.assert_allclose(untouched.of("u2"), before)


def test_a_list_is_made_once_until_something_is_another_that_it_follows_from(library, monkeypatch):
    made = []

    def counted(*given, **more):
        made.append(given)
        return recommend(*given, **more)

    monkeypatch.setattr("segue.pipeline.live.lists.recommend", counted)
    live = Live(library)

    def asked(user="u0", k=5, **more):
        opened = live.opened()
        found = live.lists_of(opened).recommend(user, k, **{"dials": Dials(), **more})
        assert found == recommend(opened, user, k, **{"dials": Dials(), **more})
        return found

    first = asked()
    assert asked() is first
    assert len(made) == 1
    others = [
        {"k": 6},
        {"user": "u1"},
        {"like": ["t3"]},
        {"dislike": ["t3"]},
        {"dials": Dials(weights={"tags": 0.5})},
        {"dials": Dials(artist_cap=1)},
        {"exclusions": Exclusions(artists=("Artist 3",))},
    ]
    for other in others:
        asked(**other)
        asked(**other)
    assert len(made) == 1 + len(others)
    live.feedback([event("u2", "t5", "like", "1")])  # of a friend
    asked()
    assert len(made) == 2 + len(others)
    live.feedback([event("u0", first.tracks[2].track_id, "skip", "2")])
    asked()
    assert len(made) == 3 + len(others)
    live.feedback([event("u7", "t5", "like", "3")])  # of somebody else
    asked()
    assert len(made) == 3 + len(others)


def test_a_kept_list_that_is_asked_for_again_is_the_latest_on_offer(library):
    live = Live(library)
    opened = live.opened()
    lists = live.lists_of(opened)
    beliefs = lists.beliefs
    lists.recommend("u0", 5, dials=Dials())
    offer = beliefs.offered("u0")
    lists.recommend("u0", 5, dials=Dials(weights={"tags": 9.0}))
    assert beliefs.offered("u0") is not offer
    lists.recommend("u0", 5, dials=Dials())
    assert beliefs.offered("u0") is offer


def test_who_did_something_is_scored_before_they_ask_and_gets_what_they_would_have(library):
    told = []
    live = Live(library)
    live.something_to_do = lambda: told.append(True)
    recommend(live.opened(), "u0", 10)
    assert not live.make_ready()
    live.feedback([event("u0", "t3", "like", "1"), event("u1", "t3", "like", "2")])
    assert told
    assert live.make_ready()  # u0, of whom a list was made
    assert not live.make_ready()
    engine = live.opened().engine
    asked = []
    object.__setattr__(engine, "rows_of", asked.append)
    found = recommend(live.opened(), "u0", 10)
    assert not asked
    alike(found, recommend(Live(Library(library.directory)).opened(), "u0", 10))


def test_a_list_is_at_hand_from_when_its_listener_is_scored_until_they_do_something(library):
    live = Live(library)
    assert not live.opened().at_hand(("u0", (), ()))
    live.opened().expect([("u0", (), ())])
    assert live.opened().at_hand(("u0", (), ()))
    assert not live.opened().at_hand(("u0", ("t5",), ()))
    live.feedback([event("u0", "t3", "like", "1")])
    assert not live.opened().at_hand(("u0", (), ()))
    assert live.opened().at_hand(("nobody", (), ()))  # there is nothing to be scored
    assert not Opened.of(library).at_hand(("u1", (), ()))


def test_what_comes_next_is_asked_again_when_somebody_played_and_not_when_they_liked(library):
    live = Live(library)
    engine = live.opened().engine
    (sequence,) = [one for one in engine.signals if one.name == "sequence"]
    asked = []
    score = sequence.signal.for_listeners

    def counted(profiles):
        asked.extend(profile.user for profile in profiles)
        return score(profiles)

    object.__setattr__(sequence.signal, "for_listeners", counted)
    recommend(live.opened(), "u0", 10)
    for n, kind in enumerate(["like", "dislike", "skip"]):
        live.feedback([event("u0", f"t{n}", kind, str(n))])
        recommend(live.opened(), "u0", 10)
    assert asked == ["u0"]
    live.feedback([event("u0", "t8", "play", "p")])
    found = recommend(live.opened(), "u0", 10)
    assert asked == ["u0", "u0"]
    alike(found, recommend(Live(Library(library.directory)).opened(), "u0", 10))


def test_who_asked_by_a_kept_list_is_not_scored_in_vain(library):
    live = Live(library)
    for n in range(6):
        lists = live.lists_of(live.opened())
        lists.recommend("u0", 10, dials=Dials())
        lists.recommend("u0", 10, dials=Dials())
        live.feedback([event("u0", f"t{n}", "like", str(n))])
        assert live.make_ready()


def test_a_list_with_seeds_is_not_the_one_that_is_made_ready(library):
    live = Live(library)
    recommend(live.opened(), "u0", 10)
    live.feedback([event("u0", "t3", "like", "1")])
    live.lists_of(live.opened()).recommend("u0", 10, like=["t5"], dials=Dials())
    assert live.make_ready()
    assert live.opened().at_hand(("u0", (), ()))


def test_what_was_not_on_offer_moves_no_weights(library):
    live = Live(library)
    before = live.opened().engine.weights.of("u1").copy()
    live.feedback([event("u1", "t2", "like", "a")])
    np.testing.assert_array_equal(live.opened().engine.weights.of("u1"), before)


@pytest.mark.parametrize(
    "rules",
    [
        Exclusions(artists=("artist 3", "ARTIST 4")),
        Exclusions(genres=("jazz",), tags=("x2",)),
        Exclusions(albums=("Artist 5 - Album 5",)),
        Exclusions(min_duration=120, to_year=2000),
        Exclusions(from_year=1990, artists=("Nobody at all", "Artst 3")),
    ],
)
def test_exclusions_are_the_same_by_columns(library, rules):
    live, plain = Live(library).opened(), Opened.of(library)
    np.testing.assert_array_equal(live.excluded(rules), plain.excluded(rules))
    profile = plain.listener("u0")
    assert live.hints(profile, Dials(), rules) == plain.hints(profile, Dials(), rules)


def test_a_model_trained_meanwhile_is_taken_up_and_nothing_is_mixed(library, monkeypatch):
    monkeypatch.setattr("segue.pipeline.live.live.LOOK_AGAIN", 0.0)
    live = Live(library)
    old, version = live.opened(), live.version
    wanted = recommend(old, "u0", 10)
    train(Library(library.directory), "sequence", force=True, seed=1)
    for _ in range(600):
        if live.opened() is not old:
            break
        time.sleep(0.05)
    live.close()
    assert live.opened() is not old
    assert live.version != version
    assert is_current(library)
    alike(recommend(old, "u0", 10), wanted)  # who has it goes on with it
    alike(recommend(live.opened(), "u0", 10), recommend(Opened.of(library), "u0", 10))


def test_what_all_like_is_counted_anew_after_many_events(library, monkeypatch):
    monkeypatch.setattr("segue.pipeline.live.live.LOOK_AGAIN", 0.0)
    monkeypatch.setattr("segue.pipeline.live.live._LEAST_EVENTS", 5)
    live = Live(library)
    before = live.opened().facts.listeners[0]
    live.feedback([event(f"new {n}", "t0", "like", "a") for n in range(6)])
    for _ in range(600):
        if live.opened().facts.listeners[0] != before:
            break
        time.sleep(0.05)
    live.close()
    opened = live.opened()
    assert opened.facts.listeners[0] == before + 6
    assert live.opened() is opened


def test_nothing_is_taken_up_while_a_training_is_under_way(library, monkeypatch):
    monkeypatch.setattr("segue.pipeline.live.live.LOOK_AGAIN", 0.0)
    live = Live(library)
    old = live.opened()
    with Library(library.directory).writing("segue train"):
        library.record_run("train", {})
        for _ in range(5):
            assert live.opened() is old
            time.sleep(0.02)
    for _ in range(600):
        if live.opened() is not old:
            break
        time.sleep(0.05)
    live.close()
    assert live.opened() is not old


def test_many_threads_write_and_read_at_once(library):
    live = Live(library)
    live.opened()
    errors = []

    def work(number):
        try:
            for n in range(15):
                track = f"t{(7 * n + number) % N_LISTENING_TRACKS}"
                found = live.feedback([event(f"u{number}", track, "play", f"{number}-{n}")])
                assert found == [True]
                assert int(track[1:]) in live.opened().profiles[f"u{number}"].known
        except BaseException as error:  # noqa: BLE001
            errors.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert library.feedback.last() == 90


def test_acknowledged_feedback_outlives_a_kill(library):
    program = textwrap.dedent(
        """
        import sys, threading
        from segue.library import Event, Library
        from segue.pipeline.live import Live
        live = Live(Library(sys.argv[1]))
        lock = threading.Lock()
        def write(thread):
            for n in range(10_000):
                key = f"{thread}-{n}"
                event = Event(user=f"u{thread}", track_id=f"t{n % 60}", kind="play", key=key)
                live.feedback([event])
                with lock:
                    print(key, flush=True)
        for thread in range(3):
            threading.Thread(target=write, args=(thread,)).start()
        """
    )
    acknowledged = []
    with subprocess.Popen(
        [sys.executable, "-c", program, str(library.directory)], stdout=subprocess.PIPE, text=True
    ) as process:
        for line in process.stdout:
            acknowledged.append(line.strip())
            if len(acknowledged) == 100:
                os.kill(process.pid, signal.SIGKILL)
                break
        acknowledged += [line.strip() for line in process.stdout if line.endswith("\n")]
    live = Live(library)
    again = [
        event(f"u{key.split('-')[0]}", f"t{int(key.split('-')[1]) % 60}", "play", key)
        for key in acknowledged
    ]
    assert live.feedback(again) == [False] * len(again)
    listens = library.listens()
    live_listens = listens[listens["source"] == "live"]
    assert len(live_listens) == library.feedback.last() >= len(acknowledged)


def test_names_are_found_by_how_their_words_begin(library):
    live = Live(library)
    live.opened()
    names = live.names
    assert names.find("title 12")[0] == 12
    assert 3 in names.find("ARTIST 3")
    assert names.find("nothing like it") == []
    assert names.find('"; DROP TABLE names --') == []
    assert len(names.find("t", 7)) == 7


@pytest.mark.parametrize("query", ["calm", "wild x2", "folk artist 3", "Title 12 jazz", "calming"])
def test_words_find_the_same_tracks_in_a_library_that_is_open(library, query):
    opened = Live(library).opened()
    assert search(opened, query, 20) == search(library, query, 20)
    with pytest.raises(ModelError, match="nothing such"):
        search(opened, "nothing such", 5)
