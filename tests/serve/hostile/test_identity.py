"""Test attacks on identity: guessing, forging, reuse after the end, leaks in responses."""

import json
import stat
import tracemalloc

import pytest
from argon2 import PasswordHasher, extract_parameters
from starlette.requests import Request
from tests.serve.conftest import PASSWORD, Client, is_problem
from tests.serve.running import run

from segue.errors import LibraryError, WrongPasswordError
from segue.library import Library
from segue.pipeline.accounts import login
from segue.pipeline.accounts import sessions as kept
from segue.serve.app import make_app
from segue.serve.security import sessions
from segue.serve.settings import Settings

LIKE = {"events": [{"key": "1", "track_id": "t00", "kind": "like"}]}


@pytest.fixture
def visitor(guarded):
    with Client(guarded) as client:
        yield client


@pytest.fixture
def library(guarded):
    return guarded.state.app_state.library


def entries(library):
    return [(one.what, one.who, one.address) for one in library.audit.entries(most=10_000)]


# sessions ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "cookie",
    ["", "x", "a" * 4_000, "null", "' OR 1=1 --", "%00", "é", '"quoted"', "a=b; segue_session=c"],
)
def test_forged_session_has_no_listener(visitor, cookie):
    headers = {"Cookie": f"segue_session={cookie}".encode(), "X-CSRF-Token": cookie.encode()}
    assert is_problem(visitor.get("/api/v1/me", headers=headers), 401, "no-session")
    answer = visitor.post("/api/v1/feedback", json=LIKE, headers=headers)
    assert answer.status_code in (401, 403)


@pytest.mark.parametrize("changed", ["", "x", None, "é", "' OR 1=1"])
def test_missing_csrf_token_changes_nothing(visitor, library, changed):
    visitor.log_in("ben", PASSWORD)
    before = library.feedback.last()
    headers = {"X-CSRF-Token": b"" if changed is None else changed.encode()}
    for method, path, body in (
        ("POST", "feedback", LIKE),
        ("POST", "playlists", {"name": "a", "tracks": ["t00"]}),
        ("PATCH", "me/account", {"shares_taste": True}),
        ("POST", "me/keys", {"name": "a"}),
        ("DELETE", "session", None),
        ("POST", "jobs", {"verb": "demo"}),
        ("POST", "recommend", {}),
        ("POST", "playlists/import", {}),
    ):
        answer = visitor.request(method, f"/api/v1/{path}", json=body, headers=headers)
        assert is_problem(answer, 403, "csrf")
    assert library.feedback.last() == before
    assert not login.find_account(library, "ben").shares_taste
    assert visitor.get("/api/v1/me").status_code == 200


def test_log_in_replaces_planted_session(guarded):
    with Client(guarded) as one, Client(guarded) as other:
        planted = other.log_in("ben", PASSWORD).cookies[sessions.COOKIE]
        one.cookies.set(sessions.COOKIE, planted)
        one.log_in("anna", PASSWORD)
        tokens = [each for each in one.cookies.jar if each.name == sessions.COOKIE]
        assert planted not in [each.value for each in tokens if each.domain]
        headers = {"Cookie": f"{sessions.COOKIE}={planted}"}
        with Client(guarded) as third:
            assert is_problem(third.get("/api/v1/me", headers=headers), 401, "no-session")


def test_session_after_log_out_is_rejected(visitor):
    visitor.log_in("ben", PASSWORD)
    cookie, csrf = visitor.cookies[sessions.COOKIE], visitor.headers["X-CSRF-Token"]
    assert visitor.delete("/api/v1/session").status_code == 204
    visitor.cookies.clear()
    replayed = {"Cookie": f"{sessions.COOKIE}={cookie}", "X-CSRF-Token": csrf}
    answer = visitor.post("/api/v1/feedback", json=LIKE, headers=replayed)
    assert is_problem(answer, 401, "no-session")


