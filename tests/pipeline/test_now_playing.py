"""What accounts of connected servers play now, as reports of players."""

import threading

import pytest
from tests.factories import copy_of_library, make_library, rows, write_dataset
from tests.servers.lyrion import SimulatedLyrion

from segue.library import Library
from segue.pipeline.connections import now_playing
from segue.pipeline.connections.connect import connect
from segue.pipeline.connections.now_playing import NowPlayingReader
from segue.pipeline.connections.sync import sync
from segue.pipeline.repeated_task import RepeatedTask

N_TRACKS = 4


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    tracks = [(f"t{i}", f"Piece {i}", f"Band {i}") for i in range(N_TRACKS)]
    dataset = write_dataset(
        tmp_path_factory.mktemp("dataset"),
        rows("track_id title artist", tracks),
        listens=rows("user_id track_id", [("u", "t0")]),
    )
    library = make_library(tmp_path_factory.mktemp("kept") / "my.segue", dataset)
    library.close()
    return library.directory


@pytest.fixture
def library(original, tmp_path):
    opened = Library(copy_of_library(original, tmp_path / "my.segue"))
    yield opened
    opened.close()


@pytest.fixture
def lyrion(library):
    """A server with the account anna, whose tracks are known."""
    simulated = SimulatedLyrion(N_TRACKS + 1)
    connect(library, "lyrion", simulated.url, user="anna")
    sync(library)
    yield simulated
    simulated.close()


def read(library, feed=None):
    """Read once; return what is stored: player, track, state."""
    reader = NowPlayingReader(library, feed or (lambda _: pytest.fail("it was counted")))
    number = reader.read()
    stored = library.playback.of("anna")
    assert all(one.ignored for _, one in stored)
    return number, sorted((client, one.track_id, one.state) for client, one in stored)


def test_played_track_is_stored_until_it_stops(library, lyrion):
    player = "lyrion (anna): Kitchen"
    lyrion.playing = {"Kitchen": 1}
    assert read(library) == (1, [(player, "t1", "playing")])
    (_, before) = library.playback.of("anna")[0]
    assert before.position == 12.5
    assert read(library) == (1, [(player, "t1", "playing")])
    assert library.playback.of("anna")[0][1].session == before.session
    lyrion.playing = {"Kitchen": 2, "Bath": 3}
    bath = "lyrion (anna): Bath"
    assert read(library) == (2, [(bath, "t3", "playing"), (player, "t2", "playing")])
    lyrion.playing = {"Bath": 3}
    assert read(library) == (1, [(bath, "t3", "playing"), (player, "t2", "stopped")])
    assert list(library.listens_of("anna")) == []


def test_track_that_the_library_lacks_is_left_out(library, lyrion):
    lyrion.playing = {"Kitchen": N_TRACKS}
    assert read(library) == (0, [])


def test_other_players_of_the_listener_are_left_alone(library, lyrion):
    connect(library, "lyrion", lyrion.url, user="ben", listener="anna")
    lyrion.playing = {"Kitchen": 1}
    names = [f"lyrion ({user}): Kitchen" for user in ("anna", "ben")]
    assert read(library) == (2, [(name, "t1", "playing") for name in names])


def test_server_without_answer_is_not_asked_for_a_while(library, lyrion, monkeypatch):
    monkeypatch.setattr("segue.sources.media_servers.server_client.WAITS", ())
    lyrion.playing = {"Kitchen": 1}
    reader = NowPlayingReader(library, pytest.fail)
    assert reader.read() == 1
    lyrion.n_before_outage = 0
    assert reader.read() == 0
    assert library.playback.of("anna")[0][1].state == "stopped"
    lyrion.n_before_outage = None
    asked = len(lyrion.requests)
    assert reader.read() == 0
    assert len(lyrion.requests) == asked
    monkeypatch.setattr(now_playing, "PAUSE_SECONDS", 0.0)
    assert NowPlayingReader(library, pytest.fail).read() == 1


def test_reader_asks_only_while_it_is_active(library, lyrion, monkeypatch):
    monkeypatch.setattr(now_playing, "POLL_SECONDS", 0.01)
    lyrion.playing = {"Kitchen": 1}
    asked, active = threading.Event(), []

    def is_active():
        asked.set()
        return bool(active)

    reader = NowPlayingReader(library, pytest.fail, is_active)
    reader.start()
    assert asked.wait(20)
    assert library.playback.of("anna") == []
    active.append(True)
    for _ in range(2_000):
        if library.playback.of("anna"):
            break
        threading.Event().wait(0.01)
    reader.stop()
    assert library.playback.of("anna")[0][1].state == "playing"


def test_repeated_task_goes_on_after_errors(caplog):
    calls, done = [], threading.Event()

    def act():
        calls.append(1)
        if len(calls) == 3:
            done.set()
        raise OSError("broken")

    task = RepeatedTask("test", act, 0.001)
    task.start()
    assert done.wait(20)
    task.stop()
    assert task.is_stopping
    assert "broken" in caplog.text
