"""Test players that run in a page of another origin, such as Feishin."""

import pytest
from tests.factories import copy_of_library
from tests.serve.conftest import PASSWORD, Client, is_problem
from tests.serve.subsonic.conftest import token

from segue.library import Library
from segue.pipeline.accounts.login import add_account
from segue.pipeline.accounts.player_passwords import new_player_password
from segue.pipeline.accounts.sessions import create_key
from segue.serve.app import make_app

ORIGINS = [
    {"Origin": "null"},
    {"Origin": "file://"},
    {"Origin": "http://localhost:9180"},
    {"Origin": "tauri://localhost"},
    {"Sec-Fetch-Site": "cross-site"},
]


@pytest.fixture(scope="module")
def player(original, tmp_path_factory):
    """A client, the credentials of an account for players, and its API key."""
    directory = copy_of_library(original, tmp_path_factory.mktemp("players") / "my.segue")
    library = Library(directory)
    add_account(library, "anna", PASSWORD)
    secret = new_player_password(library, "anna")
    key = create_key(library, "anna", "phone")
    library.close()
    who = {"u": "anna", "t": token(secret, "salt"), "s": "salt", "v": "1.16.1", "c": "x"}
    with Client(make_app(directory)) as client:
        yield client, {**who, "f": "json"}, key


@pytest.mark.parametrize("headers", ORIGINS)
def test_player_apis_answer_any_origin(player, headers):
    client, who, key = player
    with_token = {**headers, "Authorization": f"Token {key}"}
    for answer in (
        client.get("/rest/ping", params=who, headers=headers),
        client.post("/rest/ping.view", data=who, headers=headers),
        client.get("/1/validate-token", headers=with_token),
    ):
        assert answer.status_code == 200
        assert answer.headers["access-control-allow-origin"] == "*"
        assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
        assert "access-control-allow-credentials" not in answer.headers
    assert (
        client.get("/rest/ping", params=who, headers=headers).json()["subsonic-response"]["status"]
        == "ok"
    )


def test_failed_call_can_be_read_from_any_origin(player):
    client, who, _ = player
    answer = client.get("/rest/ping", params={**who, "t": "0" * 32}, headers=ORIGINS[0])
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.json()["subsonic-response"]["error"]["code"] == 40


def test_preflight_is_answered_for_player_apis(player):
    client, _, _ = player
    for path in ("/rest/ping.view", "/1/submit-listens"):
        answer = client.options(
            path,
            headers={
                "Origin": "null",
                "Access-Control-Request-Method": "POST",
                "Access-Control-Request-Headers": "authorization,content-type",
                "Access-Control-Request-Private-Network": "true",
            },
        )
        assert answer.status_code == 204
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "POST" in answer.headers["access-control-allow-methods"]
        assert answer.headers["access-control-allow-headers"] == "authorization,content-type"
        assert answer.headers["access-control-allow-private-network"] == "true"


def test_other_apis_stay_closed_to_other_origins(player):
    client, _, _ = player
    for headers in ORIGINS:
        for path in ("/api/v1/session", "/", "/restful", "/10"):
            assert is_problem(client.get(path, headers=headers), 403, "foreign-origin")


def test_foreign_host_name_is_rejected_for_players_too(player):
    client, who, _ = player
    headers = {"Host": "evil.test", "Origin": "null"}
    assert is_problem(client.get("/rest/ping", params=who, headers=headers), 421, "foreign-host")


def test_player_apis_stay_closed_without_accounts(client):
    who = {"u": "anna", "p": "x", "v": "1.16.1", "c": "x"}
    for headers in ORIGINS:
        answer = client.get("/rest/ping", params=who, headers=headers)
        assert is_problem(answer, 403, "foreign-origin")
        assert "access-control-allow-origin" not in answer.headers
        preflight = {**headers, "Access-Control-Request-Method": "GET"}
        assert client.options("/rest/ping", headers=preflight).status_code == 403
