"""Test attacks on the player APIs: every method with hostile parameters, other listeners."""

import hashlib
import json

import pytest
from tests.serve.conftest import Client

from segue.pipeline.accounts.player_passwords import new_player_password
from segue.serve.subsonic.routes import _NAMED as METHODS

PARAMETERS = [
    "id",
    "songId",
    "albumId",
    "artistId",
    "playlistId",
    "name",
    "query",
    "artist",
    "album",
    "genre",
    "musicFolderId",
    "count",
    "size",
    "offset",
    "songCount",
    "songOffset",
    "type",
    "fromYear",
    "toYear",
    "time",
    "submission",
    "rating",
    "songIndexToRemove",
    "songIdToAdd",
    "startSongId",
    "endSongId",
    "mediaId",
    "mediaType",
    "positionMs",
    "state",
    "playbackRate",
    "format",
    "maxBitRate",
    "timeOffset",
    "ifModifiedSince",
    "estimateContentLength",
]
VALUES = [
    "../../../../etc/passwd",
    "' OR 1=1; DROP TABLE tracks; --",
    "<script>alert(1)</script>",
    "]]>&evil;",
    "\x00\x1b\r\nSet-Cookie: a=b",
    "9" * 4_000,
    "-1",
    "1e308",
    "NaN",
    "a" * 10_000,
    "\U0001f3b5",
    "",
]
WHO = {"u": "anna", "v": "1.16.1", "c": "test"}


@pytest.mark.parametrize("value", VALUES, ids=lambda text: ascii(text)[:20])
def test_hostile_method_parameters_do_not_fail(anna, value):
    for number, method in enumerate(METHODS):
        kind = ("xml", "json")[number % 2]
        asked = WHO | {"f": kind} | dict.fromkeys(PARAMETERS, value)
        for known in ({}, {"id": "t00", "mediaId": "t00", "startSongId": "t00"}):
            answer = anna.post(f"/rest/{method}", data=asked | known)
            assert answer.status_code < 500, (method, answer.text)
            assert "root:" not in answer.text
            assert "set-cookie" not in answer.headers
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert "html" not in answer.headers["content-type"]
            if answer.headers["content-type"].startswith("application/json"):
                assert json.loads(answer.text)["subsonic-response"]["version"]
    assert anna.get("/api/v1/library").json()["tracks"] == 12


@pytest.mark.parametrize("name", ["f", "callback", "v", "c", "u", "p", "t", "s", "apiKey"])
@pytest.mark.parametrize("value", VALUES, ids=lambda text: ascii(text)[:20])
def test_hostile_credentials_do_not_fail(anna, name, value):
    for method in ("ping", "getStarred2", "getOpenSubsonicExtensions", "nothing"):
        for more in ({}, {"f": "jsonp", "callback": "f"}):
            answer = anna.get(f"/rest/{method}", params=WHO | more | {name: value})
            assert answer.status_code < 500
            assert "<script" not in answer.text


@pytest.mark.parametrize(
    "callback", ["alert(1)//", "a;b", "a.b[0]=1", "<script>", "a" * 1_000, "ä("]
)
def test_jsonp_callback_must_be_a_name(anna, callback):
    answer = anna.get("/rest/ping", params=WHO | {"f": "jsonp", "callback": callback})
    assert "javascript" not in answer.headers["content-type"]


def test_player_reads_own_listener_only(guarded):
    library = guarded.state.app_state.library
    with Client(guarded) as client:
        salt, passwords = "salt", {}
        for name in ("anna", "ben"):
            passwords[name] = new_player_password(library, name)

        def ask(user, method, **more):
            token = hashlib.md5((passwords[user] + salt).encode()).hexdigest()  # noqa: S324
            who = {"u": user, "t": token, "s": salt, "v": "1.16.1", "c": "test", "f": "json"}
            return client.get(f"/rest/{method}", params=who | more).json()["subsonic-response"]

        made = ask("anna", "createPlaylist", name="hers", songId="t00")["playlist"]
        ask("anna", "star", id="t00")
        for method, more in (
            ("getPlaylist", {"id": made["id"]}),
            ("deletePlaylist", {"id": made["id"]}),
            ("updatePlaylist", {"playlistId": made["id"], "name": "his"}),
            ("createPlaylist", {"playlistId": made["id"], "songId": "t01"}),
        ):
            assert ask("ben", method, **more)["status"] == "failed"
        assert "hers" not in json.dumps(ask("ben", "getPlaylists", username="anna"))
        assert "t00" not in json.dumps(ask("ben", "getStarred2"))
        assert ask("anna", "getPlaylist", id=made["id"])["playlist"]["name"] == "hers"


def test_wrong_player_passwords_do_not_block_log_in(guarded):
    from tests.serve.conftest import PASSWORD

    library = guarded.state.app_state.library
    new_player_password(library, "ben")
    with Client(guarded) as client:
        answers = [
            client.get("/rest/ping", params=WHO | {"u": "ben", "p": f"wrong {number}"})
            for number in range(30)
        ]
        assert all("failed" in answer.text for answer in answers)
        assert "retry-after" in answers[-1].headers
        client.log_in("ben", PASSWORD)
    refused = [one for one in library.audit.entries() if one.what == "log-in refused"]
    assert len(refused) == 5


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[" * 100_000,
        b'{"listen_type": "single", "payload": ' + b"[" * 50_000,
        b'{"listen_type": "single", "payload": [{"listened_at": 1e999}]}',
        b'{"listen_type": "single", "payload": [{"listened_at": NaN, "track_metadata": {}}]}',
        b'{"listen_type": {"a": 1}, "payload": {}}',
        b"\xff\xfe",
        b'{"listen_type": "single", "payload": [{"listened_at": 1700000000, "track_metadata": %s}]}'
        % b'{"artist_name": "\\ud800", "track_name": "\\u0000", "additional_info": [[[]]]}',
    ],
    ids=lambda body: ascii(body)[:30],
)
def test_invalid_listens_are_rejected(anna, body):
    for token in ("anna", "\u00e9", "' OR 1=1", "a" * 5_000, ""):
        headers = {"Authorization": f"Token {token}".encode(), "Content-Type": "application/json"}
        answer = anna.post("/1/submit-listens", content=body, headers=headers)
        assert answer.status_code < 500
        assert answer.headers["content-type"].startswith("application/")
