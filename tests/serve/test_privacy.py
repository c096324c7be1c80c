"""Test privacy: no listener reads data of another, and no response has server paths."""

import pytest
from tests.serve.conftest import ODD, PASSWORD, Client

GETS = [
    "session",
    "listeners",
    "me",
    "me/history",
    "me/missing",
    "tracks",
    "tracks/t00",
    "tracks/t00/similar",
    "search?q=piece",
    "recommend",
    "library",
    "library/problems",
    "library/duplicates",
    "models",
    "models/knn",
    "reports",
    "openapi.json",
    "tracks/nothing",
    "models/nothing",
    "reports/nothing",
]


@pytest.fixture
def two(guarded):
    with Client(guarded) as one, Client(guarded) as other:
        yield one.log_in("anna", PASSWORD), other.log_in("ben", PASSWORD)


def test_history_is_private(two):
    anna, ben = two
    like = {"events": [{"key": "1", "track_id": "t05", "kind": "like", "at": 2_000}]}
    assert anna.post("/api/v1/feedback", json=like).status_code == 200
    hers = [each["track"]["track_id"] for each in anna.get("/api/v1/me/history").json()["items"]]
    his = [each["track"]["track_id"] for each in ben.get("/api/v1/me/history").json()["items"]]
    assert hers == ["t05", "t09", "t06", "t03", "t00"]
    assert his == ["t07", "t04", "t01"]


def shown(client):
    """All answers that a listener gets, without the versions that tell that something changed."""
    found = {}
    for path in (*GETS, "maps", "me/account", "playlists", "listeners?limit=5"):
        answer = client.get(f"/api/v1/{path}")
        document = answer.json()
        if isinstance(document, dict):
            document = {name: value for name, value in document.items() if name != "version"}
        found[path] = (answer.status_code, document)
    return found


def test_acts_of_one_account_change_nothing_that_another_sees(two, monkeypatch):
    monkeypatch.setattr("segue.serve.app_state.COUNTS_SECONDS", 1e-6)
    anna, ben = two
    before = shown(ben)
    kinds = ("play", "like", "skip", "dislike")
    events = [{"key": str(i), "track_id": f"t{i % 10:02}", "kind": kinds[i % 4]} for i in range(40)]
    assert anna.post("/api/v1/feedback", json={"events": events}).status_code == 200
    assert shown(ben) == before


def test_opinions_are_private(two):
    anna, ben = two
    like = {"events": [{"key": "1", "track_id": "t05", "kind": "like"}]}
    anna.post("/api/v1/feedback", json=like)
    assert anna.get("/api/v1/tracks/t05").json()["opinion"] == "like"
    assert ben.get("/api/v1/tracks/t05").json()["opinion"] is None


def test_etag_of_other_listener_does_not_match(two):
    anna, ben = two
    for path in ("me", "tracks", "recommend", "search?q=piece"):
        etag = anna.get(f"/api/v1/{path}").headers["etag"]
        assert ben.get(f"/api/v1/{path}", headers={"If-None-Match": etag}).status_code == 200
        assert anna.get(f"/api/v1/{path}", headers={"If-None-Match": etag}).status_code == 304


def test_event_key_is_unique_per_listener(two):
    like = {"events": [{"key": "1", "track_id": "t05", "kind": "like"}]}
    for each in two:
        assert each.post("/api/v1/feedback", json=like).json()["events"][0]["status"] == "stored"


def test_listeners_lists_only_sharing_ones(two):
    anna, ben = two
    assert [each["name"] for each in ben.get("/api/v1/listeners").json()["items"]] == ["ben"]
    assert anna.patch("/api/v1/me/account", json={"shares_taste": True}).json()["shares_taste"]
    names = [each["name"] for each in ben.get("/api/v1/listeners").json()["items"]]
    assert names == ["anna", "ben"]


def test_library_problems_require_admin(two):
    anna, ben = two
    assert anna.get("/api/v1/library/problems").status_code == 200
    assert ben.get("/api/v1/library/problems").status_code == 403


def test_responses_have_no_server_paths(anna, directory, original):
    exclude = {"like": ["t00"], "exclusions": {"folders": ["nowhere"]}}
    answers = [anna.get(f"/api/v1/{path}") for path in GETS]
    answers += [
        anna.post("/api/v1/recommend", json=exclude),
        anna.post("/api/v1/recommend", json={"exclusions": {"folders": ["/etc"]}}),
        anna.get("/api/v1/tracks/" + "%2e%2e%2f" * 8 + "etc%2fpasswd/audio"),
    ]
    for answer in answers:
        text = (answer.text + str(answer.headers)).replace("/me/home/{row}", "")
        assert answer.status_code < 500
        for path in (directory.parent, original.parent, "/home/", "/tmp/", "site-packages"):  # noqa: S108
            assert str(path) not in text, answer.request.url


def test_excluded_folder_must_not_be_a_path(anna):
    for folder in ("/", "/etc", "~", "~root/x", "\\\\server"):
        asked = {"exclusions": {"folders": [folder]}}
        assert anna.post("/api/v1/recommend", json=asked).status_code == 422


def test_id_with_slash_is_one_segment(anna):
    from urllib.parse import quote

    address = f"/api/v1/tracks/{quote(ODD, safe='')}"
    assert anna.get(address).json()["track_id"] == ODD
    assert anna.get(f"{address}/audio").status_code == 200
    assert anna.get(f"{address}/similar").json()["track"] == ODD
