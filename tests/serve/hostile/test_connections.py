"""Test clients that send slowly, too much, or never: other clients are still answered."""

import contextlib
import resource
import time

import pytest

SESSION = "/api/v1/session"
BEGUN = b"GET /api/v1/session HTTP/1.1\r\nHost: localhost\r\nX-Slow: "
SLOW_BODY = (
    b"POST /api/v1/session HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    b"Content-Length: 1000\r\n\r\n{"
)


@pytest.fixture(autouse=True)
def many_files():
    """This process holds more connections open than one usually may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4_096, hard), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@contextlib.contextmanager
def held(server, number, first):
    """Hold connections open on which no more comes than the beginning of a request."""
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(server.connect(first)) for _ in range(number)]


@pytest.mark.parametrize("first", [b"", BEGUN, SLOW_BODY])
def test_slow_senders_do_not_block_others(server, first):
    with held(server, 700, first) as connections:
        for connection in connections[-100:]:
            with contextlib.suppress(OSError):
                connection.sendall(b"a")
        for _ in range(5):
            began = time.monotonic()
            assert server.ask("GET", SESSION)[0] == 200
            assert time.monotonic() - began < 10


def closed(connection):
    """Whether the server closes a connection before it becomes silent for long."""
    connection.settimeout(20)
    with contextlib.suppress(ConnectionError):
        while connection.recv(65_536):
            pass
    return True


@pytest.mark.parametrize(
    "first",
    [
        b"GET /" + b"a" * 1_000,
        BEGUN,
        b"GET /api/v1/session HTTP/1.1\r\nHost: localhost\r\n",
        SLOW_BODY.replace(b"Content-Length: 1000", b"Transfer-Encoding: chunked")[:-1]
        + b"0\r\nX: ",
        BEGUN[:-8] + b"Transfer-Encoding: chunked\r\n\r\n0\r\nX: ",
        BEGUN[:-8] + b"Content-Length: 999999999999\r\n\r\n",
    ],
    ids=["address", "header", "headers", "trailer", "trailer of a GET", "body of a GET"],
)
def test_endless_request_is_closed(server, first):
    server.ask("GET", SESSION)
    before = server.memory()
    part = b"X-A: b\r\n" * 8_192 if first.endswith(b"localhost\r\n") else b"a" * 65_536
    with server.connect(first) as connection:
        with contextlib.suppress(ConnectionError, TimeoutError):
            for _ in range(800):  # 50 MB
                connection.sendall(part)
        assert closed(connection)
    assert server.memory() - before < 30
    assert server.ask("GET", SESSION)[0] == 200


def test_pipelined_requests_are_all_answered(server):
    request = (
        b"GET /api/v1/problem-types HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 4_000 + b"\r\n\r\n"
    )
    with server.connect(request * 40) as connection:
        connection.settimeout(20)
        found = b""
        while found.count(b"HTTP/1.1 200") < 40:
            part = connection.recv(65_536)
            assert part, found[-500:]
            found += part


def test_large_file_in_small_chunks_is_accepted(server):
    server.log_in("anna")
    head = (
        f"POST /api/v1/playlists/import HTTP/1.1\r\nHost: localhost\r\nCookie: {server.cookie}\r\n"
        f"X-CSRF-Token: {server.csrf}\r\nContent-Type: audio/x-mpegurl\r\nConnection: close\r\n"
        "Transfer-Encoding: chunked\r\n\r\n"
    )
    chunks = b"".join(b"1\r\n%c\r\n" % letter for letter in b"#EXTM3U\n" + b"a.wav\n" * 5_000)
    with server.connect(head.encode() + chunks + b"0\r\n\r\n") as connection:
        assert b"200" in connection.recv(65_536)[:20]
