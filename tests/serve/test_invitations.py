"""Test invitations and the administration of accounts."""

import time

import pytest
from tests.serve.conftest import PASSWORD, Client, is_problem

from segue.library import Library
from segue.pipeline.accounts import invitations


@pytest.fixture
def admin(guarded):
    """The administrator anna, logged in."""
    with Client(guarded) as client:
        client.headers["Host"] = "music.test"
        yield client.log_in("anna", PASSWORD)


@pytest.fixture
def stranger(guarded):
    """A client without an account."""
    client = Client(guarded)
    client.headers["Host"] = "music.test"
    return client


def invite(client, **body):
    answer = client.post("/api/v1/invitations", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()["token"]


def accept(client, token, name="dora", password="a new password"):  # noqa: S107
    body = {"token": token, "name": name, "password": password}
    return client.post("/api/v1/invitations/accept", json=body)


def test_invitation_makes_one_account_and_logs_in(admin, stranger):
    token = invite(admin)
    answer = accept(stranger, token)
    assert (answer.status_code, answer.json()["listener"]) == (201, "dora")
    assert not answer.json()["admin"]
    assert stranger.get("/api/v1/me/account").json()["name"] == "dora"
    assert is_problem(accept(stranger, token, "emil"), 422, "invalid")
    names = [one["name"] for one in admin.get("/api/v1/accounts").json()["items"]]
    assert names == ["anna", "ben", "dora"]
    assert admin.get("/api/v1/invitations").json()["items"] == []


def test_invitation_with_wrong_name_or_password_is_kept(admin, stranger):
    token = invite(admin)
    for name, password in (("ben", "long enough"), ("carl", "long enough"), ("dora", "short")):
        assert is_problem(accept(stranger, token, name, password), 422, "invalid")
    assert accept(stranger, token).status_code == 201


def test_invitation_by_name_gives_listener_an_account(admin, stranger):
    token = invite(admin, name="carl", admin=True)
    assert is_problem(accept(stranger, token, "dora"), 422, "invalid")
    assert accept(stranger, token, "carl").json()["admin"]


def test_invitation_expired_or_revoked_makes_no_account(admin, stranger, monkeypatch):
    revoked = invite(admin)
    (listed,) = admin.get("/api/v1/invitations").json()["items"]
    assert admin.delete(f"/api/v1/invitations/{listed['number']}").status_code == 204
    again = admin.delete(f"/api/v1/invitations/{listed['number']}")
    assert is_problem(again, 404, "not-found")
    assert is_problem(accept(stranger, revoked), 422, "invalid")
    token = invite(admin)
    late = time.time() + invitations.VALID_SECONDS + 1
    monkeypatch.setattr(time, "time", lambda: late)
    assert is_problem(accept(stranger, token), 422, "invalid")


@pytest.mark.sqlite
def test_invitation_token_is_not_stored(admin, directory):
    token = invite(admin)
    for path in directory.glob("library.db*"):
        assert token.encode() not in path.read_bytes()


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "accounts"),
        ("DELETE", "accounts/anna"),
        ("PATCH", "accounts/anna"),
        ("GET", "invitations"),
        ("POST", "invitations"),
        ("DELETE", "invitations/1"),
    ],
)
def test_accounts_are_administered_by_admins_only(guarded, method, path):
    with Client(guarded) as client:
        client.headers["Host"] = "music.test"
        body = {} if method in ("PATCH", "POST") else None
        unknown = client.request(method, f"/api/v1/{path}", json=body)
        assert unknown.status_code == 401
        client.log_in("ben", PASSWORD)
        answer = client.request(method, f"/api/v1/{path}", json=body)
        assert is_problem(answer, 403, "forbidden")


def test_admin_sets_password_and_ends_sessions(admin, guarded):
    ben = Client(guarded)
    ben.headers["Host"] = "music.test"
    ben.log_in("ben", PASSWORD)
    change = {"new_password": "another password", "admin": True}
    assert admin.patch("/api/v1/accounts/ben", json=change).status_code == 204
    assert ben.get("/api/v1/session").json()["listener"] is None
    assert ben.log_in("ben", "another password").get("/api/v1/accounts").status_code == 200


def test_admin_deletes_account_and_keeps_history(admin, directory):
    assert admin.delete("/api/v1/accounts/ben").status_code == 204
    assert is_problem(admin.delete("/api/v1/accounts/ben"), 404, "unknown-listener")
    library = Library(directory)
    assert "ben" in library.listeners()
    library.close()


def test_admin_cannot_delete_or_change_own_account(admin):
    """So that one administrator is always left."""
    assert is_problem(admin.delete("/api/v1/accounts/anna"), 409, "conflict")
    answer = admin.patch("/api/v1/accounts/anna", json={"admin": False})
    assert is_problem(answer, 409, "conflict")


def test_invitations_without_accounts_are_a_conflict(anna):
    """Else everyone who reaches an open server could take it over."""
    assert is_problem(anna.post("/api/v1/invitations", json={}), 409, "conflict")
