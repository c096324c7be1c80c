"""Test artists, albums and genres, likes of them, liked tracks and rows of the start page."""

from contextlib import closing

import pytest
from tests.factories import copy_of_library
from tests.serve.conftest import Client, is_problem
from tests.serve.subsonic.conftest import ODD, shelved

from segue.library import Library
from segue.serve.app import make_app

__all__ = ["shelved"]

API = "/api/v1"


@pytest.fixture(scope="module")
def dora(shelved, tmp_path_factory):
    """A listener of a library with albums; tests undo what they change."""
    directory = copy_of_library(shelved, tmp_path_factory.mktemp("catalogue") / "my.segue")
    with Client(make_app(directory)) as client:
        yield client.log_in("dora")


def listed(client, address):
    """All items of a list, page by page."""
    items, cursor = [], ""
    while cursor is not None:
        mark = "&" if "?" in address else "?"
        page = client.get(f"{API}{address}{mark}{cursor and f'cursor={cursor}'}").json()
        items += page["items"]
        cursor = page["next"]
    return items


def named(client, address, name, key="name"):
    return next(one for one in listed(client, address) if one[key] == name)


def test_artists_are_paged_in_alphabetical_order(dora):
    found = [one["name"] for one in listed(dora, "/artists?limit=2")]
    assert found == [None, "The Alphas", "Ärger", "Beta & Co", "Guest", "Various Artists"]


def test_letters_of_artists_ignore_articles(dora):
    page = dora.get(f"{API}/artists?letter=A").json()
    assert [one["name"] for one in page["items"]] == ["The Alphas", "Ärger"]
    assert {"letter": "A", "n": 2} in page["letters"]
    assert page["letters"][-1] == {"letter": "#", "n": 1}


def test_artist_has_albums_and_tracks_by_popularity(dora):
    artist = dora.get(f"{API}/artists/{named(dora, '/artists', 'The Alphas')['id']}").json()
    assert [one["title"] for one in artist["albums"]] == ["First"]
    assert [one["title"] for one in artist["appears_on"]] == ["Mixed"]
    assert artist["tracks"] == ["two", "one", "seven"]
    assert [one["track_id"] for one in artist["top_tracks"]] == ["seven"]
    assert artist["popular_tracks"][0]["track_id"] == "seven"
    assert artist["plays"] == 1


def test_similar_artists_are_others_and_have_reasons(dora):
    artist = dora.get(f"{API}/artists/{named(dora, '/artists', 'The Alphas')['id']}").json()
    names = [one["artist"]["name"] for one in artist["similar"]]
    assert names
    assert "The Alphas" not in names
    assert {one["reason"] for one in artist["similar"]} <= {"sound", "listeners", "tags", None}


def test_album_has_tracks_in_order_and_similar_albums(dora):
    album = dora.get(f"{API}/albums/{named(dora, '/albums', 'First', 'title')['id']}").json()
    assert [(one["number"], one["track"]["track_id"]) for one in album["tracks"]] == [
        (1, "two"),
        (2, "one"),
    ]
    assert (album["year"], album["duration"], album["genres"]) == (1990, 8.0, ["rock"])
    assert album["artist"]["name"] == "The Alphas"
    assert album["title"] not in [one["album"]["title"] for one in album["similar"]]


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("sort=name", ["Dritte", "First", "Mixed", "Second"]),
        ("sort=artist", ["First", "Dritte", "Second", "Mixed"]),
        ("sort=year", ["Dritte", "Mixed", "Second", "First"]),
        ("sort=added", ["Mixed", "Dritte", "Second", "First"]),
        ("sort=played", ["Dritte", "Mixed"]),
        ("genre=rock", ["First", "Second"]),
        ("from_year=1995&to_year=2005", ["Mixed", "Second"]),
        ("letter=D", ["Dritte"]),
    ],
)
def test_albums_are_sorted_and_filtered(dora, query, titles):
    found = [one["title"] for one in listed(dora, f"/albums?{query}")]
    assert [title for title in found if title] == titles


def test_random_albums_are_paged_once_each(dora):
    first = dora.get(f"{API}/albums?sort=random&limit=2").json()
    again = {"sort": "random", "limit": 10, "seed": first["seed"], "cursor": first["next"]}
    rest = dora.get(f"{API}/albums", params=again).json()
    assert len({one["id"] for one in [*first["items"], *rest["items"]]}) == 5


