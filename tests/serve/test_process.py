"""Test the server as a process: start, stop, restart, several workers."""

import json
import signal
import socket
import subprocess
import sys
import time

import pytest
from tests.serve.conftest import PASSWORD

from segue.library import Library
from segue.pipeline.accounts.login import add_account


def test_killed_server_keeps_feedback_and_session(serve, directory):
    first = serve()
    first.log_in("anna")
    like = {"events": [{"key": "1", "track_id": "t05", "kind": "like"}]}
    assert first.ask("POST", "/api/v1/feedback", like)[0] == 200
    first.stop(signal.SIGKILL)
    again = serve()
    again.cookie, again.csrf = first.cookie, first.csrf
    assert json.loads(again.ask("GET", "/api/v1/tracks/t05")[2])["opinion"] == "like"
    answer = json.loads(again.ask("POST", "/api/v1/feedback", like)[2])
    assert answer["events"][0]["status"] == "duplicate"


def test_workers_share_one_library(serve):
    server = serve("--workers", "2")
    server.log_in("anna")
    for number in range(6):  # whichever process answers knows what the other was told
        event = {"key": str(number), "track_id": "t05", "kind": ["like", "dislike"][number % 2]}
        server.ask("POST", "/api/v1/feedback", {"events": [event]})
        opinion = json.loads(server.ask("GET", "/api/v1/tracks/t05")[2])["opinion"]
        assert opinion == event["kind"]
    server.stop()
    assert server.process.returncode in (0, -signal.SIGTERM)


def test_stop_ends_streams_and_logs_no_query(serve):
    server = serve()
    server.ask("GET", "/api/v1/session?password=hidden")
    with socket.create_connection(("127.0.0.1", server.port)) as following:
        following.sendall(b"GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert b"text/event-stream" in following.recv(4_096)
        said = server.stop()
    assert "graceful shutdown exceeded" not in said
    assert "GET /api/v1/session" in said
    assert "hidden" not in said
    assert "Traceback" not in said


def test_workers_of_killed_supervisor_leave_the_port(serve, directory):
    server = serve("--workers", "2")
    server.log_in("anna")
    server.stop(signal.SIGKILL)
    end = time.monotonic() + 30
    while True:
        try:
            with socket.create_server(("127.0.0.1", server.port)):
                break
        except OSError:
            assert time.monotonic() < end, "a worker still listens"
            time.sleep(0.2)
    assert serve().ask("GET", "/api/v1/session")[0] == 200


def refused(directory, *options):
    code = "from segue.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "serve", "-l", directory, "--port", "0", *options],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    return done.stderr


@pytest.mark.parametrize("options", [("--host", "0.0.0.0"), ("--https",), ("--name", "music.test")])  # noqa: S104
def test_exposed_server_requires_account(directory, options):
    assert "segue user add" in refused(directory, *options)


def test_used_port_is_an_error(directory):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        said = refused(directory, "--port", str(taken.getsockname()[1]))
    assert "choose another --port" in said


def test_exposed_server_with_account_starts(directory, serve):
    library = Library(directory)
    add_account(library, "anna", PASSWORD)
    library.close()
    server = serve("--name", "music.test")
    status, _, body = server.ask("GET", "/api/v1/session", headers={"Host": "music.test"})
    assert (status, json.loads(body)["mode"]) == (200, "accounts")


def test_used_port_of_workers_is_an_error(serve, directory):
    taken = str(serve("--workers", "2").port)
    said = refused(directory, "--port", taken, "--workers", "2")
    assert "choose another --port" in said
