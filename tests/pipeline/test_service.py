"""A service answers from current data, keeps what it may, and loses no feedback."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time

import numpy as np
import pytest
from tests.factories import excluded_by
from tests.pipeline.conftest import N_LISTENING_TRACKS

import segue
from segue.engine import Dials, Exclusions
from segue.errors import LibraryError, ModelError, UnknownListenerError, UnknownTrackError
from segue.library import Event, Library
from segue.pipeline.recommender.open_signals import listeners_of
from segue.pipeline.recommender.service import RecommenderService
from segue.pipeline.recommender.serving_state import ServingState
from segue.pipeline.recommender.snapshot import is_current, snapshot_directory
from segue.pipeline.train import train
from segue.sources.datasets.listens import no_listens
from segue.types import Track


@pytest.fixture
def library(listening_library):
    return listening_library


def event(user, track, kind, key, at=1_600_100_000.0, **more):
    return Event(user=user, track_id=track, kind=kind, key=key, at=at, **more)


def recommended(state, user, k=10, **more):
    return state.recommend(state.query(user, k, **more))


def again(library):
    """Return the state that another process would open."""
    return RecommenderService(Library(library.directory)).state()


def assert_same(one, other):
    assert [pick.track_id for pick in one.tracks] == [pick.track_id for pick in other.tracks]
    for mine, theirs in zip(one.tracks, other.tracks, strict=True):
        assert mine.score == pytest.approx(theirs.score, abs=1e-5)
        assert mine.why == pytest.approx(theirs.why, abs=1e-5)
        assert mine.in_common == theirs.in_common
        assert [pull.track_id for pull in mine.influenced_by] == [
            p.track_id for p in theirs.influenced_by
        ]


def test_profiles_after_feedback_equal_those_of_all_listens(library):
    service = RecommenderService(library)
    service.feedback(
        [
            event("u0", "t1", "like", "a"),
            event("u0", "t3", "skip", "b", ms_played=900.0),
            event("u2", "t8", "play", "c", ms_played=60_000.0),
            event("new listener", "t9", "play", "d"),
            event("u1", "t1", "dislike", "e"),
            event("u1", "t1", "clear", "f"),
        ]
    )
    found, wanted = service.state().profiles, listeners_of(library, library.catalogue())
    assert set(found) == set(wanted)
    for user, theirs in wanted.items():
        mine = found[user]
        for field in ("positions", "weights", "known", "history", "ages"):
            np.testing.assert_allclose(getattr(mine, field), getattr(theirs, field), rtol=1e-5)
        assert [liked.tolist() for liked in mine.friends] == [
            one.tolist() for one in theirs.friends
        ]


def test_profiles_after_each_event_equal_those_of_all_listens(library):
    service = RecommenderService(library)
    before = service.state().profiles["u0"], service.version
    rng = np.random.default_rng(0)
    for n in range(40):
        kind = ("play", "skip", "like", "dislike", "clear")[int(rng.integers(5))]
        user, track = f"u{rng.integers(4)}", f"t{rng.integers(N_LISTENING_TRACKS)}"
        service.feedback([event(user, track, kind, f"k{n}", at=1_600_200_000.0 + 60 * n)])
        if n % 7 == 0:
            service.state().profiles.get(user)
    found, wanted = service.state().profiles, listeners_of(library, library.catalogue())
    for user in ("u0", "u1", "u2", "u3"):
        np.testing.assert_array_equal(found[user].positions, wanted[user].positions)
        np.testing.assert_allclose(found[user].weights, wanted[user].weights, rtol=1e-6)
        np.testing.assert_array_equal(found[user].history, wanted[user].history)
    assert service.version != before[1]
    assert before[0].positions.tolist() != found["u0"].positions.tolist()


def test_recommend_after_feedback_in_another_process_uses_it(library):
    service = RecommenderService(library)
    first = recommended(service.state(), "u0", 5).tracks[0].track_id
    RecommenderService(Library(library.directory)).feedback([event("u0", first, "dislike", "x")])
    assert first not in [pick.track_id for pick in recommended(service.state(), "u0", 20).tracks]


def test_feedback_with_a_known_key_counts_once(library):
    one, other = RecommenderService(library), RecommenderService(Library(library.directory))
    play = event("u0", "t1", "play", "same")
    assert one.feedback([play, play]) == [True, False]
    assert other.feedback([play]) == [False]
    assert library.feedback.last() == 1


def test_feedback_on_an_unknown_track_stores_nothing(library):
    service = RecommenderService(library)
    with pytest.raises(UnknownTrackError):
        service.feedback([event("u0", "t1", "play", "a"), event("u0", "nothing", "play", "b")])
    assert library.feedback.last() == 0
    with pytest.raises(UnknownListenerError):
        service.state().listener("nobody")


def test_weights_move_with_feedback_on_offered_tracks(library):
    service = RecommenderService(library)
    before = service.state().engine.weights.of("u1").copy()
    listed = recommended(service.state(), "u1", 10).tracks
    like = event("u1", listed[3].track_id, "like", "a")
    service.feedback([like])
    after = service.state().engine.weights.of("u1").copy()
    assert not np.allclose(before, after)
    service.feedback([like])  # it counts once
    np.testing.assert_array_equal(service.state().engine.weights.of("u1"), after)
    np.testing.assert_array_equal(again(library).engine.weights.of("u1"), after)
    untouched = service.state().engine.weights
    np.testing.assert_allclose(untouched.of("u2"), before)


def test_undo_restores_profile_and_weights(library):
    service = RecommenderService(library)
    state = service.state()
    before, profile = state.engine.weights.of("u1").copy(), state.profiles["u1"]
    listed = recommended(state, "u1", 10).tracks
    service.feedback([event("u1", listed[2].track_id, "skip", "a")])
    assert not np.allclose(service.state().engine.weights.of("u1"), before)
    undo = event("u1", listed[2].track_id, "undo", "b", undoes="a")
    service.feedback([undo])
    for state in (service.state(), again(library)):
        np.testing.assert_allclose(state.engine.weights.of("u1"), before)
        np.testing.assert_array_equal(state.profiles["u1"].liked, profile.liked)
    assert [p.track_id for p in recommended(service.state(), "u1", 10).tracks] == [
        p.track_id for p in listed
    ]


def test_recommend_makes_a_list_once_until_its_inputs_change(library, monkeypatch):
    made = []
    make = ServingState._make

    def counted(state, query):
        made.append(query)
        return make(state, query)

    monkeypatch.setattr(ServingState, "_make", counted)
    service = RecommenderService(library)

    def requested(user="u0", k=5, **more):
        state = service.state()
        found = recommended(state, user, k, **more)
        assert found == make(state, state.query(user, k, **more))
        return found

    first = requested()
    assert requested() is first
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
        requested(**other)
        requested(**other)
    assert len(made) == 1 + len(others)
    service.feedback([event("u2", "t5", "like", "1")])  # of a friend
    requested()
    assert len(made) == 2 + len(others)
    service.feedback([event("u0", first.tracks[2].track_id, "skip", "2")])
    requested()
    assert len(made) == 3 + len(others)
    service.feedback([event("u7", "t5", "like", "3")])  # of another listener
    requested()
    assert len(made) == 3 + len(others)


def test_recommend_from_cache_restores_its_impressions(library):
    state = RecommenderService(library).state()
    recommended(state, "u0", 5)
    offered = state.posteriors.impressions("u0")
    recommended(state, "u0", 5, dials=Dials(weights={"tags": 9.0}))
    assert state.posteriors.impressions("u0") is not offered
    recommended(state, "u0", 5)
    assert state.posteriors.impressions("u0") is offered


def test_prefetch_scores_active_listeners_before_they_ask(library):
    calls = []
    service = RecommenderService(library, on_work=lambda: calls.append(True))
    recommended(service.state(), "u0")
    assert not service.prefetch()
    service.feedback([event("u0", "t3", "like", "1"), event("u1", "t3", "like", "2")])
    assert calls
    assert service.prefetch()  # u0, who has asked for a list
    assert not service.prefetch()
    engine = service.state().engine
    scored = []
    object.__setattr__(engine, "rows_of", scored.append)
    found = recommended(service.state(), "u0")
    assert not scored
    assert_same(found, recommended(again(library), "u0"))


def test_prefetch_scores_several_listeners_together(library):
    service = RecommenderService(library)
    users = ["u0", "u1", "u2"]
    for user in users:
        recommended(service.state(), user)
    service.feedback([event(user, "t3", "like", user) for user in users])
    assert service.prefetch()
    assert not service.prefetch()
    state = service.state()
    assert all(state.is_scored(state.query(user)) for user in users)
    for user in users:
        assert_same(recommended(state, user), recommended(again(library), user))


def test_is_scored_until_the_listener_gives_feedback(library):
    service = RecommenderService(library)

    def is_scored(**seeds):
        state = service.state()
        return state.is_scored(state.query("u0", **seeds))

    assert not is_scored()
    service.state().score([service.state().query("u0")])
    assert is_scored()
    assert not is_scored(like=["t5"])
    service.feedback([event("u0", "t3", "like", "1")])
    assert not is_scored()


def test_sequence_is_scored_again_after_plays_not_after_likes(library):
    service = RecommenderService(library)
    engine = service.state().engine
    (sequence,) = [one for one in engine.signals if one.name == "sequence"]
    asked = []
    score = sequence.for_listeners

    def counted(profiles):
        asked.extend(profile.user for profile in profiles)
        return score(profiles)

    object.__setattr__(sequence, "for_listeners", counted)
    recommended(service.state(), "u0")
    for n, kind in enumerate(["like", "dislike", "skip"]):
        service.feedback([event("u0", f"t{n}", kind, str(n))])
        recommended(service.state(), "u0")
    assert asked == ["u0"]
    service.feedback([event("u0", "t8", "play", "p")])
    found = recommended(service.state(), "u0")
    assert asked == ["u0", "u0"]
    assert_same(found, recommended(again(library), "u0"))


def test_prefetch_continues_for_listeners_answered_from_cache(library):
    service = RecommenderService(library)
    for n in range(6):
        recommended(service.state(), "u0")
        recommended(service.state(), "u0")
        service.feedback([event("u0", f"t{n}", "like", str(n))])
        assert service.prefetch()


def test_prefetch_scores_the_listener_without_seeds(library):
    service = RecommenderService(library)
    recommended(service.state(), "u0")
    service.feedback([event("u0", "t3", "like", "1")])
    recommended(service.state(), "u0", like=["t5"])
    assert service.prefetch()
    state = service.state()
    assert state.is_scored(state.query("u0"))


def test_weights_stay_after_feedback_on_other_tracks(library):
    service = RecommenderService(library)
    before = service.state().engine.weights.of("u1").copy()
    service.feedback([event("u1", "t2", "like", "a")])
    np.testing.assert_array_equal(service.state().engine.weights.of("u1"), before)


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
def test_exclusions_by_columns_equal_those_by_tracks(library, rules):
    state, tracks = RecommenderService(library).state(), library.catalogue().tracks
    np.testing.assert_array_equal(state.excluded(rules), excluded_by(rules, tracks))


def test_state_after_training_is_replaced_in_the_background(library, monkeypatch):
    monkeypatch.setattr("segue.pipeline.recommender.service.CHECK_SECONDS", 0.0)
    service = RecommenderService(library)
    old, version = service.state(), service.version
    wanted = recommended(old, "u0")
    train(Library(library.directory), "sequence", force=True, seed=1)
    for _ in range(600):
        if service.state() is not old:
            break
        time.sleep(0.05)
    service.close()
    assert service.state() is not old
    assert service.version != version
    assert is_current(library)
    assert_same(recommended(old, "u0"), wanted)  # requests go on with the old state
    assert_same(recommended(service.state(), "u0"), recommended(again(library), "u0"))


def test_counts_of_listeners_after_many_events_are_updated(library, monkeypatch):
    monkeypatch.setattr("segue.pipeline.recommender.service.CHECK_SECONDS", 0.0)
    monkeypatch.setattr("segue.pipeline.recommender.service._MIN_EVENTS", 5)
    service = RecommenderService(library)
    before = service.state().facts.listeners[0]
    service.feedback([event(f"new {n}", "t0", "like", "a") for n in range(6)])
    for _ in range(600):
        if service.state().facts.listeners[0] != before:
            break
        time.sleep(0.05)
    service.close()
    state = service.state()
    assert state.facts.listeners[0] == before + 6
    assert service.state() is state


def test_state_during_training_is_not_replaced(library, monkeypatch):
    monkeypatch.setattr("segue.pipeline.recommender.service.CHECK_SECONDS", 0.0)
    service = RecommenderService(library)
    old = service.state()
    with Library(library.directory).writing("segue train"):
        library.record_run("train", {})
        for _ in range(5):
            assert service.state() is old
            time.sleep(0.02)
    for _ in range(600):
        if service.state() is not old:
            break
        time.sleep(0.05)
    service.close()
    assert service.state() is not old


def test_feedback_and_reads_in_many_threads_lose_nothing(library):
    service = RecommenderService(library)
    service.state()
    errors = []

    def work(number):
        try:
            for n in range(15):
                track = f"t{(7 * n + number) % N_LISTENING_TRACKS}"
                found = service.feedback([event(f"u{number}", track, "play", f"{number}-{n}")])
                assert found == [True]
                assert int(track[1:]) in service.state().profiles[f"u{number}"].known
        except BaseException as error:  # noqa: BLE001
            errors.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert library.feedback.last() == 90


def test_feedback_acknowledged_before_a_kill_is_stored(library):
    program = textwrap.dedent(
        """
        import sys, threading
        from segue.library import Event, Library
        from segue.pipeline.recommender.service import RecommenderService
        service = RecommenderService(Library(sys.argv[1]))
        lock = threading.Lock()
        def write(thread):
            for n in range(10_000):
                key = f"{thread}-{n}"
                event = Event(user=f"u{thread}", track_id=f"t{n % 60}", kind="play", key=key)
                service.feedback([event])
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
    service = RecommenderService(library)
    again = [
        event(f"u{key.split('-')[0]}", f"t{int(key.split('-')[1]) % 60}", "play", key)
        for key in acknowledged
    ]
    assert service.feedback(again) == [False] * len(again)
    listens = library.listens()
    live_listens = listens[listens["source"] == "live"]
    assert len(live_listens) == library.feedback.last() >= len(acknowledged)