def test_genre_has_albums_artists_and_tracks(dora):
    genre = dora.get(f"{API}/genres/POP").json()
    assert (genre["name"], genre["n_tracks"], genre["n_albums"]) == ("pop", 3, 2)
    assert {one["title"] for one in genre["albums"]} == {"Second", "Dritte"}
    assert [one["name"] for one in genre["artists"]] == ["Ärger", "Beta & Co"]
    assert genre["tracks"][0]["track_id"] == "five"
    assert [one["name"] for one in listed(dora, "/genres")] == ["pop", "rock", "jazz"]


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("artists/ar-nothing", "unknown-artist"),
        ("albums/al-nothing", "unknown-album"),
        ("genres/n%2Fothing", "unknown-genre"),
    ],
)
def test_unknown_entities_are_problems(dora, address, kind):
    assert is_problem(dora.get(f"{API}/{address}"), 404, kind)


@pytest.mark.parametrize(("kind", "key"), [("albums", "title"), ("artists", "name")])
def test_likes_are_listed_until_taken_back(dora, kind, key):
    item = next(one for one in listed(dora, f"/{kind}") if one[key])
    address = f"{API}/{kind}/{item['id']}"
    before = dora.get(address)
    assert dora.patch(address, json={"liked": True}).json()["liked"]
    after = dora.get(address, headers={"If-None-Match": before.headers["ETag"]})
    assert after.json()["liked"]
    assert [one["id"] for one in listed(dora, f"/{kind}?liked=true")] == [item["id"]]
    assert not dora.patch(address, json={"liked": False}).json()["liked"]
    assert listed(dora, f"/{kind}?liked=true") == []


def test_lists_are_not_sent_again_unchanged(dora):
    for address in ("artists", "albums?sort=year", "genres"):
        first = dora.get(f"{API}/{address}")
        again = dora.get(f"{API}/{address}", headers={"If-None-Match": first.headers["ETag"]})
        assert again.status_code == 304


def test_liked_tracks_are_newest_first(dora):
    for number, track_id in enumerate(("one", ODD, "four")):
        event = {"key": f"k{number}", "track_id": track_id, "kind": "like", "at": 100.0 + number}
        dora.post(f"{API}/feedback", json={"events": [event]})
    assert [one["track"]["track_id"] for one in listed(dora, "/me/liked?limit=2")] == [
        "four",
        ODD,
        "one",
    ]
    assert dora.get(f"{API}/me/liked").json()["n"] == 3


def test_home_row_has_its_tracks(dora):
    row = dora.get(f"{API}/me/home/new-in-library").json()
    assert row["title"] == "New in your library"
    assert {one["track_id"] for one in row["tracks"]}.isdisjoint({"seven", "five"})
    assert dora.get(f"{API}/me/home/on-repeat").json()["tracks"] == []
    assert is_problem(dora.get(f"{API}/me/home/nothing"), 422, "invalid")


@pytest.mark.parametrize(
    ("query", "artist", "album"),
    [("alhpas", "The Alphas", "First"), ("arger", "Ärger", "Dritte"), ("second", None, "Second")],
)
def test_search_finds_artists_and_albums(dora, query, artist, album):
    found = dora.get(f"{API}/search", params={"q": query}).json()
    assert [one["name"] for one in found["artists"]][:1] == ([artist] if artist else [])
    assert album in [one["title"] for one in found["albums"]]
    assert found["tracks"]


def test_history_is_searched_by_names(dora):
    found = dora.get(f"{API}/me/history", params={"q": "sevne", "plays": True}).json()["items"]
    assert {one["track"]["track_id"] for one in found} == {"seven"}
    assert dora.get(f"{API}/me/history?q=xyzzy").json()["items"] == []


def test_library_counts_plays_without_likes(anna, directory):
    assert anna.get("/api/v1/library").json()["plays"] == 10
    events = [{"key": "l1", "track_id": "t02", "kind": "like"}]
    assert anna.post("/api/v1/feedback", json={"events": events}).status_code == 200
    with closing(Library(directory)) as library:
        assert (library.n_plays(), library.counts()["listens"]) == (10, 11)
        assert (library.n_plays("anna"), library.n_listens("anna")) == (4, 5)
