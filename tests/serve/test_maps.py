"""Test the map: points, affinity, and playlists along a line."""

import numpy as np
import pytest
from tests.serve.conftest import N_TRACKS, ODD, is_problem

from segue.engine.percentile_ranks import percentile_ranks
from segue.pipeline.track_map import affinity


def test_map_points_have_position_and_genre(anna):
    about = anna.get("/api/v1/map").json()
    assert about["n"] == N_TRACKS
    assert about["by"] == about["encoders"][0]
    assert set(about["genres"]) == {"high", "low"}
    assert set(about["groups"]) == {"high", "low"}
    answer = anna.get("/api/v1/map/points")
    points = np.frombuffer(answer.content, "<u2").reshape(-1, 3)
    assert len(points) == N_TRACKS
    assert (points[:, :2] <= about["edge"]).all()
    assert [about["groups"][one] for one in points[:2, 2]] == ["high", "low"]
    etag = answer.headers["etag"]
    again = anna.get("/api/v1/map/points", headers={"If-None-Match": etag})
    assert again.status_code == 304


def test_map_unknown_signal_is_rejected(anna):
    for name in anna.get("/api/v1/map").json()["encoders"]:
        assert anna.get(f"/api/v1/map?by={name}").json()["by"] == name
        assert anna.get(f"/api/v1/map/points?by={name}").status_code == 200
    assert is_problem(anna.get("/api/v1/map?by=nonsense"), 422, "invalid")
    assert is_problem(anna.get("/api/v1/map/points?by=..%2F.."), 422, "invalid")


def test_affinity_ranks_tracks_by_taste(anna):
    shares = np.frombuffer(anna.get("/api/v1/map/affinity").content, np.uint8)
    assert len(shares) == N_TRACKS
    assert shares.max() == 255


def test_affinity_is_computed_once_per_profile(anna, monkeypatch):
    made = []

    def counted(engine, profile):
        made.append(profile.user)
        return percentile_ranks(engine, profile)

    monkeypatch.setattr(affinity, "percentile_ranks", counted)
    first = anna.get("/api/v1/map/affinity")
    assert anna.get("/api/v1/map/affinity").content == first.content
    assert made == ["anna"]
    etag = {"If-None-Match": first.headers["etag"]}
    assert anna.get("/api/v1/map/affinity", headers=etag).status_code == 304
    events = [{"key": str(n), "track_id": f"t0{n}", "kind": "dislike"} for n in (0, 3)]
    assert anna.post("/api/v1/feedback", json={"events": events}).status_code == 200
    other = anna.get("/api/v1/map/affinity", headers=etag)
    assert other.status_code == 200
    assert other.content != first.content
    assert made == ["anna", "anna"]


def test_affinity_requires_listener(client):
    assert is_problem(client.get("/api/v1/map/affinity"), 401, "no-session")


def test_map_tracks_are_found_by_index(anna):
    found = anna.get(f"/api/v1/map/tracks?at=3,{N_TRACKS - 1},999999999,3").json()
    assert found["places"] == [3, N_TRACKS - 1]
    assert [track["track_id"] for track in found["tracks"]] == ["t03", ODD]
    assert is_problem(anna.get("/api/v1/map/tracks?at=x"), 422, "invalid")


def test_map_path_lists_tracks_along_line(anna):
    drawn = anna.post("/api/v1/map/path", json={"points": [[0, 0], [65_534, 65_534]], "k": 4})
    assert drawn.status_code == 200, drawn.text
    assert len(drawn.json()["tracks"]) == 4
    asked = {"tracks": ["t00", "t01"], "k": 3, "exclusions": {"genres": ["low"]}}
    found = anna.post("/api/v1/map/path", json=asked).json()
    assert {track["genres"][0] for track in found["tracks"]} == {"high"}


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"points": [[0, 0]], "tracks": ["t00"]},
        {"points": []},
        {"points": [[0]]},
        {"points": [[0, 1e300]]},
        {"points": [[0, 0]], "k": 0},
        {"points": [[0, 0]], "by": "nonsense"},
    ],
)
def test_map_path_invalid_line_is_rejected(anna, asked):
    assert is_problem(anna.post("/api/v1/map/path", json=asked), 422, "invalid")
