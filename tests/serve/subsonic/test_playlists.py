"""Test playlists of players, which are those of the page."""

import time

import pytest
from tests.serve.subsonic.conftest import Player


@pytest.fixture
def made(anna):
    return anna.call("createPlaylist", name="Mine", songId=["one", "two", "one"])["playlist"]


def songs(anna, playlist):
    found = anna.call("getPlaylist", id=playlist["id"])["playlist"]
    return [song["id"] for song in found["entry"]]


def test_playlist_keeps_song_order(anna, made):
    assert songs(anna, made) == ["one", "two", "one"]
    assert made["songCount"] == 3
    assert made["duration"] == 12
    assert made["public"] is False
    (listed,) = anna.call("getPlaylists")["playlists"]["playlist"]
    assert (listed["id"], listed["name"], listed["owner"]) == (made["id"], "Mine", "anna")


def test_update_appends_and_removes_by_index(anna, made):
    anna.call(
        "updatePlaylist",
        playlistId=made["id"],
        songIdToAdd=["three", "four"],
        songIndexToRemove=[0, 2],
        name="Other",
        comment="passed over",
        public="true",
    )
    assert songs(anna, made) == ["two", "three", "four"]
    found = anna.call("getPlaylist", id=made["id"])["playlist"]
    assert found["name"] == "Other"
    assert found["public"] is False
    assert found["changed"] > made["changed"]


def test_create_with_id_replaces_songs(anna, made):
    anna.call("createPlaylist", playlistId=made["id"], songId="five")
    assert songs(anna, made) == ["five"]
    assert anna.call("getPlaylist", id=made["id"])["playlist"]["name"] == "Mine"


def test_playlist_can_be_empty_and_deleted(anna):
    made = anna.call("createPlaylist", name="Empty")["playlist"]
    assert songs(anna, made) == []
    anna.call("deletePlaylist", id=made["id"])
    assert anna.code("getPlaylist", id=made["id"]) == 70


@pytest.mark.parametrize("place", ["3", "-1", "one", "9" * 30])
def test_invalid_index_changes_nothing(anna, made, place):
    code = anna.code("updatePlaylist", playlistId=made["id"], songIndexToRemove=place, name="x")
    assert code == 0
    assert songs(anna, made) == ["one", "two", "one"]
    assert anna.call("getPlaylist", id=made["id"])["playlist"]["name"] == "Mine"


def test_unknown_song_changes_nothing(anna, made):
    assert anna.code("updatePlaylist", playlistId=made["id"], songIdToAdd="nothing") == 70
    assert songs(anna, made) == ["one", "two", "one"]


def test_page_and_player_share_playlists(anna, made):
    anna.client.log_in("anna")
    found = anna.client.get("/api/v1/playlists").json()["items"]
    assert [one["name"] for one in found] == ["Mine"]


def test_playlists_are_private(client, anna, made):
    other = Player(client, u="ben", p="x")
    assert other.call("getPlaylists")["playlists"]["playlist"] == []
    assert other.code("getPlaylist", id=made["id"]) == 70


def test_long_playlist_is_created_by_form(anna):
    form = {**anna.identity, "f": "json", "name": "Long", "songId": ["one", "two"] * 2_000}
    answer = anna.client.post("/rest/createPlaylist", data=form)
    assert answer.json()["subsonic-response"]["playlist"]["songCount"] == 4_000


# virtual playlists -------------------------------------------------------------------------------


def virtual(player):
    found = player.call("getPlaylists")["playlists"]["playlist"]
    return {one["name"]: one for one in found if one["readonly"]}


def play_and_like(player):
    player.call("star", id=["three", "four"])
    times = [str(1_000 * int(time.time() - 60 * n)) for n in range(1, 5)]
    player.call("scrobble", id=["three", "three", "four", "four"], time=times)


def test_virtual_playlists_follow_the_listener(anna, made):
    assert virtual(anna) == {}  # nothing is known of the listener
    play_and_like(anna)
    found = virtual(anna)
    assert {"Recommended for anna", "On repeat"} <= found.keys()
    assert any(name.startswith("Daily mix 1: ") for name in found)
    names = [one["name"] for one in anna.call("getPlaylists")["playlists"]["playlist"]]
    assert names[0] == "Mine"
    assert set(songs(anna, found["On repeat"])) == {"three", "four"}
    recommended = found["Recommended for anna"]
    entries = songs(anna, recommended)
    assert entries
    assert len(entries) == recommended["songCount"]
    assert not {"three", "four"} & set(entries)
    assert anna.ask("getCoverArt", id=recommended["coverArt"]).status_code == 200
    assert anna.code("getCoverArt", id="segue-nothing") == 70
    assert virtual(anna) == found


def test_virtual_playlists_refresh_with_opinions(anna):
    play_and_like(anna)
    recommended = virtual(anna)["Recommended for anna"]
    first = songs(anna, recommended)[0]
    anna.call("setRating", id=first, rating=1)
    assert first not in songs(anna, recommended)


def test_virtual_playlists_cannot_be_changed(anna):
    play_and_like(anna)
    item = virtual(anna)["On repeat"]["id"]
    assert anna.code("updatePlaylist", playlistId=item, songIdToAdd="one") == 50
    assert anna.code("createPlaylist", playlistId=item, songId="one") == 50
    assert anna.code("deletePlaylist", id=item) == 50
    assert set(songs(anna, virtual(anna)["On repeat"])) == {"three", "four"}
    assert Player(anna.client, u="ben", p="x").code("getPlaylist", id=item) == 70
