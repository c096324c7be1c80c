"""Two servers of one library in PostgreSQL: either of them does what the other began."""

import json
import shutil
import signal
import socket
import uuid

import pytest
from tests.serve.conftest import PASSWORD
from tests.serve.served import Server

from segue.library import Library
from segue.library.database_address import database_address
from segue.library.library_copies import copy_library
from segue.pipeline.accounts.login import add_account

pytestmark = [pytest.mark.slow, pytest.mark.nightly]  # starts six servers


@pytest.fixture(scope="module")
def shared(original, tmp_path_factory, postgresql_url):
    """The directory of a library in PostgreSQL with the account anna."""
    place = tmp_path_factory.mktemp("shared") / "my.segue"
    separator = "&" if "?" in postgresql_url else "?"
    name = f"two_nodes_{uuid.uuid4().hex[:12]}"
    address = database_address(f"{postgresql_url}{separator}schema={name}", place)
    source = Library(shutil.copytree(original, place.parent / "source"))
    copy_library(source, place, address)
    source.close()
    library = Library(place)
    add_account(library, "anna", PASSWORD, admin=True)
    library.close()
    return place


@pytest.fixture
def nodes(shared):
    """Two servers; anna is logged in on the first, and the second has her cookie."""
    started = [Server(shared, "--no-schedule").start() for _ in range(2)]
    first, second = started
    first.log_in("anna", PASSWORD)
    second.cookie, second.csrf = first.cookie, first.csrf
    yield first, second
    for server in started:
        server.stop()


def read(server, path):
    status, _, body = server.ask("GET", f"/api/v1{path}")
    assert status == 200, body
    return json.loads(body)


def give(server, track, kind, key):
    events = {"events": [{"key": key, "track_id": track, "kind": kind}]}
    status, _, body = server.ask("POST", "/api/v1/feedback", events)
    assert status == 200, body
    return json.loads(body)["events"][0]["status"]


def listed(server):
    return [each["track"]["track_id"] for each in read(server, "/recommend?k=12")["tracks"]]


def follow(server):
    """Return a connection to the event stream that has said hello."""
    text = f"GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\nCookie: {server.cookie}\r\n\r\n"
    connection = server.connect(text.encode())
    received = b""
    while b"hello" not in received:
        received += connection.recv(4_096)
    return connection


def event_of(connection, kind):
    """Return whether an event of a kind arrives before the connection's time limit."""
    received = b""
    while f"event: {kind}".encode() not in received:
        part = connection.recv(4_096)
        if not part:
            return False
        received += part
    return True


def test_two_nodes_share_session_feedback_and_events(nodes):
    first, second = nodes
    assert read(second, "/session")["listener"] == "anna"
    with follow(second) as events:
        hidden = listed(second)[0]
        assert give(first, hidden, "dislike", "shared-1") == "stored"
        assert event_of(events, "list")
    assert hidden not in listed(second)
    assert give(second, hidden, "dislike", "shared-1") == "duplicate"
    assert second.ask("DELETE", "/api/v1/session")[0] == 204
    assert read(first, "/session")["listener"] is None


def test_killed_node_leaves_everything_to_the_other(nodes):
    first, second = nodes
    with follow(first) as cut, follow(second) as events:
        assert give(first, "t05", "like", "killed-1") == "stored"
        pending = first.connect(b"POST /api/v1/feedback HTTP/1.1\r\nHost: localhost\r\n")
        first.stop(signal.SIGKILL)
        pending.close()
        cut.settimeout(10)
        try:
            while cut.recv(4_096):
                pass
        except ConnectionError:
            pass
        assert event_of(events, "list")
    assert read(second, "/tracks/t05")["opinion"] == "like"
    assert give(second, "t05", "like", "killed-1") == "duplicate"
    assert give(second, "t07", "like", "killed-2") == "stored"
    assert len(listed(second)) > 0
    assert second.ask("GET", "/readyz")[0] == 200
    assert read(second, "/jobs") is not None
    with pytest.raises(OSError, match=r"refused"):
        socket.create_connection(("127.0.0.1", first.port), timeout=5)


def test_restarted_node_knows_what_happened_meanwhile(nodes):
    first, second = nodes
    first.stop(signal.SIGKILL)
    assert give(second, "t02", "like", "restarted-1") == "stored"
    first.start()
    assert read(first, "/tracks/t02")["opinion"] == "like"
    assert read(first, "/session")["listener"] == "anna"
