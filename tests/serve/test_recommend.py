"""Test recommendations: contributions, settings, changes of a list."""

import json
import threading
from collections import Counter

import pytest
from tests.serve.conftest import ODD, is_problem

from segue.errors import UnknownTrackError
from segue.pipeline.catalogue import browse
from segue.pipeline.recommender import query
from segue.pipeline.recommender.listener_profiles import ListenerProfiles
from segue.serve.api.recommend import PendingRecommendation, RecommendRequest, answer_batch
from segue.serve.security.sessions import Principal


def wait_for_warm_up():
    for thread in threading.enumerate():
        if thread.name == "warm-up":
            thread.join()


def test_first_search_uses_the_index_of_the_warm_up(anna, monkeypatch):
    wait_for_warm_up()
    monkeypatch.delattr(browse, "_Builder")
    assert anna.get("/api/v1/search?q=t").status_code == 200


def test_contributions_sum_to_score(anna):
    found = anna.get("/api/v1/recommend?k=5").json()
    assert found["user"] == "anna"
    assert [each["rank"] for each in found["tracks"]] == [1, 2, 3, 4, 5]
    for each in found["tracks"]:
        assert sum(each["why"].values()) == pytest.approx(each["score"])
        assert each["track"]["track_id"] not in ("t00", "t03", "t06", "t09")  # known already


def test_default_settings_equal_no_settings(anna):
    asked = anna.post("/api/v1/recommend", json={}).json()
    assert asked == anna.get("/api/v1/recommend").json()


def test_weights_and_dials_change_the_list(anna):
    asked = {"weights": {"knn": 1, "metadata": 0, "popularity": 0, "recency": 0}}
    assert anna.post("/api/v1/recommend", json=asked).json()["weights"]["knn"] == 1
    known = anna.post("/api/v1/recommend", json={"dials": {"max_known_share": 1}, "k": 12}).json()
    assert len(known["tracks"]) == 12
    capped = anna.post("/api/v1/recommend", json={"dials": {"artist_cap": 1}}).json()
    artists = [each["track"]["artist"] for each in capped["tracks"]]
    assert len(set(artists)) == len(artists)


def test_excluded_tracks_are_not_recommended(anna):
    asked = {"exclusions": {"genres": ["LOW"], "artists": ["nobody"]}}
    found = anna.post("/api/v1/recommend", json=asked).json()
    assert {each["track"]["genres"][0] for each in found["tracks"]} == {"high"}
    assert any("nobody" in hint for hint in found["hints"])


def test_compare_to_returns_added_and_removed(anna):
    shown = [each["track"]["track_id"] for each in anna.get("/api/v1/recommend").json()["tracks"]]
    asked = {"compare_to": [*shown[1:], "gone"], "dislike": [shown[1]]}
    changes = anna.post("/api/v1/recommend", json=asked).json()["changes"]
    assert shown[0] in changes["added"]
    assert {"gone", shown[1]} <= set(changes["removed"])


def test_recommend_without_listener_needs_like(client):
    found = client.post("/api/v1/recommend", json={"like": ["t00", ODD], "k": 3}).json()
    assert found["user"] is None
    assert len(found["tracks"]) == 3
    assert is_problem(client.post("/api/v1/recommend", json={}), 401, "no-session")


@pytest.mark.parametrize(
    "asked",
    [
        {"k": 0},
        {"k": 10_000},
        {"k": "many"},
        {"dials": {"diversity": 2}},
        {"dials": {"seed": 2**70}},
        {"weights": {"knn": -1}},
        {"exclusions": {"from_year": 2000, "to_year": 1990}},
        {"exclusions": {"genres": [" "]}},
        {"like": ["\ud800"]},
        {"nonsense": 1},
        {"dials": {"nonsense": 1}},
        [],
        None,
    ],
)
def test_invalid_field_is_named(anna, asked):
    import json

    answer = anna.post(
        "/api/v1/recommend",
        content=json.dumps(asked),
        headers={"Content-Type": "application/json"},
    )
    assert is_problem(answer, 422, "invalid")


