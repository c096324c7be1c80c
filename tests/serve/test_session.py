"""Test sessions, accounts, keys, and forged requests."""

import sqlite3

import pytest
from tests.serve.conftest import PASSWORD, Client, is_problem

from segue.library import Library
from segue.pipeline.accounts.login import add_account
from segue.pipeline.accounts.sessions import create_key
from segue.serve.app import make_app
from segue.serve.settings import Settings

LIKE = {"events": [{"key": "1", "track_id": "t00", "kind": "like"}]}


@pytest.fixture
def visitor(guarded):
    """A client that is not logged in, of a library with accounts."""
    with Client(guarded) as client:
        yield client


def test_listener_is_chosen_without_accounts(client):
    assert client.get("/api/v1/session").json()["listener"] is None
    anna = client.log_in("anna").get("/api/v1/session").json()
    assert (anna["mode"], anna["listener"], anna["admin"]) == ("open", "anna", True)
    assert anna["library"] == {"tracks": 12, "listens": 10, "listeners": 3}


def test_new_listener_gets_hint_about_taste(client):
    client.log_in("zoë")
    assert "zoë" in [each["name"] for each in client.get("/api/v1/listeners").json()["items"]]
    found = client.get("/api/v1/recommend").json()
    assert found["tracks"]
    assert any("know your taste yet" in hint for hint in found["hints"])


@pytest.mark.parametrize("name", ["", " anna", "an\nna", "a\u202eb", "x" * 201])
def test_invalid_name_is_rejected(client, name):
    assert is_problem(client.post("/api/v1/session", json={"listener": name}), 422, "invalid")


def test_cookie_is_http_only_and_same_site(client):
    cookie = client.post("/api/v1/session", json={"listener": "anna"}).headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "samesite=strict" in cookie.casefold()
    assert "Path=/" in cookie
    assert "Secure" not in cookie


def test_cookie_is_secure_with_https(directory):
    app = make_app(directory, Settings(https=True, open_to_all=True))
    with Client(app) as client:
        answer = client.post("/api/v1/session", json={"listener": "anna"})
    assert "Secure" in answer.headers["set-cookie"]


def test_session_survives_restart(app, directory):
    with Client(app) as client:
        cookies = client.log_in("anna").cookies
    with Client(make_app(directory)) as again:
        again.cookies = cookies
        assert again.get("/api/v1/session").json()["listener"] == "anna"


@pytest.mark.sqlite
def test_session_use_is_stored(anna, directory):
    def used():
        with sqlite3.connect(directory / "library.db") as database:
            return database.execute("select used, expires from sessions").fetchone()

    with sqlite3.connect(directory / "library.db") as database:
        database.execute("update sessions set used = used - 7200, expires = expires - 7200")
    before = used()
    assert anna.get("/api/v1/session").json()["listener"] == "anna"
    after = used()
    assert after[0] >= before[0] + 7_000
    assert after[1] >= before[1] + 7_000
    anna.get("/api/v1/session")
    assert used() == after  # once is enough for a while


def test_missing_csrf_token_is_rejected(anna):
    token = anna.headers.pop("X-CSRF-Token")
    assert is_problem(anna.post("/api/v1/feedback", json=LIKE), 403, "csrf")
    for wrong in ("", "x", token[:-1], token.swapcase() + "ü"):
        headers = {"X-CSRF-Token": wrong.encode("latin-1")}
        assert is_problem(anna.post("/api/v1/feedback", json=LIKE, headers=headers), 403, "csrf")
    headers = {"X-CSRF-Token": token}
    assert anna.post("/api/v1/feedback", json=LIKE, headers=headers).status_code == 200


def test_csrf_token_of_other_session_is_rejected(app):
    with Client(app) as one, Client(app) as other:
        one.log_in("anna")
        other.log_in("anna")
        one.headers["X-CSRF-Token"] = other.headers["X-CSRF-Token"]
        assert is_problem(one.post("/api/v1/feedback", json=LIKE), 403, "csrf")


def test_ended_session_is_rejected(anna):
    replayed = anna.cookies["segue_session"]
    assert anna.delete("/api/v1/session").status_code == 204
    anna.cookies.set("segue_session", replayed)
    assert anna.get("/api/v1/session").json()["listener"] is None
    assert is_problem(anna.get("/api/v1/me"), 401, "no-session")


def test_second_log_in_ends_first_session(anna):
    old = anna.cookies["segue_session"]
    anna.log_in("ben")
    assert anna.cookies["segue_session"] != old
    anna.cookies.clear()
    anna.cookies.set("segue_session", old)
    assert anna.get("/api/v1/session").json()["listener"] is None


