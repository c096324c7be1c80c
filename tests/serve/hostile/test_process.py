"""Test a running server: logs, lost feedback, open connections, leaked paths."""

import contextlib
import csv
import http.client
import json
import os
import secrets
import shutil
import signal
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.factories import copy_of_library
from tests.serve.conftest import PASSWORD, Client
from tests.serve.served import Server

from segue.library import Library
from segue.pipeline.accounts.login import add_account
from segue.pipeline.accounts.sessions import create_key
from segue.pipeline.preprocess import preprocess
from segue.pipeline.train import train
from segue.serve.app import make_app


def test_log_has_no_secrets(serve, directory):
    library = Library(directory)
    add_account(library, "anna", PASSWORD, admin=True)
    key = create_key(library, "anna", "phone")
    library.close()
    server = serve()
    server.log_in("anna", PASSWORD)
    cookie, csrf = server.cookie.partition("=")[2], server.csrf
    wrong, changed = "a wrong password", "another four words"
    asked = [
        ("POST", "/api/v1/session", {"listener": "anna", "password": wrong}),
        ("POST", "/api/v1/session", {"listener": "anna", "password": 5, wrong: wrong}),
        ("PATCH", "/api/v1/me/account", {"password": PASSWORD, "new_password": changed}),
        ("POST", "/api/v1/me/keys", {"name": "tablet"}),
        ("GET", f"/api/v1/me?password={PASSWORD}&key={key}".replace(" ", "+"), None),
        ("GET", f"/api/v1/search?q={csrf}", None),
        ("DELETE", "/api/v1/session", None),
    ]
    answers = [server.ask(*each) for each in asked]
    assert [status for status, *_ in answers] == [401, 422, 200, 201, 200, 200, 204]
    made = json.loads(answers[3][2])["key"]
    server.ask("GET", "/api/v1/me", headers={"Authorization": f"Bearer {key}", "Cookie": ""})
    said = server.stop()
    assert "GET /api/v1/me" in said
    words = {PASSWORD, PASSWORD.replace(" ", "+"), wrong, changed, key, made, cookie, csrf}
    for secret in words:
        assert secret not in said
    assert "argon2" not in said


@pytest.mark.parametrize("trusted", ["", "*", "203.0.113.7"])
def test_environment_does_not_trust_forwarded_for(serve, monkeypatch, trusted):
    """uvicorn reads FORWARDED_ALLOW_IPS; what a visitor claims comes before what the proxy adds."""
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", trusted)
    server = serve("--behind-proxy", "--open-to-all")
    headers = {"X-Forwarded-For": "198.51.100.1, 203.0.113.7"}
    assert server.ask("GET", "/api/v1/session", headers=headers)[0] == 200
    said = server.stop()
    assert "203.0.113.7:0" in said
    assert "198.51.100.1" not in said


def test_killed_server_keeps_acknowledged_feedback(serve, directory):
    told: list[str] = []

    def listen(server, name):
        mine = Server(directory)
        mine.port = server.port
        with contextlib.suppress(OSError, http.client.HTTPException, AssertionError, ValueError):
            mine.log_in(name)
            while True:
                key = secrets.token_hex(8)
                event = {"key": key, "track_id": "t05", "kind": "play"}
                status, _, body = mine.ask("POST", "/api/v1/feedback", {"events": [event]})
                if status == 200 and b'"stored"' in body:
                    told.append(f"{name} {key}")

    for _ in range(2):
        server = serve("--no-access-log")
        names = ("anna", "ben", "carl")
        threads = [threading.Thread(target=listen, args=(server, name)) for name in names]
        begun = len(told)
        for thread in threads:
            thread.start()
        while len(told) - begun < 60 and any(thread.is_alive() for thread in threads):
            threads[0].join(0.02)
        os.kill(server.process.pid, signal.SIGKILL)
        for thread in threads:
            thread.join()
    assert len(told) >= 120
    again = serve("--no-access-log")
    for name in ("anna", "ben", "carl"):
        again.cookie = again.csrf = ""
        again.log_in(name)
        keys = [one.split()[1] for one in told if one.startswith(f"{name} ")]
        events = [{"key": key, "track_id": "t05", "kind": "play"} for key in keys]
        body = again.ask("POST", "/api/v1/feedback", {"events": events})[2]
        assert {one["status"] for one in json.loads(body)["events"]} == {"duplicate"}
    number = Library(directory).feedback.last()
    assert number >= len(told)  # what was stored and not told any more may be more


def test_hundred_event_streams_do_not_block(serve):
    server = serve("--no-access-log")
    before = server.memory()
    asks = []
    for number in range(10):
        server.cookie = server.csrf = ""
        server.log_in("anna" if number == 9 else f"listener {number}")
        lines = ("GET /api/v1/events HTTP/1.1", "Host: localhost", f"Cookie: {server.cookie}")
        asks += 10 * ["".join(f"{line}\r\n" for line in (*lines, "")).encode()]
    with contextlib.ExitStack() as stack:
        with ThreadPoolExecutor(20) as pool:
            following = list(pool.map(server.connect, asks))
        for one in following:
            stack.enter_context(one)
        heads = [one.recv(65_536) for one in following]
        assert all(b"200 OK" in head for head in heads)
        like = {"events": [{"key": "1", "track_id": "t05", "kind": "like"}]}
        assert server.ask("POST", "/api/v1/feedback", like)[0] == 200
        for one in following[-10:]:
            said = b""
            while b"event: list" not in said:
                part = one.recv(65_536)
                assert part
                said += part
        assert server.ask("GET", "/api/v1/recommend")[0] == 200
        assert server.memory() - before < 60
    assert "Traceback" not in server.stop()


