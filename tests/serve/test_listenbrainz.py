"""Test scrobbling by the ListenBrainz API."""

import json
import time

import pytest
from tests.serve.conftest import Client

from segue.library import Library
from segue.pipeline.accounts.sessions import create_key
from segue.pipeline.history.import_listens import import_listens
from segue.serve.scrobbling.listenbrainz_submission import MAX_LISTENS

AT = 1_700_000_000


def listen(at=AT, artist="Band 0", track="Piece 0", **more):
    metadata = {"artist_name": artist, "track_name": track, **more}
    return {"listened_at": at, "track_metadata": metadata}


def submit(client, *listens, kind="single", token="anna"):  # noqa: S107
    document = {"listen_type": kind, "payload": list(listens)}
    headers = {"Authorization": f"Token {token}"}
    return client.post("/1/submit-listens", json=document, headers=headers)


@pytest.fixture
def library(directory):
    opened = Library(directory)
    yield opened
    opened.close()


def plays(library):
    return [
        (one.user, one.track_id, one.at) for one in library.feedback.after(0) if one.kind == "play"
    ]


def test_listen_is_a_play_of_its_track(client, library):
    more = {"additional_info": {"duration_played": 90}}
    answer = submit(client, listen(artist="band 0", track="PIECE 0 (Remastered)", **more))
    assert answer.status_code == 200
    assert answer.json() == {"status": "ok"}
    assert plays(library) == [("anna", "t00", AT)]
    assert library.feedback.after(0)[0].ms_played == 90_000


def test_repeated_listen_counts_once(client, library):
    for _ in range(3):
        submit(client, listen())
    submit(client, listen(), listen(AT + 300), kind="import")
    assert plays(library) == [("anna", "t00", AT), ("anna", "t00", AT + 300)]


def test_listen_of_unknown_track_waits(client, library):
    before = library.counts()
    for _ in range(2):
        assert submit(client, listen(artist="Nobody", track="Nothing")).status_code == 200
    after = library.counts()
    assert after["unmatched"] == before["unmatched"] + 1
    assert after["listens"] == before["listens"]


def test_import_after_submit_adds_nothing(client, library, tmp_path):
    sent = [listen(AT + n, track=f"Piece {n}", artist=f"Band {n % 4}") for n in range(6)]
    submit(client, *sent, listen(AT, "Nobody", "Nothing"), kind="import")
    before = library.counts()
    export = tmp_path / "listens.json"
    export.write_text(json.dumps([*sent, listen(AT, "Nobody", "Nothing")]), "utf-8")
    done = import_listens(library, [export], "anna")
    assert (done.read, done.new) == (7, 0)
    assert library.counts() == before


def test_submit_after_import_adds_nothing(client, library, tmp_path):
    export = tmp_path / "listens.json"
    export.write_text(json.dumps([listen()]), "utf-8")
    assert import_listens(library, [export], "anna").new == 1
    assert submit(client, listen()).status_code == 200
    assert plays(library) == []


def test_playing_now_is_shown_and_not_counted(client, library):
    now = {"track_metadata": listen(additional_info={"media_player": "Tape"})["track_metadata"]}
    assert submit(client, now, kind="playing_now").status_code == 200
    ((player, playing),) = library.playback.of("anna")
    assert (player, playing.track_id, playing.state) == ("Tape", "t00", "playing")
    assert plays(library) == []
    unknown = {"track_metadata": {"artist_name": "Nobody", "track_name": "Nothing"}}
    assert submit(client, unknown, kind="playing_now").status_code == 200


def test_token_alone_identifies_listener(client, library):
    submit(client, {**listen(), "user_name": "ben"})
    assert plays(library) == [("anna", "t00", AT)]


def test_token_is_api_key_with_accounts(guarded, directory):
    library = Library(directory)
    key = create_key(library, "ben", "phone")
    with Client(guarded) as client:
        assert submit(client, listen(), token=key).status_code == 200
        answer = submit(client, listen(AT + 1), token="ben")  # noqa: S106
        assert answer.status_code == 401
        assert answer.json() == {"code": 401, "error": "Invalid authorization token."}
        valid = client.get("/1/validate-token", headers={"Authorization": f"Token {key}"})
        assert valid.json() == {
            "code": 200,
            "message": "Token valid.",
            "valid": True,
            "user_name": "ben",
        }
        wrong = client.get("/1/validate-token", params={"token": "nonsense"})
        assert wrong.status_code == 200
        assert wrong.json() == {"code": 200, "message": "Token invalid.", "valid": False}
        assert client.get("/1/validate-token").json()["code"] == 400
    assert plays(library) == [("ben", "t00", AT)]
    library.close()


