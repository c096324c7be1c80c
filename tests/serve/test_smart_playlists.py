"""Test playlists by rules: known answers on the small library, saving, changing and refreshing."""

import pytest
from tests.serve.conftest import ODD, is_problem

PLAYLISTS = "/api/v1/playlists"
LOW = [f"t{i:02}" for i in (1, 3, 5, 7, 9)]
PLAYED = ["t00", "t03", "t06", "t09"]
BY_TITLE = [
    *("t00", "t01", "t10", ODD),
    *(f"t{i:02}" for i in range(2, 10)),
]  # "Piece 10" comes before "Piece 2"


def made(client, *rules, **recipe):
    body = {"kind": "rules", "recipe": {"rules": list(rules), "order": "title", **recipe}}
    answer = client.post(f"{PLAYLISTS}/preview", json=body)
    assert answer.status_code == 200, answer.text
    return [each["track"]["track_id"] for each in answer.json()["tracks"]]


def send(client, kind, track_id):
    events = [{"key": f"{kind} {track_id}", "track_id": track_id, "kind": kind}]
    assert client.post("/api/v1/feedback", json={"events": events}).status_code == 200


@pytest.mark.parametrize(
    ("rule", "found"),
    [
        ({"field": "genre", "value": "LOW"}, {*LOW, ODD}),
        ({"field": "genre", "value": "low", "negate": True}, set(BY_TITLE) - {*LOW, ODD}),
        ({"field": "artist", "value": "Band 2"}, {"t02", "t06", "t10"}),
        ({"field": "tag", "value": "nothing"}, set()),
        ({"field": "plays", "low": 1}, set(PLAYED)),
        ({"field": "plays", "high": 0}, set(BY_TITLE) - set(PLAYED)),
        ({"field": "duration", "low": 1, "high": 3}, set(BY_TITLE)),
        ({"field": "year", "low": 1900}, set()),
        ({"field": "added", "days": 365}, set(BY_TITLE)),
        ({"field": "played", "days": 365}, set()),
        ({"field": "played", "days": 365, "negate": True}, set(BY_TITLE)),
        ({"field": "liked"}, set()),
    ],
)
def test_rule_has_known_tracks(anna, rule, found):
    assert set(made(anna, rule)) == found


def test_rules_hold_together_or_any_of_them(anna):
    low, played = {"field": "genre", "value": "low"}, {"field": "plays", "low": 1}
    assert made(anna, low, played) == ["t03", "t09"]
    assert set(made(anna, low, played, match="any")) == {*LOW, ODD, *PLAYED}


def test_rules_order_and_limit_tracks(anna):
    every = {"field": "plays", "low": 0}
    assert made(anna, every) == BY_TITLE
    assert made(anna, every, k=3) == BY_TITLE[:3]
    assert made(anna, every, order="played", k=4) == PLAYED[::-1]
    daily = made(anna, every, order="random")
    assert sorted(daily) == sorted(BY_TITLE)
    assert made(anna, every, order="random") == daily


def test_rules_follow_feedback_and_never_play_rules(anna):
    send(anna, "like", "t05")
    send(anna, "play", "t07")
    assert made(anna, {"field": "liked"}) == ["t05"]
    assert made(anna, {"field": "played", "days": 1}) == ["t07"]
    never = {"effect": "play", "kind": "track", "value": "t05"}
    anna.post("/api/v1/me/rules", json=never)
    assert made(anna, {"field": "liked"}) == []


def test_saved_rules_are_changed_and_refreshed(anna):
    recipe = {"rules": [{"field": "liked"}], "order": "title"}
    body = {"name": "Likes", "kind": "rules", "recipe": recipe}
    saved = anna.post(PLAYLISTS, json=body)
    assert saved.status_code == 201, saved.text
    assert (saved.json()["tracks"], saved.json()["recipe"]) == ([], recipe)
    address = saved.headers["location"]
    send(anna, "like", "t05")
    done = anna.post(f"{address}/refresh").json()
    assert done["changes"] == {"added": ["t05"], "removed": []}
    other = {"rules": [{"field": "artist", "value": "Band 2"}], "order": "title"}
    assert anna.patch(address, json={"recipe": other}).json()["recipe"] == other
    done = anna.post(f"{address}/refresh").json()
    assert done["changes"] == {"added": ["t10", "t02", "t06"], "removed": ["t05"]}
    assert anna.get(PLAYLISTS).json()["items"][0]["example"]["track_id"] == "t10"
    assert is_problem(anna.patch(address, json={"recipe": {"like": ["t00"]}}), 422, "invalid")


@pytest.mark.parametrize(
    "recipe",
    [
        {},
        {"rules": []},
        {"rules": [{"field": "mood"}]},
        {"rules": [{"field": "genre"}]},
        {"rules": [{"field": "genre", "value": " "}]},
        {"rules": [{"field": "genre", "value": "low", "days": 3}]},
        {"rules": [{"field": "year"}]},
        {"rules": [{"field": "year", "low": 2000, "high": 1990}]},
        {"rules": [{"field": "added"}]},
        {"rules": [{"field": "liked"}], "order": "size"},
        {"rules": [{"field": "liked"}], "like": ["t00"]},
    ],
)
def test_invalid_rules_are_rejected(anna, recipe):
    body = {"kind": "rules", "recipe": recipe}
    assert is_problem(anna.post(f"{PLAYLISTS}/preview", json=body), 422, "invalid")
