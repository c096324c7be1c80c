"""A disk that is full and a database that is busy: refusals that pass, and nothing is lost."""

import os
import sqlite3
import time
from contextlib import closing, contextmanager

import pytest
from tests.factories import copy_of_library
from tests.serve.conftest import PASSWORD, Client, is_problem

from segue.errors import StorageFullError
from segue.library import Library, sqlite_backend
from segue.pipeline.accounts.login import add_account
from segue.pipeline.accounts.sessions import create_key
from segue.serve.app import make_app

LISTENS = "SELECT count(*) FROM listens WHERE dataset = 'live'"


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    """Do not wait long for a busy database."""
    monkeypatch.setattr(sqlite_backend, "BUSY_MS", 50)


@contextmanager
def busy(directory):
    """Another program holds the write lock of the database."""
    with closing(sqlite3.connect(directory / "library.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


@contextmanager
def full(directory):
    """The disk of the library has no free space."""
    ballast = directory / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (65_536, 4_096):
            try:
                while file.write(bytes(size)) == size:
                    pass
            except OSError:
                continue
    yield
    ballast.unlink()


REFUSALS = [
    pytest.param(busy, 503, "busy", id="busy"),
    pytest.param(full, 507, "storage-full", id="full"),
]


@pytest.fixture
def place(original, small_disk):
    """A library on a small disk; the first request makes its directories."""
    return copy_of_library(original, small_disk / "my.segue")


@pytest.fixture
def listener(place):
    """A listener, logged in, whose recommendations were computed once."""
    with Client(make_app(place)) as client:
        client.log_in("anna")
        assert client.get("/api/v1/recommend").status_code == 200
        yield client


def live_listens(place):
    with closing(sqlite3.connect(place / "library.db")) as reader:
        return reader.execute(LISTENS).fetchone()[0]


def feedback(client, key="1"):
    events = [{"key": key, "track_id": "t00", "kind": "play"}]
    return client.post("/api/v1/feedback", json={"events": events})


def scrobble(client):
    more = {"u": "anna", "p": "x", "v": "1.16.1", "c": "test", "f": "json"}
    return client.get("/rest/scrobble", params={"id": "t00", "time": "1700000000000", **more})


def submit(client):
    metadata = {"artist_name": "Band 0", "track_name": "Piece 0"}
    listen = {"listened_at": 1_700_000_000, "track_metadata": metadata}
    document = {"listen_type": "single", "payload": [listen]}
    return client.post("/1/submit-listens", json=document, headers={"Authorization": "Token anna"})


@pytest.mark.parametrize("small_disk", ["size=32m"], indirect=True)
@pytest.mark.parametrize(("refuse", "status", "kind"), REFUSALS)
def test_feedback_that_cannot_be_stored_now_may_be_sent_again(
    listener, place, refuse, status, kind
):
    with refuse(place):
        answer = feedback(listener)
        assert is_problem(answer, status, kind)
        assert int(answer.headers["Retry-After"]) > 0
        assert str(place) not in answer.text
    assert live_listens(place) == 0
    assert feedback(listener).json()["events"][0]["status"] == "stored"
    assert live_listens(place) == 1


@pytest.mark.parametrize("small_disk", ["size=32m"], indirect=True)
@pytest.mark.parametrize(("refuse", "status", "kind"), REFUSALS)
@pytest.mark.parametrize("send", [scrobble, submit])
def test_scrobblers_are_asked_to_try_again(listener, place, refuse, status, kind, send):
    with refuse(place):
        answer = send(listener)
        assert answer.status_code == status
        assert int(answer.headers["Retry-After"]) > 0
    assert live_listens(place) == 0
    assert send(listener).status_code == 200
    assert live_listens(place) == 1


@pytest.mark.sqlite
@pytest.mark.parametrize("small_disk", ["size=32m"], indirect=True)
@pytest.mark.parametrize("refuse", [busy, full])
def test_reading_does_not_depend_on_writing(listener, place, refuse):
    with closing(sqlite3.connect(place / "library.db")) as other, other:
        other.execute("UPDATE sessions SET used = used - 86400")  # its use should be written again
    with refuse(place):
        for path in ("/session", "/me", "/tracks", "/recommend", "/me/history", "/playlists"):
            assert listener.get(f"/api/v1{path}").status_code == 200, path


@pytest.mark.sqlite
def test_busy_database_does_not_delay_session_or_key(directory, monkeypatch):
    library = Library(directory)
    add_account(library, "anna", PASSWORD)
    key = create_key(library, "anna", "phone")
    library.close()
    monkeypatch.setattr(sqlite_backend, "BUSY_MS", 60_000)
    with Client(make_app(directory)) as client:
        client.log_in("anna", PASSWORD)
        with closing(sqlite3.connect(directory / "library.db")) as other, other:
            other.execute("UPDATE sessions SET used = used - 86400")
        with busy(directory):
            before = time.monotonic()
            assert client.get("/api/v1/session").json()["listener"] == "anna"
            by_key = client.get("/api/v1/me", headers={"Authorization": f"Bearer {key}"})
            assert by_key.status_code == 200
            # far below the time for which other writes wait
            assert time.monotonic() - before < 30
        client.get("/api/v1/session")
        used = Library(directory).accounts.find_session(client.cookies["segue_session"]).used
        assert time.time() - used < 3_600


@pytest.mark.sqlite
@pytest.mark.parametrize("small_disk", ["size=32m,nr_inodes=200"], indirect=True)
def test_disk_without_inodes_is_full(listener, place):
    for suffix in ("-wal", "-shm"):
        assert (place / f"library.db{suffix}").exists()
    Library(place).close()
    made = []
    try:
        while True:
            made.append(place / f"{len(made)}.txt")
            made[-1].touch()
    except OSError:
        made.pop()
    with pytest.raises(StorageFullError, match="no free inodes"):
        Library(place.parent / "another.segue")
    for path in made:
        path.unlink()
    assert feedback(listener).status_code == 200
    assert os.statvfs(place).f_favail > 0