@pytest.mark.parametrize("header", [None, "", "Token", "Token ", "Basic YW5uYTp4"])
def test_missing_token_is_rejected(client, library, header):
    headers = {} if header is None else {"Authorization": header}
    document = {"listen_type": "single", "payload": [listen()]}
    answer = client.post("/1/submit-listens", json=document, headers=headers)
    assert answer.status_code == 401
    assert answer.json().keys() == {"code", "error"}
    assert plays(library) == []


def with_metadata(**changed):
    made = listen()
    made["track_metadata"] |= changed
    return made


@pytest.mark.parametrize(
    "payload",
    [
        [],
        [listen(), listen(AT + 1)],
        ["text"],
        [None],
        [{}],
        [{"listened_at": AT}],
        [{"listened_at": AT, "track_metadata": []}],
        [listen(None)],
        [listen("yesterday")],
        [listen(True)],
        [listen(AT + 0.5)],
        [listen(AT * 1_000)],
        [listen(0)],
        [listen(-1)],
        [listen(10**400)],
        [listen(artist="")],
        [listen(artist=["a", "b"])],
        [listen(track=" ")],
        [listen(track=5)],
        [listen(track="x" * 1_500)],
        [with_metadata(additional_info={"duration_played": -1})],
        [with_metadata(additional_info={"recording_mbid": "x" * 500})],
        [with_metadata(more="x" * 11_000)],
    ],
)
def test_invalid_listen_is_rejected(client, library, payload):
    document = {"listen_type": "single", "payload": payload}
    answer = client.post(
        "/1/submit-listens",
        content=json.dumps(document),
        headers={"Authorization": "Token anna"},
    )
    assert answer.status_code == 400, answer.text
    assert answer.json()["code"] == 400
    assert answer.json()["error"]
    assert plays(library) == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"\xff\xfe",
        b"null",
        b"[" * 100_000,
        b'{"listen_type": "single", "payload": {}}',
        b'{"listen_type": "other", "payload": [{}]}',
        b'{"listen_type": ["single"], "payload": [{}]}',
        b'{"payload": [{}]}',
        b'{"listen_type": "single", "payload": [{"listened_at": NaN}]}',
        b'{"listen_type": "single", "payload": [{"listened_at": ' + b"9" * 5_000 + b"}]}",
    ],
)
def test_invalid_document_is_rejected(client, body):
    headers = {"Authorization": "Token anna"}
    answer = client.post("/1/submit-listens", content=body, headers=headers)
    assert answer.status_code == 400
    assert answer.json().keys() == {"code", "error"}


@pytest.mark.parametrize("artist", ["\x00Band 0\x07", "Band \ud800", "<script>", "' OR 1=1 --"])
def test_unusual_characters_are_accepted(client, artist):
    document = {"listen_type": "single", "payload": [listen(artist=artist)]}
    headers = {"Authorization": "Token anna"}
    answer = client.post("/1/submit-listens", content=json.dumps(document), headers=headers)
    assert answer.status_code in (200, 400)


def test_request_takes_up_to_1000_listens(client, library):
    many = [listen(AT + n) for n in range(MAX_LISTENS)]
    assert submit(client, *many, kind="import").status_code == 200
    assert len(plays(library)) == MAX_LISTENS
    assert submit(client, *many, listen(AT - 1), kind="import").status_code == 400


def is_refused(answer, status):
    """Whether an answer is an error as ListenBrainz writes it."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    document = answer.json()
    assert document.keys() == {"code", "error"}
    assert document["code"] == status
    assert document["error"].endswith(".")
    return True


def test_middleware_errors_use_listenbrainz_form(client):
    headers = {"Authorization": "Token anna"}

    def parts():
        for _ in range(130):
            yield b"x" * 65_536

    for body in (b"x" * 8_500_000, parts()):  # which tells its length, and which does not
        answer = client.post("/1/submit-listens", content=body, headers=headers)
        assert is_refused(answer, 413)
    assert is_refused(client.get("/1/validate-token", headers={"Host": "evil.test"}), 421)
    assert is_refused(client.get("/1/no-such-address"), 404)


def test_failure_uses_listenbrainz_form(client, monkeypatch):
    monkeypatch.setattr("segue.serve.scrobbling.listenbrainz_users.check_name", lambda *_: 1 / 0)
    assert is_refused(submit(client, listen()), 500)


def test_future_time_is_rejected(client):
    assert submit(client, listen(int(time.time()) + 60)).status_code == 200
    answer = submit(client, listen(int(time.time()) + 7_200))
    assert answer.json() == {"code": 400, "error": "Value for key listened_at is too high."}


def test_playing_now_with_time_is_rejected(client):
    assert submit(client, listen(), kind="playing_now").status_code == 400
