"""Test hostile requests: paths, bodies, headers, slow clients."""

import asyncio
import re

import pytest
from tests.serve.conftest import ODD, Client, is_problem
from tests.serve.running import run

from segue.serve.app import make_app
from segue.serve.app_state import AppState
from segue.serve.settings import Settings

PATHS = [
    "/../../../../etc/passwd",
    "/..%2f..%2f..%2fetc%2fpasswd",
    "/%2e%2e/%2e%2e/etc/passwd",
    "/static/../../../etc/passwd",
    "/....//....//etc/passwd",
    "/%00",
    "/index.html%00.js",
    "//etc/passwd",
    "/\\..\\..\\etc\\passwd",
    "/" + "a" * 5_000,
    "/api/v1/reports/..%2f..%2flibrary.db/page",
    "/api/v1/reports/../page",
    "/api/v1/models/..%2f..%2flibrary.db",
    "/api/v1/tracks/..%2f..%2f..%2fetc%2fpasswd/audio",
    "/api/v1/tracks/%00/audio",
    "/api/v1/tracks/%ff%fe/audio",
]


@pytest.mark.parametrize("path", PATHS)
def test_paths_do_not_leave_static_files(anna, path):
    answer = anna.send(anna.build_request("GET", f"http://127.0.0.1:8765{path}"))
    assert answer.status_code in (404, 422)
    assert answer.headers["content-type"] == "application/problem+json"
    assert "root:" not in answer.text


def test_sql_in_parameter_is_text(anna):
    sql = "' OR 1=1; DROP TABLE tracks; --"
    for path in ("tracks", "tracks/" + sql, "me/history", "search"):
        asked = {"artist": sql, "genre": sql, "q": sql, "cursor": sql}
        assert anna.get(f"/api/v1/{path}", params=asked).status_code in (200, 404, 422)
    body = {"like": [sql], "exclusions": {"artists": [sql]}}
    assert anna.post("/api/v1/recommend", json=body).status_code == 404
    assert anna.get("/api/v1/library").json()["tracks"] == 12


def test_large_body_is_rejected_unread(anna):
    body = b'{"like": ["' + b"x" * (1024 * 1024) + b'"]}'
    headers = {"Content-Type": "application/json"}
    answer = anna.post("/api/v1/recommend", content=body, headers=headers)
    assert is_problem(answer, 413, "too-large")


def test_large_body_without_length_is_rejected(anna):
    def body():
        for _ in range(40):
            yield b"x" * (64 * 1024)

    headers = {"Content-Type": "application/json"}
    answer = anna.post("/api/v1/recommend", content=body(), headers=headers)
    assert is_problem(answer, 413, "too-large")


def test_slow_body_is_rejected(directory):
    app = make_app(directory, Settings(body_seconds=0.2))
    sent = []

    async def receive():
        await asyncio.sleep(0.05)
        return {"type": "http.request", "body": b" ", "more_body": True}

    async def send(message):
        sent.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": "/api/v1/recommend",
        "raw_path": b"/api/v1/recommend",
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"127.0.0.1"), (b"content-type", b"application/json")],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 8765),
    }
    run(app(scope, receive, send))
    assert sent[0]["status"] == 408


@pytest.mark.parametrize("value", ["a\r\nSet-Cookie: x=1", "a\nb", "a\x00b", "é" * 10])
def test_values_do_not_inject_headers(anna, value):
    from urllib.parse import quote

    answers = [
        anna.get(f"/api/v1/tracks/{quote(value, safe='')}"),
        anna.get("/api/v1/tracks", params={"cursor": value}),
        anna.post("/api/v1/session", json={"listener": value}),
    ]
    for answer in answers:
        assert answer.status_code < 500
        assert "x=1" not in answer.headers.get("set-cookie", "")


def test_failure_response_has_number_without_details(anna, monkeypatch, caplog):
    def fails(self):
        raise RuntimeError("secret /srv/place")

    monkeypatch.setattr(AppState, "state_or_none", fails)
    answer = anna.get("/api/v1/tracks")
    assert is_problem(answer, 500, "internal")
    assert "secret" not in answer.text
    assert answer.headers["content-security-policy"]
    number = re.search(r"failure (\w+)", answer.json()["detail"])[1]
    assert number in caplog.text
    assert "secret" in caplog.text


def test_unknown_address_and_method_are_problems(anna):
    assert is_problem(anna.get("/api/v1/nothing"), 404, "not-found")
    assert is_problem(anna.get("/nothing.html"), 404, "not-found")
    assert is_problem(anna.put("/api/v1/session", json={}), 405, "method-not-allowed")
    assert is_problem(anna.post("/index.html"), 405, "method-not-allowed")


def test_every_response_has_security_headers(anna):
    for path in ("/api/v1/session", "/api/v1/tracks/t00/audio", "/api/v1/nothing", "/nothing", "/"):
        headers = anna.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert "server" not in headers


def test_problem_type_address_explains_problem(anna):
    problem = anna.get("/api/v1/tracks/nothing").json()
    kind = anna.get(problem["type"]).json()
    assert (kind["title"], kind["status"]) == (problem["title"], problem["status"])
    kinds = anna.get("/api/v1/problem-types").json()["items"]
    assert kind in kinds
    assert is_problem(anna.get("/api/v1/problem-types/nothing"), 404, "not-found")


def test_unusual_id_is_matched_exactly(anna):
    for part in ODD.split("/"):
        assert is_problem(anna.get(f"/api/v1/tracks/{part}"), 404, "unknown-track")


def test_empty_library_problem_names_command(tmp_path):
    with Client(make_app(tmp_path / "new.segue")) as client:
        assert client.get("/api/v1/session").json()["library"]["tracks"] == 0
        assert not client.get("/api/v1/library").json()["ready"]
        assert client.get("/api/v1/tracks").json() == {"items": [], "next": None}
        assert client.get("/api/v1/search?q=a").json()["tracks"] == []
        client.log_in("anna")
        assert client.get("/api/v1/me").json()["weights"]["everyone"] == {}
        assert is_problem(client.get("/api/v1/recommend"), 409, "empty-library")
