"""MPD as it is in Debian: its tracks and playlists, and a radio that fills its queue."""

import shutil
import socket
import subprocess
import time
from contextlib import closing

import numpy as np
import pytest
from tests.factories import RATE, copy_of_library, make_library, rows, write_dataset

from segue.errors import MediaServerError
from segue.library import Library
from segue.pipeline.connections.connect import connect
from segue.pipeline.connections.mpd_radio import MpdRadio
from segue.pipeline.connections.sync import sync
from segue.sources.media_servers import SUFFIX
from segue.sources.media_servers.mpd import MpdReader

N_TRACKS = 8


@pytest.fixture(scope="module")
def music(tmp_path_factory):
    """A dataset of short sounds, and a library of it."""
    rng = np.random.default_rng(0)
    at = np.arange(6 * RATE) / RATE
    sounds = {
        f"{i}.flac": 0.2 * np.sin(2 * np.pi * (200 + 90 * i) * at) + 0.01 * rng.normal(size=len(at))
        for i in range(N_TRACKS)
    }
    tracks = [(f"t{i}", f"audio/{i}.flac", f"Piece {i}", f"Band {i}") for i in range(N_TRACKS)]
    dataset = write_dataset(
        tmp_path_factory.mktemp("music"),
        rows("track_id path title artist", tracks),
        sounds=sounds,
    )
    library = make_library(tmp_path_factory.mktemp("kept") / "my.segue", dataset, "knn")
    library.close()
    return dataset, library.directory


@pytest.fixture
def library(music, tmp_path):
    opened = Library(copy_of_library(music[1], tmp_path / "my.segue"))
    yield opened
    opened.close()


@pytest.fixture
def mpd(music, tmp_path):
    """The address of an MPD that plays the sounds of the library without a device."""
    if shutil.which("mpd") is None:
        pytest.skip("MPD is not installed")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    state = tmp_path / "mpd"
    (state / "playlists").mkdir(parents=True)
    (state / "mpd.conf").write_text(
        f'music_directory "{music[0]}"\n'
        f'playlist_directory "{state}/playlists"\ndb_file "{state}/db"\n'
        f'sticker_file "{state}/stickers"\n'
        f'bind_to_address "127.0.0.1"\nport "{port}"\n'
        'audio_output {\n type "null"\n name "none"\n}\n'
    )
    process = subprocess.Popen(["mpd", "--no-daemon", state / "mpd.conf"], stderr=subprocess.PIPE)
    url = f"mpd://127.0.0.1:{port}"
    for _ in range(200):
        try:
            server = MpdReader(url, {})
        except MediaServerError:
            time.sleep(0.1)
            continue
        n = sum(len(batch) for batch in server.tracks())
        server.close()
        if n == N_TRACKS:
            break
        time.sleep(0.1)
    yield url
    process.terminate()
    process.communicate(timeout=30)


@pytest.fixture
def control(mpd):
    """The client of somebody who uses MPD."""
    from mpd import MPDClient

    client = MPDClient()
    client.connect("127.0.0.1", int(mpd.rpartition(":")[2]))
    yield client
    client.close()
    client.disconnect()


def queue(control):
    return [song["file"] for song in control.playlistinfo()]


def test_radio_fills_the_queue_after_the_current_track(library, mpd, control):
    radio = MpdRadio(library, mpd, ahead=3)
    assert radio.step() == []  # nothing is played
    control.add("audio/2.flac")
    control.play(0)
    added = radio.step()
    assert len(added) == 3
    assert queue(control) == ["audio/2.flac", *added]
    assert radio.step() == []
    control.next()
    assert len(radio.step()) == 1
    assert len(set(queue(control))) == 5
    radio.close()


def test_radio_stores_plays_and_skips_of_the_listener(library, mpd, control):
    radio = MpdRadio(library, mpd, user="anna", ahead=2)
    control.add("audio/2.flac")
    control.play(0)
    radio.step()
    control.seekcur(4)
    time.sleep(0.3)
    radio.step()
    control.next()
    radio.step()
    control.next()
    radio.step()
    heard = [(one["track_id"], bool(one["skipped"])) for one in library.listens_of("anna")]
    recommended = [bool(one["recommended"]) for one in library.listens_of("anna")]
    assert heard[0] == ("t2", False)
    assert heard[1][0] != "t2"
    assert heard[1][1]
    assert recommended == [False, True]
    radio.close()


def test_radio_goes_on_from_a_track_chosen_by_hand(library, mpd, control):
    radio = MpdRadio(library, mpd, ahead=2)
    control.add("audio/0.flac")
    control.play(0)
    radio.step()
    control.add("audio/7.flac")
    control.play(len(queue(control)) - 1)
    assert len(radio.step()) == 2
    radio.close()


def test_stickers_and_playlists_are_synchronized(library, mpd, control):
    control.sticker_set("song", "audio/3.flac", "playCount", "4")
    control.sticker_set("song", "audio/3.flac", "lastPlayed", "1700000000")
    control.sticker_set("song", "audio/4.flac", "like", "2")
    control.playlistadd("Evening", "audio/5.flac")
    library.playlists.add("anna", "Mine", "tracks", {}, ["t6", "t1"])
    connect(library, "mpd", mpd, user="anna")
    for _ in range(2):
        done = sync(library, full=True)
        assert done.error is None
    heard = [(one["track_id"], one["plays"], one["rating"]) for one in library.listens_of("anna")]
    assert sorted(heard) == [("t3", 4.0, None), ("t4", None, 1.0)]
    assert [one.tracks for one in library.playlists.of("anna") if one.name == "Evening"] == [
        ("t5",)
    ]
    assert control.listplaylist(f"Mine{SUFFIX}") == ["audio/6.flac", "audio/1.flac"]
    assert control.listplaylist("Evening") == ["audio/5.flac"]


def test_mpd_that_is_off_is_one_sentence(library):
    with pytest.raises(MediaServerError, match="cannot be reached"):
        MpdRadio(library, "mpd://127.0.0.1:1")
    with pytest.raises(MediaServerError, match="is not the address"):
        connect(library, "mpd", "http://127.0.0.1:1")


@pytest.mark.parametrize("host", ["a\x88b", "x" * 64, "music..home", "\ud800"])
def test_mpd_with_an_impossible_host_is_refused(library, host):
    with pytest.raises(MediaServerError, match="is not the address"):
        connect(library, "mpd", f"mpd://{host}:6600")


def test_mpd_names_what_it_plays(mpd, control):
    with closing(MpdReader(mpd, {})) as reader:
        assert reader.now_playing() == []
        control.add("audio/2.flac")
        control.play()
        (one,) = reader.now_playing()
        assert (one.item, one.player) == ("audio/2.flac", "MPD")
        control.pause(1)
        assert reader.now_playing() == []
