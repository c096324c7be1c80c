"""Import listening histories by upload: for the listener who sends them, within limits."""

import io
import json
import os
import zipfile

import pytest
from tests.serve.conftest import Client, is_problem

from segue.library import Library
from segue.serve.app import make_app
from segue.serve.settings import Settings

HISTORY = "artist,title,timestamp\nBand 0,Piece 0,1700000000\nBand 0,Piece 4,1700000300\n"


def upload(client, data, name="history.csv"):
    return client.post("/api/v1/me/imports", params={"name": name}, content=data)


def zipped(**files):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, text in files.items():
            archive.writestr(f"{name}.json", text)
    return packed.getvalue()


@pytest.fixture
def dora(client):
    """A listener without a history."""
    return client.log_in("dora")


def test_import_counts_matched_and_unmatched_listens(dora):
    more = HISTORY + "Nobody,Nothing,1700000600\n,,\n"
    found = upload(dora, more).json()
    assert found == {
        "file": "history.csv",
        "format": "listens",
        "read": 3,
        "new": 3,
        "matched": 2,
        "unmatched": 1,
        "problems": 1,
    }
    assert len(dora.get("/api/v1/me/history").json()["items"]) == 2


def test_import_twice_adds_nothing(dora):
    assert upload(dora, HISTORY).json()["new"] == 2
    assert upload(dora, HISTORY).json()["new"] == 0


def test_import_of_zipped_spotify_history_is_recognized(dora):
    played = [
        {
            "ts": "2023-01-01T10:00:00Z",
            "ms_played": 200_000,
            "master_metadata_track_name": "Piece 1",
            "master_metadata_album_artist_name": "Band 1",
        }
    ]
    data = zipped(Streaming_History_Audio_2023=json.dumps(played))
    found = upload(dora, data, "my_spotify_data.zip").json()
    assert (found["format"], found["matched"]) == ("spotify", 1)


@pytest.mark.parametrize(
    "data",
    [b"", b"hello", zipped(a="[1]"), zipped(a="[]" * 50)[:-30], b"PK\x03\x04" + bytes(50)],
    ids=["empty", "text", "strange zip", "cut zip", "damaged zip"],
)
def test_import_of_wrong_file_is_a_problem(dora, directory, data):
    answer = upload(dora, data, "a.zip")
    assert is_problem(answer, 415, "unsupported-type")
    assert str(directory) not in answer.text
    assert "segue " not in answer.json()["detail"]
    assert not list(directory.glob(".segue-import-*"))


def test_import_that_is_too_large_is_refused(directory):
    with Client(make_app(directory, Settings(max_import_bytes=1_000))) as client:
        client.log_in("dora")
        assert is_problem(upload(client, b"x" * 1_001), 413, "too-large")


def test_import_larger_than_other_bodies_is_read(directory):
    with Client(
        make_app(directory, Settings(max_body_bytes=1_000, max_file_bytes=1_000))
    ) as client:
        client.log_in("dora")
        rows = "".join(f"Band 0,Piece 0,{1_700_000_000 + 400 * i}\n" for i in range(500))
        assert upload(client, f"artist,title,timestamp\n{rows}").json()["new"] == 500


def test_import_counts_for_own_listener_only(dora, directory):
    named = "user_id,artist,title,timestamp\nben,Band 0,Piece 0,1700000000\n"
    assert upload(dora, named).json()["matched"] == 1
    library = Library(directory)
    listens = library.listens()
    assert list(listens[listens["timestamp"] == 1_700_000_000]["user_id"]) == ["dora"]


def test_import_of_several_listeners_is_refused(dora):
    named = "user_id,artist,title,timestamp\nben,Band 0,Piece 0,1\nanna,Band 0,Piece 0,2\n"
    answer = upload(dora, named)
    assert is_problem(answer, 415, "unsupported-type")
    assert "several users" in answer.json()["detail"]


def test_import_needs_a_listener(client):
    assert is_problem(upload(client, HISTORY), 401, "no-session")


def test_import_while_music_is_scanned_succeeds(dora, directory):
    with Library(directory).writing("segue preprocess"):
        assert upload(dora, HISTORY).json()["new"] == 2


def test_import_removes_what_a_killed_server_left(dora, directory):
    old, recent = directory / ".segue-import-old", directory / ".segue-import-new"
    for one in (old, recent):
        one.mkdir()
    os.utime(old, (0, 0))
    assert upload(dora, HISTORY).status_code == 200
    assert not old.exists()
    assert recent.exists()


@pytest.mark.parametrize(
    "name", ["../../evil.csv", "/etc/passwd", "..", "a\0b.csv", "x" * 250, "\U0001f3b5" * 250]
)
def test_import_name_stays_in_its_directory(dora, directory, name):
    before = {path.name for path in directory.parent.iterdir()}
    assert upload(dora, HISTORY, name).status_code == 200
    assert {path.name for path in directory.parent.iterdir()} == before
