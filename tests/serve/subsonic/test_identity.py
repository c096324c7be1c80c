"""Test authentication of players: names, passwords, tokens, keys."""

import pytest
from tests.serve.conftest import PASSWORD, Client
from tests.serve.subsonic.conftest import Player, token

from segue.serve.app import make_app
from segue.serve.settings import Settings


def test_name_suffices_without_accounts(client):
    assert Player(client, u="somebody").call("ping")
    assert Player(client, u="somebody", t="0" * 32, s="x").call("ping")
    assert Player(client).code("ping") == 10
    assert Player(client, u="x\u202e").code("ping") == 40


def test_exposed_server_without_accounts_rejects(directory):
    with Client(make_app(directory, Settings(names=("music.test",)))) as client:
        assert Player(client, u="anna", p="x").code("ping") == 40


def test_player_password_works_plain_hex_token(client, secrets):
    password, _ = secrets["anna"]
    for identity in (
        {"p": password},
        {"p": f"enc:{password.encode().hex()}"},
        {"t": token(password, "salt12"), "s": "salt12"},
        {"t": token(password, "ü").upper(), "s": "ü"},
    ):
        assert Player(client, u="anna", **identity).call("ping")


def test_token_can_be_reused(mine):
    assert mine.call("ping")
    assert mine.call("ping")


@pytest.mark.parametrize(
    "identity",
    [
        {"p": "wrong"},
        {"p": PASSWORD},
        {"p": "enc:zz"},
        {"t": "0" * 32, "s": "abcdef"},
        {"t": "", "s": "abcdef", "p": "x"},
        {"p": "' OR 1=1 --"},
    ],
)
def test_wrong_credentials_are_rejected(client, secrets, identity):
    assert Player(client, u="anna", **identity).code("ping") == 40


def test_token_of_other_account_is_rejected(client, secrets):
    forged = token(secrets["ben"][0], "abcdef")
    assert Player(client, u="anna", t=forged, s="abcdef").code("ping") == 40
    changed = token(secrets["anna"][0], "abcdef")
    assert Player(client, u="anna", t=changed, s="ABCDEF").code("ping") == 40


def test_missing_credentials_are_named(client, secrets):
    assert Player(client, u="anna").code("ping") == 10
    assert Player(client, u="anna", t="0" * 32).code("ping") == 10
    assert Player(client, p="x").code("ping") == 10
    assert Player(client, u="anna", p="x", v="").code("ping") == 10
    assert Player(client, u="anna", p="x", c="").code("ping") == 10


def test_api_key_suffices(client, secrets):
    _, key = secrets["ben"]
    assert Player(client, apiKey=key).call("getUser", username="ben")["user"]["username"] == "ben"
    assert Player(client, apiKey="segue-nonsense").code("ping") == 44
    assert Player(client, apiKey=key, u="ben").code("ping") == 43
    assert Player(client, apiKey=key, p="x").code("ping") == 43


def test_conflicting_credentials_are_rejected(client, secrets):
    password, _ = secrets["anna"]
    both = Player(client, u="anna", p=password, t=token(password, "abc"), s="abc")
    assert both.code("ping") == 43
    assert Player(client, u=["anna", "ben"], p=password).code("ping") == 43


@pytest.mark.parametrize(
    ("version", "code"),
    [("0.9.0", 20), ("1.17.0", 30), ("2.0.0", 30), ("nonsense", 0), ("1.16.1; --", 0)],
)
def test_unsupported_version_is_error(client, version, code):
    assert Player(client, u="anna", p="x", v=version).code("ping") == code


@pytest.mark.parametrize("version", ["1.1.0", "1.12", "1.16.1", "1.16.9"])
def test_older_versions_are_accepted(client, version):
    assert Player(client, u="anna", p="x", v=version).call("ping")


