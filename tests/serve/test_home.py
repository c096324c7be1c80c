"""Test interests, home rows and daily mixes of the current listener."""

from tests.serve.conftest import is_problem


def test_interests_of_the_listener_are_listed(anna):
    (found,) = anna.get("/api/v1/me/interests").json()["interests"]
    assert found["number"] == 1
    assert found["share"] == 1
    assert found["n_tracks"] == 4
    assert 1 <= len(found["examples"]) <= 3
    assert found["examples"][0]["title"].startswith("Piece")


def test_interests_and_home_need_a_listener(client):
    for path in ("interests", "home"):
        assert is_problem(client.get(f"/api/v1/me/{path}"), 401, "no-session")


def test_home_has_rows_and_mixes(anna):
    answer = anna.get("/api/v1/me/home")
    found = answer.json()
    assert [mix["number"] for mix in found["mixes"]] == [1]
    shown = [track["track_id"] for row in found["rows"] for track in row["tracks"]]
    assert len(shown) == len(set(shown)) > 0
    again = anna.get("/api/v1/me/home", headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304


def test_home_of_a_new_listener_is_empty(client):
    token = client.post("/api/v1/session", json={"listener": "new"}).json()["csrf"]
    assert token
    assert client.get("/api/v1/me/home").json() == {"rows": [], "mixes": []}
    assert client.get("/api/v1/me/interests").json() == {"interests": []}


def test_recommend_takes_an_interest(anna):
    name = anna.get("/api/v1/me/interests").json()["interests"][0]["name"]
    for interest in ("1", name):
        found = anna.post("/api/v1/recommend", json={"interest": interest, "k": 3}).json()
        assert len(found["tracks"]) == 3
        assert {one["interest"] for one in found["tracks"]} <= {name, None}
    asked = anna.post("/api/v1/recommend", json={"interest": "polka"})
    assert is_problem(asked, 404, "unknown-interest")
    assert name in asked.json()["detail"]


def test_mix_is_saved_and_refreshed(anna):
    body = {"name": "Mix", "kind": "mix", "recipe": {"interest": "1", "k": 5}}
    made = anna.post("/api/v1/playlists", json=body).json()
    assert len(made["tracks"]) == 5
    again = anna.post(f"/api/v1/playlists/{made['id']}/refresh").json()
    assert again["changes"] == {"added": [], "removed": []}  # the same day
    found = anna.post("/api/v1/playlists/preview", json={"kind": "mix", "recipe": {}}).json()
    assert found["about"]["interest"] is None
    wrong = {"kind": "mix", "recipe": {"users": ["ben"]}}
    assert anna.post("/api/v1/playlists/preview", json=wrong).status_code == 422