def test_removed_account_ends_sessions_and_keys(visitor, library):
    visitor.log_in("ben", PASSWORD)
    key = kept.create_key(library, "ben", "phone")
    login.remove_account(library, "ben")
    login.add_account(library, "ben", PASSWORD + "!")
    assert is_problem(visitor.get("/api/v1/me"), 401, "no-session")
    headers = {"Authorization": f"Bearer {key}"}
    assert is_problem(visitor.get("/api/v1/me", headers=headers), 401, "no-session")


def test_log_in_during_password_change_fails(library, monkeypatch):
    """The password is changed between the look at it and the session."""

    def open_later(*args, **names):
        login.set_password(library, "ben", "another four words")
        return opened(*args, **names)

    opened = kept.open_session
    monkeypatch.setattr(kept, "open_session", open_later)
    app_state = type("Holding", (), {"library": library, "settings": Settings()})
    with pytest.raises(WrongPasswordError, match="password has changed"):
        sessions.log_in(app_state, "ben", PASSWORD, None)


def test_rehash_does_not_undo_password_change(library, monkeypatch):
    class Slow(login.PasswordHasher):
        def check_needs_rehash(self, hashed):
            login.set_password(library, "ben", "another four words")
            return True

    hasher = login._hasher
    monkeypatch.setattr(login, "_HASHING", login.threading.BoundedSemaphore(4))
    monkeypatch.setattr(login, "_hasher", Slow)
    login.log_in(library, "ben", PASSWORD)
    monkeypatch.setattr(login, "_hasher", hasher)
    with pytest.raises(WrongPasswordError):
        login.log_in(library, "ben", PASSWORD)
    assert login.log_in(library, "ben", "another four words").name == "ben"


# passwords ---------------------------------------------------------------------------------------


@pytest.mark.slow
def test_thousand_wrong_passwords_are_stopped(visitor, library):
    ben = {"listener": "ben"}
    tracemalloc.start()
    statuses, sizes = [], []
    for number in range(1_000):
        answer = visitor.post("/api/v1/session", json=ben | {"password": f"wrong {number}"})
        statuses.append(answer.status_code)
        if number in (100, 999):
            sizes.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    assert statuses == [401] * 5 + [429] * 995
    assert 0 < int(answer.headers["retry-after"]) <= 900
    assert sizes[1] - sizes[0] < 2_000_000
    right = visitor.post("/api/v1/session", json=ben | {"password": PASSWORD})
    assert is_problem(right, 429, "too-many")
    visitor.log_in("anna", PASSWORD)  # others go on
    noted = [one for one in entries(library) if one[1] == "ben"]
    assert [what for what, *_ in noted].count("log-in refused") == 5
    assert [what for what, *_ in noted].count("log-ins stopped") == 1


@pytest.mark.slow
def test_address_with_many_names_is_stopped(visitor):
    def tried(name):
        body = {"listener": name, "password": "a wrong one"}
        return visitor.post("/api/v1/session", json=body).status_code

    assert [tried(f"name {number}") for number in range(22)] == [401] * 20 + [429] * 2
    assert tried("anna") == 429


def test_error_is_equal_for_known_and_unknown_name(visitor, monkeypatch):
    verified = []

    class Hasher(PasswordHasher):
        def verify(self, hashed, password):
            verified.append(extract_parameters(hashed))
            return super().verify(hashed, password)

    monkeypatch.setattr(login, "_hasher", Hasher)
    login._dummy_hash.cache_clear()  # an earlier test may have made it at another cost
    answers = {}
    for name in ("ben", "zoe"):
        body = {"listener": name, "password": "a wrong one"}
        for _ in range(2):
            answer = visitor.post("/api/v1/session", json=body)
            answers[name] = (answer.status_code, answer.text.replace(name, ""))
    assert answers["ben"] == answers["zoe"]
    # a hash is verified for an unknown name, too, and at the same cost
    assert verified == verified[:1] * 4