def test_names_are_found_by_beginnings_of_words(library):
    service = RecommenderService(library)
    names = service.snapshot().search
    assert names.find("title 12")[0] == 12
    assert 3 in names.find("ARTIST 3")
    assert names.find("nothing like it") == []
    assert names.find('"; DROP TABLE names --') == []
    assert len(names.find("t", 7)) == 7


def test_recommend_after_training_builds_nothing(library, monkeypatch):
    train(library, "sequence", force=True, seed=2)

    def refuse(*given, **more):
        raise AssertionError("the engine is built although its snapshot is current")

    monkeypatch.setattr("segue.pipeline.recommender.build_snapshot.open_engine", refuse)
    for answer in (
        segue.recommend(library, "u0", 5),
        segue.recommend(str(library.directory), like=["t3"], k=5),
        segue.similar(library.directory, "t3", 5),
        segue.search(library, "calm", 5),
    ):
        assert len(answer.tracks) == 5


def test_open_after_new_tracks_builds_the_snapshot_again(library):
    before = RecommenderService.open(library).snapshot().state
    new = Track(track_id="new", title="New", artist="Artist 3", genres=("folk",))
    library.add_dataset("more", tracks=[new], listens=no_listens())
    library.record_run("preprocess", {})
    service = RecommenderService.open(library)
    assert service.snapshot().state != before
    assert "new" in service.state().catalogue.positions