@pytest.mark.parametrize("token", ["x", "anna", "a.b.c", "0" * 5_000, "%00", "'; DROP TABLE users"])
def test_unknown_session_has_no_listener(client, token):
    client.cookies.set("segue_session", token)
    assert client.get("/api/v1/session").json()["listener"] is None


def test_accounts_hide_data_before_log_in(visitor):
    document = visitor.get("/api/v1/session").json()
    assert (document["mode"], document["listener"]) == ("accounts", None)
    assert document["library"] == {"tracks": 0, "listens": 0, "listeners": 0}
    for path in (
        "tracks",
        "tracks/t00",
        "tracks/t00/audio",
        "search?q=a",
        "me",
        "library",
        "events",
    ):
        assert is_problem(visitor.get(f"/api/v1/{path}"), 401, "no-session")
    assert visitor.get("/api/v1/listeners").json()["items"] == []
    like = {"like": ["t00"]}
    assert is_problem(visitor.post("/api/v1/recommend", json=like), 401, "no-session")


def test_accounts_require_password(visitor):
    anna = {"listener": "anna"}
    assert is_problem(visitor.post("/api/v1/session", json=anna), 401, "wrong-password")
    wrong = anna | {"password": "wrong word"}
    assert is_problem(visitor.post("/api/v1/session", json=wrong), 401, "wrong-password")
    visitor.log_in("anna", PASSWORD)
    assert visitor.get("/api/v1/session").json()["admin"]


def test_log_in_error_hides_account_existence(visitor):
    answers = [
        visitor.post("/api/v1/session", json={"listener": name, "password": "wrong word"}).json()
        for name in ("anna", "nobody")
    ]
    assert answers[0] == answers[1]


def test_wrong_passwords_are_limited(visitor):
    wrong = {"listener": "anna", "password": "wrong word"}
    answers = [visitor.post("/api/v1/session", json=wrong) for _ in range(8)]
    assert is_problem(answers[0], 401, "wrong-password")
    assert is_problem(answers[-1], 429, "too-many")
    assert int(answers[-1].headers["retry-after"]) > 0
    right = {"listener": "anna", "password": PASSWORD}
    assert is_problem(visitor.post("/api/v1/session", json=right), 429, "too-many")


def test_first_account_ends_open_sessions(anna, directory):
    library = Library(directory)
    add_account(library, "ben", PASSWORD)
    library.close()
    assert anna.get("/api/v1/session").json()["listener"] is None


def test_exposed_server_is_not_open_by_default(directory):
    with Client(make_app(directory, Settings(host="0.0.0.0"))) as client:  # noqa: S104
        assert client.get("/api/v1/session").json()["mode"] == "accounts"
        anna = {"listener": "anna"}
        assert is_problem(client.post("/api/v1/session", json=anna), 401, "wrong-password")


def test_api_key_needs_no_csrf_token(visitor, directory):
    library = Library(directory)
    key = create_key(library, "ben", "player")
    library.close()
    visitor.headers["Authorization"] = f"Bearer {key}"
    assert visitor.get("/api/v1/me").json()["listener"] == "ben"
    assert visitor.post("/api/v1/feedback", json=LIKE).status_code == 200
    visitor.headers["Authorization"] = f"Bearer {key}x"
    assert is_problem(visitor.get("/api/v1/me"), 401, "no-session")


def test_keys_are_created_shown_once_revoked(visitor):
    visitor.log_in("ben", PASSWORD)
    made = visitor.post("/api/v1/me/keys", json={"name": "my/player"})
    assert made.status_code == 201
    key = made.json()["key"]
    listed = visitor.get("/api/v1/me/keys")
    assert [each["name"] for each in listed.json()["items"]] == ["my/player"]
    assert key not in listed.text
    bearer = {"Authorization": f"Bearer {key}"}
    assert visitor.get("/api/v1/me", headers=bearer).json()["listener"] == "ben"
    assert visitor.delete("/api/v1/me/keys/my%2Fplayer").status_code == 204
    assert is_problem(visitor.get("/api/v1/me", headers=bearer), 401, "no-session")


def test_new_password_needs_old_and_ends_sessions(guarded):
    with Client(guarded) as here, Client(guarded) as there:
        here.log_in("ben", PASSWORD)
        there.log_in("ben", PASSWORD)
        change = {"new_password": "another four words", "password": "wrong word"}
        answer = here.patch("/api/v1/me/account", json=change)
        assert is_problem(answer, 401, "wrong-password")
        change["password"] = PASSWORD
        assert here.patch("/api/v1/me/account", json=change).status_code == 200
        assert here.get("/api/v1/me").status_code == 200
        assert is_problem(there.get("/api/v1/me"), 401, "no-session")
        there.log_in("ben", "another four words")


def test_keys_require_accounts(anna):
    assert is_problem(anna.get("/api/v1/me/keys"), 409, "conflict")