def test_shared_taste_is_hidden_without_login(visitor, library):
    library.accounts.set_flags("ben", shares_taste=True)
    assert visitor.get("/api/v1/listeners").json()["items"] == []
    names = visitor.log_in("anna", PASSWORD).get("/api/v1/listeners").json()["items"]
    assert names == [{"name": "anna"}, {"name": "ben"}]


def test_longest_password_works(visitor, library):
    login.set_password(library, "ben", "ü" * login.MAX_PASSWORD_LENGTH)
    visitor.log_in("ben", "ü" * login.MAX_PASSWORD_LENGTH)


# one listener and another ------------------------------------------------------------------------


def test_data_of_other_listeners_is_not_readable(guarded):
    with Client(guarded) as one, Client(guarded) as other:
        anna, ben = one.log_in("anna", PASSWORD), other.log_in("ben", PASSWORD)
        made = anna.post("/api/v1/playlists", json={"name": "mine", "tracks": ["t00"]}).json()
        anna.post("/api/v1/feedback", json=LIKE)
        anna.post("/api/v1/me/keys", json={"name": "hers"})
        place = f"/api/v1/playlists/{made['id']}"
        for method, path, body in (
            ("GET", place, None),
            ("PATCH", place, {"name": "his"}),
            ("DELETE", place, None),
            ("POST", f"{place}/refresh", None),
            ("GET", f"{place}/export", None),
        ):
            assert is_problem(ben.request(method, path, json=body), 404, "unknown-playlist")
        for asked in ("user=anna", "listener=anna", "owner=anna", "name=anna"):
            for path in ("me/history", "playlists", "me", "me/keys", "recommend"):
                answer = ben.get(f"/api/v1/{path}?{asked}")
                assert answer.status_code == 200
                assert "anna" not in answer.text
                assert "mine" not in answer.text
        assert is_problem(ben.delete("/api/v1/me/keys/hers"), 404, "not-found")
        blend = {"kind": "blend", "recipe": {"users": ["ben", "anna"]}}
        assert is_problem(ben.post("/api/v1/playlists/preview", json=blend), 422, "invalid")
        for body in ({**LIKE, "user": "anna"}, {"events": [{**LIKE["events"][0], "user": "anna"}]}):
            assert is_problem(ben.post("/api/v1/feedback", json=body), 422, "invalid")
        assert anna.get(place).json()["name"] == "mine"


def test_events_end_when_key_is_revoked(guarded, library):
    from fastapi.security.http import HTTPAuthorizationCredentials

    from segue.serve.api.events import follow_events

    key = kept.create_key(library, "anna", "phone")
    app_state, checks = guarded.state.app_state, []
    principal = sessions.by_key(app_state, key)
    app_state.broadcaster.follow = lambda *args, may_follow, **names: (
        checks.append(may_follow) or _nothing()
    )
    holder = HTTPAuthorizationCredentials(scheme="Bearer", credentials=key)

    async def begin():
        request = Request({"type": "http", "app": guarded, "client": ("testclient", 1)})
        response = await follow_events(request, principal, holder, app_state)
        return [each async for each in response.body_iterator]

    run(begin())
    assert checks[0]()
    library.accounts.set_flags("anna", admin=False)
    assert not checks[0]()  # who is no longer admin is told of jobs no more
    library.accounts.set_flags("anna", admin=True)
    assert checks[0]()
    kept.revoke_key(library, "anna", "phone")
    assert not checks[0]()


async def _nothing():
    return
    yield


# what is kept and noted --------------------------------------------------------------------------


