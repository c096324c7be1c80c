"""Test the ListenBrainz API with a real client, and by what other clients request."""

import json
import time

import liblistenbrainz
import pytest
from liblistenbrainz.errors import ListenBrainzAPIException
from tests.factories import make_library, rows, write_dataset
from tests.serve.conftest import Client

from segue.library import Library
from segue.pipeline.accounts.sessions import create_key
from segue.serve.app import make_app
from segue.serve.scrobbling import listenbrainz_errors
from segue.serve.scrobbling.listenbrainz_errors import MAX_REQUESTS

AT = 1_700_000_000
NEW = {"token": "new"}
MBID = "e8f9b188-f819-4e43-ab0f-4bd26ce9ff56"


def listen(at=AT, artist="Band 0", track="Piece 0", **more):
    metadata = {"artist_name": artist, "track_name": track, **more}
    return {"listened_at": at, "track_metadata": metadata}


def post(client, path, document, token="anna"):  # noqa: S107
    headers = {"Authorization": f"Token {token}"}
    return client.post(f"/1/{path}", json=document, headers=headers)


def submit(client, *listens, token="anna"):  # noqa: S107
    return post(client, "submit-listens", {"listen_type": "import", "payload": listens}, token)


def listens(client, name="new", **query):
    answer = client.get(f"/1/user/{name}/listens", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()["payload"]


@pytest.fixture
def library(directory):
    opened = Library(directory)
    yield opened
    opened.close()


def test_liblistenbrainz_runs_against_segue(serve):
    server = serve()
    client = liblistenbrainz.ListenBrainz(api_base_url=server.url)
    client.set_auth_token("new")
    made = [
        liblistenbrainz.Listen(track_name=title, artist_name=artist, listened_at=AT + n)
        for n, (artist, title) in enumerate([("Band 0", "Piece 0"), ("Nobody", "Nothing")])
    ]
    client.submit_multiple_listens(made)
    client.submit_single_listen(
        liblistenbrainz.Listen(track_name="Piece 1", artist_name="Band 1", listened_at=AT + 9)
    )
    client.submit_playing_now(liblistenbrainz.Listen(track_name="Piece 0", artist_name="Band 0"))
    found = client.get_listens("new")
    assert [one.track_name for one in found] == ["Piece 1", "Nothing", "Piece 0"]
    assert client.get_user_listen_count("new") == 3
    assert client.get_playing_now("new").track_name == "Piece 0"
    client.delete_listen(found[0])
    client.delete_listen(found[1])
    assert [one.track_name for one in client.get_listens("new")] == ["Piece 0"]
    client.submit_user_feedback(1, MBID)
    assert client.get_user_feedback("new", 1, metadata=True)["total_count"] == 0  # it waits
    assert client.get_user_recommendation_recordings("anna")["payload"]["mbids"] == []
    assert client.remaining_requests < MAX_REQUESTS
    with pytest.raises(ListenBrainzAPIException) as refused:
        client.get_listens("nobody")
    assert refused.value.status_code == 404


def test_listens_are_pages_by_time(client):
    submit(client, *(listen(AT + n) for n in range(6)), **NEW)
    times = [one["listened_at"] - AT for one in listens(client, count=2)["listens"]]
    assert times == [5, 4]
    times = [one["listened_at"] - AT for one in listens(client, max_ts=AT + 3)["listens"]]
    assert times == [2, 1, 0]
    page = listens(client, min_ts=AT + 1, count=2)
    assert [one["listened_at"] - AT for one in page["listens"]] == [3, 2]
    assert (page["count"], page["oldest_listen_ts"], page["latest_listen_ts"]) == (2, AT, AT + 5)
    page = listens(client, min_ts=AT + 1, max_ts=AT + 4)
    assert [one["listened_at"] - AT for one in page["listens"]] == [3, 2]


@pytest.mark.parametrize(
    "query", [{"count": "x"}, {"count": -1}, {"min_ts": 5, "max_ts": 5}, {"max_ts": "9" * 40}]
)
def test_wrong_page_of_listens_is_refused(client, query):
    answer = client.get("/1/user/anna/listens", params=query)
    assert answer.status_code == 400
    assert answer.json().keys() == {"code", "error"}


def test_scrobbler_finds_what_it_submitted(client):
    # Multi-scrobbler reads listens around a play before it submits: else it gives the play up
    submit(client, listen(), listen(AT + 400, "Nobody", "Nothing"), **NEW)
    found = listens(client, min_ts=AT - 60, max_ts=AT + 60, count=100)["listens"]
    (one,) = found
    names = one["track_metadata"]
    assert (names["artist_name"], names["track_name"]) == ("Band 0", "Piece 0")


def test_bad_listen_does_not_hold_up_the_others(client, library):
    bad = listen(artist="")
    answer = submit(client, listen(), bad, listen(AT + 5), listen("soon"), **NEW)
    assert answer.status_code == 200
    document = answer.json()
    assert document["status"] == "ok"
    assert [one["index"] for one in document["rejected"]] == [1, 3]
    assert "artist_name" in document["rejected"][0]["error"]
    assert library.plays.count("new") == 2
    noted = [one for one in library.problems(stage="import") if one.source == "submit-listens"]
    assert [one.row for one in noted] == [1, 3]


def test_batch_of_bad_listens_alone_is_refused(client):
    answer = submit(client, listen(artist=""), listen(track=""))
    assert answer.status_code == 400
    assert "artist_name" in answer.json()["error"]


def test_private_listens_and_skips_are_not_shown(client, library):
    own = {"submission_client": "segue"}
    submit(client, listen(additional_info={**own, "private": True}), **NEW)
    submit(client, listen(AT + 9, additional_info={**own, "skipped": True}), **NEW)
    submit(client, listen(AT + 20), **NEW)
    assert [one["listened_at"] for one in listens(client)["listens"]] == [AT + 20]
    assert library.plays.count("new") == 1


def test_feedback_by_msid_is_an_opinion(client, library):
    submit(client, listen(), listen(AT + 1, "Nobody", "Nothing"), **NEW)
    lacking, matched = (one["recording_msid"] for one in listens(client)["listens"])
    for score, kind in ((1, "like"), (-1, "dislike"), (0, None)):
        document = {"recording_msid": matched, "score": score}
        assert post(client, "feedback/recording-feedback", document, "new").status_code == 200
        known = library.histories.opinions("new", ["t00"]).get("t00")
        assert (known.kind if known else None) == kind
    document = {"recording_msid": matched, "score": 1}
    post(client, "feedback/recording-feedback", document, "new")
    (one,) = client.get("/1/feedback/user/new/get-feedback").json()["feedback"]
    assert (one["recording_msid"], one["score"]) == (matched, 1)
    path = "/1/feedback/user/new/get-feedback-for-recordings"
    found = client.get(path, params={"recording_msids": f"{matched},{lacking}"}).json()["feedback"]
    assert [one["score"] for one in found] == [1, 0]
    before = library.counts()["unmatched"]
    document = {"recording_msid": lacking, "score": 1}
    assert post(client, "feedback/recording-feedback", document, "new").status_code == 200
    assert library.counts()["unmatched"] == before + 1


@pytest.mark.parametrize(
    "document",
    [
        {"score": 1},
        {"recording_mbid": MBID},
        {"recording_mbid": MBID, "score": 2},
        {"recording_mbid": MBID, "score": True},
        {"recording_mbid": "x" * 400, "score": 1},
        {"recording_msid": MBID, "score": 1},
        {"recording_msid": "nonsense", "score": 1},
        {"recording_msid": 7, "score": 1},
    ],
)
def test_wrong_feedback_is_refused(client, document):
    answer = post(client, "feedback/recording-feedback", document)
    assert answer.status_code == 400
    assert answer.json().keys() == {"code", "error"}


def test_deleted_listen_stays_deleted(client, library):
    submit(client, listen(), listen(AT + 60), **NEW)
    msid = listens(client)["listens"][0]["recording_msid"]
    for _ in range(2):
        answer = post(client, "delete-listen", {"listened_at": AT, "recording_msid": msid}, "new")
        assert answer.status_code == 200
    assert [one["listened_at"] for one in listens(client)["listens"]] == [AT + 60]
    submit(client, listen(), **NEW)
    assert library.plays.count("new") == 1
    assert post(client, "delete-listen", {"listened_at": AT}, "new").status_code == 400


def test_own_listen_that_comes_back_counts_once(client, library):
    client.log_in("new")
    event = {"key": "1", "track_id": "t00", "kind": "play", "at": AT + 0.7}
    assert client.post("/api/v1/feedback", json={"events": [event]}).status_code == 200
    submit(client, listen(), **NEW)
    assert library.plays.count("new") == 1


def test_latest_import_is_the_latest_that_was_sent(client):
    for at in (AT, AT - 50):
        assert post(client, "latest-import", {"ts": at}, "new").json() == {"status": "ok"}
    answer = client.get(
        "/1/latest-import", params={"user_name": "new"}, headers={"Authorization": "Token new"}
    )
    assert answer.json() == {"musicbrainz_id": "new", "latest_import": AT}
    assert post(client, "latest-import", {"ts": "soon"}, "new").status_code == 400


def test_playlists_are_jspf(client, library):
    made = library.playlists.add("anna", "Mine", "tracks", {}, ["t00", "t01"])
    page = client.get("/1/user/anna/playlists").json()
    assert (page["playlist_count"], page["count"]) == (1, 1)
    listed = page["playlists"][0]["playlist"]
    assert (listed["title"], listed["track"]) == (made.name, [])
    number = listed["identifier"].rpartition("/")[2]
    headers = {"Authorization": "Token anna"}
    whole = client.get(f"/1/playlist/{number}", headers=headers).json()["playlist"]
    assert [one["title"] for one in whole["track"]] == ["Piece 0", "Piece 1"]
    assert client.get(f"/1/playlist/{MBID}", headers=headers).status_code == 404


def test_mixes_are_created_for_their_listener(client):
    page = client.get("/1/user/anna/playlists/createdfor").json()
    assert page["count"] == page["playlist_count"] > 0
    listed = page["playlists"][0]["playlist"]
    extension = next(iter(listed["extension"].values()))
    assert extension["created_for"] == "anna"
    number = listed["identifier"].rpartition("/")[2]
    headers = {"Authorization": "Token anna"}
    assert client.get(f"/1/playlist/{number}", headers=headers).json()["playlist"]["track"]


def test_recommendations_have_recordings(tmp_path, original):
    dataset = write_dataset(
        tmp_path / "music",
        rows(
            "track_id title artist genre mbid",
            [
                (f"t{n}", f"Piece {n}", f"Band {n % 5}", "ab"[n % 2], MBID[:-2] + f"{n:02}")
                for n in range(30)
            ],
        ),
        listens=rows(
            "user_id track_id timestamp", [("anna", f"t{n}", 1_000 + n) for n in range(0, 20, 2)]
        ),
    )
    library = make_library(tmp_path / "my.segue", dataset)
    library.close()
    with Client(make_app(tmp_path / "my.segue")) as client:
        path = "/1/cf/recommendation/user/anna/recording"
        payload = client.get(path, params={"count": 5}).json()["payload"]
        assert (payload["count"], payload["user_name"]) == (5, "anna")
        first = [one["recording_mbid"] for one in payload["mbids"]]
        payload = client.get(path, params={"count": 5, "offset": 5}).json()["payload"]
        assert len(set(first) | {one["recording_mbid"] for one in payload["mbids"]}) == 10
        assert client.get("/1/cf/recommendation/user/x/recording").status_code == 404


def test_accounts_read_their_own_listens_only(guarded, directory):
    library = Library(directory)
    key = create_key(library, "ben", "phone")
    library.close()
    own = {"Authorization": f"Token {key}"}
    with Client(guarded) as client:
        for path in ("listens", "listen-count", "playing-now", "playlists"):
            assert client.get(f"/1/user/ben/{path}", headers=own).status_code == 200
            assert client.get(f"/1/user/anna/{path}", headers=own).status_code == 403
            assert client.get(f"/1/user/nobody/{path}", headers=own).status_code == 403
            assert client.get(f"/1/user/ben/{path}").status_code == 401
        assert client.get("/1/feedback/user/anna/get-feedback", headers=own).status_code == 403


def test_headers_state_the_rate_limit(client, monkeypatch):
    monkeypatch.setattr(time, "time", lambda: 1_800_000_003.0)
    monkeypatch.setattr(listenbrainz_errors, "MAX_REQUESTS", 3)
    answers = [client.get("/1/user/anna/listen-count") for _ in range(4)]
    assert answers[0].headers["x-ratelimit-limit"] == "3"
    assert answers[0].headers["x-ratelimit-remaining"] == "2"
    assert answers[0].headers["x-ratelimit-reset-in"] == "7"
    assert [one.status_code for one in answers] == [200, 200, 200, 429]
    assert json.loads(answers[-1].text)["code"] == 429
