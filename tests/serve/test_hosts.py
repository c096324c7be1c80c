"""Test accepted host names and origins of requests."""

import pytest
from tests.serve.conftest import Client, is_problem

from segue.serve.app import make_app
from segue.serve.settings import Settings


@pytest.mark.parametrize("host", ["127.0.0.1:8765", "localhost", "LOCALHOST:80", "[::1]:8765"])
def test_own_host_names_are_accepted(client, host):
    assert client.get("/api/v1/session", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.test",
        "localhost.evil.test",
        "127.0.0.1.evil.test",
        "evil.test:8765",
        "user@localhost",
        "192.168.1.5:8765",
        "",
        "localhost:x",
        "local host",
    ],
)
def test_foreign_host_name_is_rejected(client, host):
    """Else a site whose name is bound to this machine could read all answers."""
    for path in ("/api/v1/session", "/"):
        assert is_problem(client.get(path, headers={"Host": host}), 421, "foreign-host")


def test_exposed_server_accepts_ips_and_given_names(directory):
    settings = Settings(host="0.0.0.0", names=("Music.test",), open_to_all=True)  # noqa: S104
    with Client(make_app(directory, settings)) as client:
        for host in ("192.168.1.5:8765", "music.test", "music.test:443", "[fd00::1]"):
            assert client.get("/api/v1/session", headers={"Host": host}).status_code == 200
        answer = client.get("/api/v1/session", headers={"Host": "other.test"})
        assert is_problem(answer, 421, "foreign-host")


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.test"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:9999"},
        {"Origin": "file://"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_request_from_other_site_is_rejected(client, headers):
    for ask in (client.get, client.delete):
        assert is_problem(ask("/api/v1/session", headers=headers), 403, "foreign-origin")
    body = {"listener": "anna"}
    answer = client.post("/api/v1/session", json=body, headers=headers)
    assert is_problem(answer, 403, "foreign-origin")


def test_request_from_own_page_is_accepted(client):
    headers = {"Origin": "http://127.0.0.1:8765", "Sec-Fetch-Site": "same-origin"}
    body = {"listener": "anna"}
    assert client.post("/api/v1/session", json=body, headers=headers).status_code == 200


def test_link_from_other_site_opens_page_only(client):
    headers = {
        "Sec-Fetch-Site": "cross-site",
        "Sec-Fetch-Mode": "navigate",
        "Sec-Fetch-Dest": "document",
    }
    assert client.get("/", headers=headers).status_code in (200, 404)
    answer = client.get("/api/v1/session", headers=headers)
    assert is_problem(answer, 403, "foreign-origin")


def test_responses_allow_no_other_origin(client):
    answer = client.options(
        "/api/v1/feedback",
        headers={"Origin": "http://evil.test", "Access-Control-Request-Method": "POST"},
    )
    assert not [name for name in answer.headers if name.startswith("access-control-")]