def test_audit_log_has_events_without_secrets(visitor, library):
    visitor.post("/api/v1/session", json={"listener": "my-password", "password": "first secret"})
    visitor.post("/api/v1/session", json={"listener": "ben", "password": "second secret"})
    visitor.log_in("ben", PASSWORD)
    key = visitor.post("/api/v1/me/keys", json={"name": "phone"}).json()["key"]
    visitor.delete("/api/v1/me/keys/phone")
    visitor.patch("/api/v1/me/account", json={"shares_taste": True})
    change = {"password": PASSWORD, "new_password": "third secret"}
    assert visitor.patch("/api/v1/me/account", json=change).status_code == 200
    token = visitor.cookies[sessions.COOKIE]
    visitor.delete("/api/v1/session")
    noted = [what for what, who, _ in reversed(entries(library)) if who == "ben"]
    assert noted == [
        "log-in refused",
        "log-in",
        "key made",
        "key revoked",
        "taste shared",
        "log-in",
        "password set",
        "log-out",
    ]
    addresses = {what: address for what, _, address in entries(library)}
    for what in ("log-in", "log-in refused", "password set", "log-out"):
        assert addresses[what] == "testclient"
    text = json.dumps([list(map(str, one)) for one in entries(library)])
    for secret in ("my-password", "secret", PASSWORD, key, token, visitor.headers["X-CSRF-Token"]):
        assert secret not in text


@pytest.mark.sqlite
def test_database_is_readable_by_owner_only(tmp_path):
    Library(tmp_path / "my.segue").close()
    (tmp_path / "my.segue/library.db").chmod(0o644)  # as of an older segue
    library = Library(tmp_path / "my.segue")
    login.add_account(library, "anna", PASSWORD)
    for file in (tmp_path / "my.segue").glob("library.db*"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    new = Library(tmp_path / "new.segue")
    assert new.counts()["tracks"] == 0
    files = list((tmp_path / "new.segue").glob("library.db*"))
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_database_error_has_no_values(library):
    from sqlalchemy import text

    with (
        pytest.raises(Exception, match="nothing") as caught,
        library._database.begin() as connection,
    ):
        connection.execute(text("SELECT nothing WHERE 1 = :a"), {"a": "secret"})
    assert isinstance(caught.value, LibraryError)
    for error in (caught.value, caught.value.__cause__):  # both are logged
        assert "secret" not in str(error)


# from where --------------------------------------------------------------------------------------

PASSED_ON = [
    {"X-Forwarded-For": "203.0.113.7"},
    {"Forwarded": "for=203.0.113.7"},
    {"X-Real-IP": "203.0.113.7"},
    {"Via": "1.1 proxy"},
    {"X-Forwarded-Host": "music.test"},
]


@pytest.mark.parametrize("headers", PASSED_ON)
def test_unknown_proxy_is_rejected(client, headers):
    """Else everybody would be an owner, since all seem to come from this machine."""
    assert is_problem(client.get("/api/v1/session", headers=headers), 421, "foreign-host")
    assert is_problem(client.get("/", headers=headers), 421, "foreign-host")


def test_known_proxy_allows_log_in(directory):
    library = Library(directory)
    login.add_account(library, "anna", PASSWORD)
    library.close()
    settings = Settings(names=("music.test",), behind_proxy=True, https=True)
    with Client(make_app(directory, settings)) as client:
        client.headers.update({"Host": "music.test", "X-Forwarded-For": "203.0.113.7"})
        answer = client.post("/api/v1/session", json={"listener": "anna", "password": PASSWORD})
        assert answer.status_code == 200
        assert "Secure" in answer.headers["set-cookie"]
        assert "HttpOnly" in answer.headers["set-cookie"]
        assert "SameSite=strict" in answer.headers["set-cookie"]


def test_log_in_from_other_site_is_rejected(client):
    """Else they would like tracks for another, whom they take for themselves."""
    form = {"Content-Type": "text/plain", "Origin": "http://evil.test"}
    body = json.dumps({"listener": "mallory"})
    for headers in (form, {"Content-Type": "text/plain"}, {"Content-Type": "multipart/form-data"}):
        answer = client.post("/api/v1/session", content=body, headers=headers)
        assert answer.status_code in (403, 422)
        assert "set-cookie" not in answer.headers