def test_extensions_need_no_login(client, secrets):
    answer = client.get("/rest/getOpenSubsonicExtensions", params={"f": "json"})
    names = {
        one["name"]: one["versions"]
        for one in answer.json()["subsonic-response"]["openSubsonicExtensions"]
    }
    assert names["sonicSimilarity"] == names["playbackReport"] == names["formPost"] == [1]
    assert names["apiKeyAuthentication"] == names["songLyrics"] == names["indexBasedQueue"] == [1]


def test_wrong_passwords_do_not_lock_out_the_right_one(client, secrets):
    for _ in range(30):  # more than are allowed for a name or an address
        wrong = Player(client, u="anna", p="wrong").ask("ping")
        assert wrong.json()["subsonic-response"]["error"]["code"] == 40
    assert int(wrong.headers["retry-after"]) > 0
    password, key = secrets["anna"]
    assert Player(client, u="anna", p=password).call("ping")
    assert Player(client, u="anna", t=token(password, "salt"), s="salt").call("ping")
    assert Player(client, apiKey=key).call("ping")


def test_stale_players_lock_nobody_out(client, secrets):
    for call in range(30):  # dozens of calls of several players at one address
        for name in ("anna", "ben", f"nobody {call}"):
            assert Player(client, u=name, p="stale", c=f"Phone {call % 3}").code("ping") == 40
    for name in ("anna", "ben"):
        password, key = secrets[name]
        assert Player(client, u=name, p=password).call("ping")
        assert Player(client, u=name, t=token(password, "salt"), s="salt").call("ping")
        assert Player(client, apiKey=key).call("ping")
        body = {"listener": name, "password": PASSWORD}
        assert client.post("/api/v1/session", json=body).status_code == 200


def test_stale_player_does_not_fill_the_audit_log(client, secrets, library):
    for _ in range(40):
        Player(client, u="anna", p="stale").code("ping")
    refused = [one for one in library.audit.entries() if one.what == "log-in refused"]
    assert 1 <= len(refused) <= 5
    assert {one.who for one in refused} == {"anna"}


def test_posted_form_is_a_call(client, secrets):
    form = {"u": "anna", "p": secrets["anna"][0], "v": "1.16.1", "c": "test", "f": "json"}
    answer = client.post("/rest/getUser.view", data={**form, "username": "anna"})
    assert answer.json()["subsonic-response"]["user"]["adminRole"] is True
    half = client.post("/rest/getSong", params={"id": "one"}, data=form)
    assert half.json()["subsonic-response"]["song"]["id"] == "one"


def test_large_form_is_rejected(client):
    answer = client.post(
        "/rest/ping",
        content=b"u=" + b"a" * 2_000_000,
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    assert answer.status_code == 413
    many = client.post("/rest/ping", data={"songId": ["a"] * 20_001, "f": "json"})
    assert many.status_code == 200
    assert 'code="0"' in many.text


def test_get_user_of_others_needs_admin(mine, bens):
    assert mine.call("getUser", username="ben")["user"]["adminRole"] is False
    assert mine.code("getUser", username="nobody") == 70
    assert bens.code("getUser", username="anna") == 50


def test_listeners_do_not_see_each_other(mine, bens):
    mine.call("star", id="one")
    mine.call("scrobble", id="one", time="1700000000000")
    mine.call("scrobble", id="one", submission="false")
    made = mine.call("createPlaylist", name="Mine", songId="one")["playlist"]["id"]
    song = bens.song("one")
    assert song["playCount"] == 0
    assert "starred" not in song
    assert bens.call("getNowPlaying")["nowPlaying"]["entry"] == []
    assert bens.call("getPlaylists")["playlists"]["playlist"] == []
    for method in ("getPlaylist", "deletePlaylist"):
        assert bens.code(method, id=made) == 70
    assert bens.code("updatePlaylist", playlistId=made, name="Ours") == 70
    assert bens.code("createPlaylist", playlistId=made, songId="two") == 70
    assert bens.code("getPlaylists", username="anna") == 50
    assert mine.call("getPlaylist", id=made)["playlist"]["name"] == "Mine"


def test_request_log_has_no_secrets(mine, library):
    mine.call("ping")
    assert all("abcdef" not in str(entry) for entry in library.audit.entries())
