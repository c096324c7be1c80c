"""Test hostile bodies: endless, large, many at a time; and unsupported methods."""

import pytest
from tests.serve.conftest import is_problem
from tests.serve.running import run

from segue.serve.app import make_app
from segue.serve.settings import Settings

PART = b"#EXTM3U\n" * 1_000


async def send(app, path, parts, cookies=(), before_last=None):
    """Send a body in parts; return the status of the answer and how many parts were read."""
    read, sent = 0, []

    async def receive():
        nonlocal read
        if read == parts - 1 and before_last is not None:
            await before_last()
        read += 1
        return {"type": "http.request", "body": PART, "more_body": read < parts}

    async def answered(message):
        sent.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [
            (b"host", b"127.0.0.1"),
            (b"content-type", b"application/octet-stream"),
            *cookies,
        ],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 8765),
    }
    await app(scope, receive, answered)
    return sent[0]["status"], read


def test_import_without_login_is_not_read(app):
    status, read = run(send(app, "/api/v1/playlists/import", 100))
    assert (status, read) == (401, 0)


def test_large_bodies_share_one_limit(directory):
    app = make_app(directory, Settings(max_all_bodies_bytes=300_000))
    path = "/api/v1/recommend"

    async def ask():
        inner = []

        async def others():
            inner.append(await send(app, path, 20))  # while 152 kB of the first are there
            inner.append(await send(app, path, 2))

        first = await send(app, path, 20, before_last=others)
        return first, inner, await send(app, path, 20)

    first, (second, small), after = run(ask())
    assert second[0] == 503
    assert second[1] < 20
    assert {first[0], small[0], after[0]} == {422}  # read whole, and no JSON
    assert after[1] == 20


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "feedback", "POST"),
        ("OPTIONS", "jobs/1", "DELETE, GET"),
        ("POST", "tracks/t00", "GET"),
        ("DELETE", "tracks/a%2Fb/audio", "GET, HEAD"),
        ("OPTIONS", "playlists/import", "POST"),
        ("DELETE", "openapi.json", "GET, HEAD"),
    ],
)
def test_wrong_method_lists_allowed_methods(anna, method, path, allowed):
    answer = anna.request(method, f"/api/v1/{path}")
    assert is_problem(answer, 405, "method-not-allowed")
    assert answer.headers["allow"] == allowed