CANARY = "canary-7f3a"


@pytest.fixture(scope="module")
def told_of(tmp_path_factory, original):
    """A library and music below directories with a canary in their names, and much that failed."""
    place = tmp_path_factory.mktemp(CANARY) / f"{CANARY} a (b) c"
    music = place / "anna's music, [x]"  # as the dataset is called
    music.mkdir(parents=True)
    source = original.parent.parent / "music0"
    sounds = sorted(source.glob("audio/*.wav")) if source.is_dir() else []
    (music / "audio").mkdir()
    for sound in sounds[:6]:
        shutil.copy(sound, music / "audio")
    (music / "audio/broken.wav").write_bytes(b"RIFF nothing")
    (music / "audio/empty.mp3").write_bytes(b"")
    names = [one.name for one in sorted((music / "audio").iterdir())] + ["gone.wav"]
    with (music / "metadata.csv").open("w", newline="", encoding="utf-8") as stream:
        serializer = csv.writer(stream)
        serializer.writerow(["track_id", "path", "title", "artist", "genre"])
        genres = ["low", "high"]
        serializer.writerows(
            (f"t{i}", f"audio/{name}", f"Piece {i}", f"Band {i % 2}", genres[i % 2])
            for i, name in enumerate(names)
        )
        serializer.writerow(["t0", str(music / "audio/0.wav"), "again", "", ""])
    with (music / "listens.csv").open("w", newline="", encoding="utf-8") as stream:
        serializer = csv.writer(stream)
        serializer.writerow(["user_id", "track_id", "timestamp"])
        serializer.writerows([["anna", f"t{i % 4}", 1_000 + i] for i in range(8)])
        serializer.writerow(["anna", "nothing", "never"])
    library = Library(place / f"{CANARY}.d" / "my.segue")
    preprocess(library, music, workers=1)
    with contextlib.suppress(Exception):
        train(library, "knn")
    library.close()
    return library.directory, music


@pytest.mark.sqlite
def test_responses_have_no_server_paths(told_of):
    directory, music = told_of
    with Client(make_app(directory)) as client:
        client.log_in("anna")
        made = client.post("/api/v1/playlists", json={"name": "a", "tracks": ["t0", "t1"]}).json()
        document = client.get("/api/v1/openapi.json").json()
        answers = []
        for address, item in document["paths"].items():
            if address.endswith("/events"):
                continue
            for known in ("t0", "t6", "t8", "nothing", made["id"], "knn", "1"):
                path = address
                for name in ("track_id", "playlist", "report_id", "name", "job", "kind"):
                    path = path.replace(f"{{{name}}}", known)
                query = {"q": "piece"} if address.endswith("/search") else {}
                if "get" in item:
                    answers.append(client.get(path, params=query))
                    answers += [client.get(path, params={**query, "format": "jspf"})]
        for verb, arguments in (
            ("preprocess", {"path": str(music / "nothing")}),
            ("preprocess", {"path": str(music / "metadata.csv")}),
            ("preprocess", {"dataset": "nothing"}),
            ("train", {"models": ["nothing"]}),
        ):
            answers.append(client.post("/api/v1/jobs", json={"verb": verb, "arguments": arguments}))
        (directory / "library.db").chmod(0o600)
        for body in (b"{", b"<playlist>", str(music).encode()):
            answers.append(client.post("/api/v1/playlists/import", content=body))
    # what a request named itself comes back in its refusal, and nothing else does
    asked = ("/api/v1/jobs", "/api/v1/playlists/import")
    for answer in answers:
        if answer.request.url.path not in asked:
            assert CANARY not in answer.text, (str(answer.request.url), answer.text[:500])
        assert str(directory) not in answer.text
    problems = [one for one in answers if one.request.url.path.endswith("/library/problems")]
    assert len(problems[0].json()["items"]) >= 3
    assert {answer.status_code for answer in answers} >= {200, 404, 422}


@pytest.mark.sqlite
def test_errors_have_no_server_paths(told_of, monkeypatch, tmp_path):
    directory = copy_of_library(told_of[0], tmp_path / CANARY / "my.segue")
    with Client(make_app(directory)) as client:
        client.log_in("anna")
        paths = ("tracks", "tracks/t0", "recommend", "me", "library", "playlists", "session")
        for path in paths:
            assert CANARY not in client.get(f"/api/v1/{path}").text
        with (directory / "library.db").open("r+b") as file:  # as a disk does that fails
            file.write(b"\0" * 200_000)
        for path in paths:
            answer = client.get(f"/api/v1/{path}")
            assert CANARY not in answer.text, answer.text
            assert answer.headers["content-type"].startswith("application/")