@pytest.mark.parametrize("body", ["{", "NaN", '{"k": NaN}', "\xff", "[" * 100_000, ""])
def test_invalid_json_is_rejected(anna, body):
    answer = anna.post(
        "/api/v1/recommend",
        content=body.encode("latin-1"),
        headers={"Content-Type": "application/json"},
    )
    assert answer.status_code in (400, 422)
    assert answer.headers["content-type"] == "application/problem+json"


def test_form_is_not_parsed_as_json(anna):
    """A page of another site can send forms without asking, and JSON not."""
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        answer = anna.post("/api/v1/recommend", content=b'{"k": 3}', headers={"Content-Type": kind})
        assert is_problem(answer, 422, "invalid")


def test_unknown_track_or_signal_is_problem(anna):
    answer = anna.post("/api/v1/recommend", json={"like": ["nothing"]})
    assert is_problem(answer, 404, "unknown-track")
    answer = anna.post("/api/v1/recommend", json={"weights": {"nonsense": 1}})
    assert is_problem(answer, 409, "conflict")


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("recommend", {}),
        ("radio", {}),
        ("playlists/preview", {"kind": "like"}),
        ("playlists", {"kind": "like", "name": "Nothing"}),
    ],
)
def test_all_zero_weights_are_invalid(anna, path, asked):
    weights = dict.fromkeys(anna.get("/api/v1/recommend").json()["weights"], 0)
    wanted = {"like": ["t05"], "weights": weights}
    body = {**asked, "recipe": wanted} if asked else wanted
    answer = anna.post(f"/api/v1/{path}", json=body)
    assert is_problem(answer, 422, "invalid")
    assert "give at least one signal a weight above 0" in answer.json()["detail"]


def test_list_changes_after_feedback(anna):
    before = anna.get("/api/v1/recommend")
    first = before.json()["tracks"][0]["track"]["track_id"]
    skip = {"events": [{"key": "1", "track_id": first, "kind": "skip"}]}
    anna.post("/api/v1/feedback", json=skip)
    after = anna.get("/api/v1/recommend", headers={"If-None-Match": before.headers["etag"]})
    assert after.status_code == 200
    assert first not in [each["track"]["track_id"] for each in after.json()["tracks"]]


def test_scored_listeners_are_answered_first(anna):
    app_state = anna.app.state.app_state

    def wish(listener, **asked):
        return PendingRecommendation(Principal("open", listener), RecommendRequest(k=3, **asked))

    several = [wish("ben"), wish("anna"), wish(None, like=["nowhere"]), wish("carl")]
    state = app_state.state()
    state.score([state.query("anna")])
    order, found = [], {}
    for place, make in answer_batch(app_state, several):
        order.append(place)
        if several[place].body.like:
            with pytest.raises(UnknownTrackError):
                make()
        else:
            found[place] = json.loads(make().body)["user"]
    assert order == [1, 2, 0, 3]
    assert found == {0: "ben", 1: "anna", 3: "carl"}


def test_post_recommend_resolves_the_listener_once(anna, monkeypatch):
    calls = Counter()

    def count(owner, name):
        original = getattr(owner, name)

        def counted(*given):
            calls[name] += 1
            return original(*given)

        monkeypatch.setattr(owner, name, counted)

    wait_for_warm_up()  # it makes a list of its own
    count(ListenerProfiles, "resolve")
    count(ListenerProfiles, "follow")
    count(query, "profile_digest")
    for body, n_digests in (({}, 1), ({"like": ["t05"]}, 2), ({"k": 3}, 0)):
        calls.clear()
        assert anna.post("/api/v1/recommend", json=body).status_code == 200
        assert calls == Counter(resolve=1, follow=1, profile_digest=n_digests)