def test_open_a_library_without_signals_searches_titles(tmp_path):
    library = Library(tmp_path / "my.segue")
    with pytest.raises(LibraryError, match="run segue preprocess"):
        RecommenderService.open(library)
    library.add_dataset(
        "titles", tracks=[Track(track_id="1", title="Blue Moon")], listens=no_listens()
    )
    assert [match.track_id for match in segue.search(library, "moon").tracks] == ["1"]
    with pytest.raises(ModelError, match="The tracks cannot be compared"):
        segue.recommend(library, like=["1"])


def test_open_with_a_damaged_snapshot_builds_it_again(library):
    wanted = recommended(again(library), "u0")
    for path in snapshot_directory(library).glob("*.npy"):
        path.write_bytes(b"damaged")
    assert_same(recommended(again(library), "u0"), wanted)


def test_open_a_read_only_library_uses_a_temporary_snapshot(library, monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    wanted = recommended(again(library), "u0")
    library.record_run("train", {})  # makes the snapshot stale
    stale = snapshot_directory(library) / "manifest.json"
    before = stale.read_bytes()
    monkeypatch.setattr("os.access", lambda path, mode: False)
    service = RecommenderService(Library(library.directory))
    assert_same(recommended(service.state(), "u0"), wanted)
    (directory,) = tmp_path.glob("segue-snapshot-*")
    assert directory.is_dir()
    service.close()
    assert not directory.exists()
    assert stale.read_bytes() == before


def test_open_with_models_on_a_read_only_disk_recommends(library):
    wanted = recommended(again(library), "u0")
    library.record_run("train", {})
    models = library.models.directory
    if subprocess.run(["mount", "--bind", models, models], check=False).returncode:
        pytest.skip("mounting needs root")
    try:
        subprocess.run(["mount", "-o", "remount,ro,bind", models], check=True)
        service = RecommenderService(Library(library.directory))
        assert_same(recommended(service.state(), "u0"), wanted)
        service.close()
    finally:
        subprocess.run(["umount", "-l", models], check=True)
