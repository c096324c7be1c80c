"""By which name, and from which site's page, a request may come."""

import pytest
from tests.serve.conftest import Client, is_problem

from segue.serve.app import make_app
from segue.serve.settings import Settings


@pytest.mark.parametrize("host", ["127.0.0.1:8765", "localhost", "LOCALHOST:80", "[::1]:8765"])
def test_names_of_this_machine_are_answered_to(client, host):
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
def test_a_name_that_points_here_from_elsewhere_is_not(client, host):
    """Else a site whose name is bound to this machine could read all answers."""
    for path in ("/api/v1/session", "/"):
        assert is_problem(client.get(path, headers={"Host": host}), 421, "foreign-host")


def test_beyond_loopback_numbers_are_answered_to_and_names_when_given(directory):
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
def test_another_sites_page_is_refused_whatever_it_asks(client, headers):
    for ask in (client.get, client.delete):
        assert is_problem(ask("/api/v1/session", headers=headers), 403, "foreign-origin")
    body = {"listener": "anna"}
    answer = client.post("/api/v1/session", json=body, headers=headers)
    assert is_problem(answer, 403, "foreign-origin")


def test_ones_own_page_is_welcome(client):
    headers = {"Origin": "http://127.0.0.1:8765", "Sec-Fetch-Site": "same-origin"}
    body = {"listener": "anna"}
    assert client.post("/api/v1/session", json=body, headers=headers).status_code == 200


def test_a_link_on_another_site_may_lead_to_the_page_but_not_to_data(client):
    headers = {
        "Sec-Fetch-Site": "cross-site",
        "Sec-Fetch-Mode": "navigate",
        "Sec-Fetch-Dest": "document",
    }
    assert client.get("/", headers=headers).status_code in (200, 404)
    answer = client.get("/api/v1/session", headers=headers)
    assert is_problem(answer, 403, "foreign-origin")


def test_no_other_site_is_allowed_to_read(client):
    answer = client.options(
        "/api/v1/feedback",
        headers={"Origin": "http://evil.test", "Access-Control-Request-Method": "POST"},
    )
    assert not [name for name in answer.headers if name.startswith("access-control-")]
