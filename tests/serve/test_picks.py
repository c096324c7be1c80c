"""Artists and albums that new listeners choose."""

from contextlib import closing

import pytest
from tests.serve.conftest import is_problem

from segue.library import Library

PICKS = "/api/v1/me/picks"


@pytest.fixture
def dora(client):
    """A listener without a history."""
    return client.log_in("dora")


def test_pick_choices_alternate_genres(dora):
    found = dora.get(PICKS).json()
    assert {one["name"] for one in found["artists"]} == {f"Band {i}" for i in range(4)}
    first, second = (int(one["name"][-1]) % 2 for one in found["artists"][:2])
    assert first != second


def test_pick_choices_are_searched_by_name(dora):
    found = dora.get(PICKS, params={"q": "bAnd 2"}).json()
    assert [one["name"] for one in found["artists"]] == ["Band 2"]


def test_picks_are_likes_that_make_a_list(dora):
    (band,) = dora.get(PICKS, params={"q": "Band 1"}).json()["artists"]
    saved = dora.post(PICKS, json={"artists": [band["id"]]}).json()
    assert len(saved["track_ids"]) == 3
    items = [dora.get(f"/api/v1/tracks/{one}").json() for one in saved["track_ids"]]
    assert {(one["artist"], one["opinion"]) for one in items} == {("Band 1", "like")}
    found = dora.get("/api/v1/recommend", params={"k": 5}).json()["tracks"]
    assert len(found) == 5
    assert found[0]["why"]


def test_picks_are_taken_back_by_feedback(dora):
    (band,) = dora.get(PICKS, params={"q": "Band 1"}).json()["artists"]
    liked = dora.post(PICKS, json={"artists": [band["id"]]}).json()["track_ids"]
    events = [{"key": f"u{one}", "track_id": one, "kind": "clear"} for one in liked]
    assert dora.post("/api/v1/feedback", json={"events": events}).status_code == 200
    assert dora.get("/api/v1/me").json()["n_liked"] == 0


def test_picks_are_stars_for_other_players_until_undone(dora, directory):
    (band,) = dora.get(PICKS, params={"q": "Band 1"}).json()["artists"]
    saved = dora.post(PICKS, json={"artists": [band["id"]]}).json()
    assert saved["starred"] == [band["id"]]
    assert dora.post(PICKS, json={"artists": [band["id"]]}).json()["starred"] == []
    with closing(Library(directory)) as library:
        (star,) = library.annotations.all("dora", "artist")
        assert (star.item, star.starred is not None) == (band["id"], True)
        assert dora.delete(PICKS, params={"id": saved["starred"]}).status_code == 204
        assert library.annotations.all("dora", "artist") == []


def test_picks_of_unknown_artist_are_a_problem(dora):
    assert is_problem(dora.post(PICKS, json={"artists": ["ar-none"]}), 404, "unknown-track")


def test_picks_need_a_listener(client):
    assert is_problem(client.get(PICKS), 401, "no-session")
