"""Calls of AudioMuse-AI's plugins, as they send them, answered with ids of a connected server."""

import pytest
from tests.serve.conftest import ODD, PASSWORD, Client

from segue.library import Library, ServerAccount, ServerConnection
from segue.pipeline.accounts.login import add_account
from segue.pipeline.accounts.sessions import create_key
from segue.serve.app import make_app

NAVIDROME = "item_id={}&n={}&eliminate_duplicates=true&radius_similarity=false"
"""The query of the plugin for Navidrome; that for Jellyfin sends `n` first and less else."""
JELLYFIN = "n={1}&item_id={0}&eliminate_duplicates=true"


@pytest.fixture
def server_ids(directory):
    """Connect the library with a server that has all tracks but two; return ids by track."""
    library = Library(directory)
    rows = {track.track_id: row for row, track in library.each_track()}
    one = library.connections.add(
        ServerConnection(name="home", kind="navidrome", url="http://x", source="navidrome")
    )
    account = library.connections.add_account(
        one.row,
        ServerAccount(user="anna", listener="anna", first_listener="anna", credentials={}),
    )
    items = {track: f"{row:032x}" for track, row in rows.items() if track not in ("t03", ODD)}
    library.connections.put_batch(
        account,
        one,
        items={item: rows[track] for track, item in items.items()},
        counts=[],
        arrivals=[],
    )
    library.close()
    return items


@pytest.mark.parametrize("query", [NAVIDROME, JELLYFIN])
def test_similar_tracks_have_the_servers_ids(server_ids, directory, query):
    with Client(make_app(directory)) as client:
        answer = client.get("/api/similar_tracks?" + query.format(server_ids["t00"], 5))
        assert answer.status_code == 200, answer.text
        found = answer.json()
        assert len(found) == 5
        assert {one["item_id"] for one in found} <= set(server_ids.values()) - {server_ids["t00"]}
        assert all(set(one) == {"item_id", "title", "author", "album", "distance"} for one in found)
        distances = [one["distance"] for one in found]
        assert distances == sorted(distances)
        assert all(0 <= one <= 1 for one in distances)
        # the tracks are those that players of segue get
        rest = {"u": "anna", "p": "x", "v": "1.16.1", "c": "test", "f": "json", "id": "t00"}
        own = client.get("/rest/getSonicSimilarTracks", params={**rest, "count": 12}).json()
        matches = own["subsonic-response"]["sonicMatch"]
        tracks = [one["entry"]["id"] for one in matches if one["entry"]["id"] in server_ids]
        assert [one["item_id"] for one in found] == [server_ids[one] for one in tracks][:5]


def test_hyphens_of_jellyfin_ids_do_not_matter(server_ids, directory):
    item = server_ids["t00"]
    spelled = f"{item[:8]}-{item[8:12]}-{item[12:16]}-{item[16:20]}-{item[20:]}"
    with Client(make_app(directory)) as client:
        one, other = (client.get(f"/api/track?item_id={each}").json() for each in (item, spelled))
    assert (
        one
        == other
        == {
            "item_id": item,
            "title": "Piece 0",
            "author": "Band 0",
            "album": "unknown",
        }
    )


def test_path_leads_from_one_song_to_the_other(server_ids, directory):
    start, end = server_ids["t00"], server_ids["t01"]
    query = f"count=6&end_song_id={end}&max_steps=6&mood_pct=100&path_fix_size=false"
    with Client(make_app(directory)) as client:
        found = client.get(f"/api/find_path?{query}&start_song_id={start}").json()
        ids = [one["item_id"] for one in found["path"]]
        assert (ids[0], ids[-1]) == (start, end)
        assert len(ids) <= 6
        assert found["total_distance"] >= 0
        same = client.get(f"/api/find_path?start_song_id={start}&end_song_id={start}")
        assert (same.status_code, set(same.json())) == (400, {"error"})


def test_search_artists_and_distances_have_their_shape(server_ids, directory):
    with Client(make_app(directory)) as client:
        tracks = client.get("/api/search_tracks?title=Piece%202&artist=").json()
        assert tracks[0] == {
            "item_id": server_ids["t02"],
            "title": "Piece 2",
            "author": "Band 2",
            "album": "unknown",
            "album_artist": "Band 2",
        }
        artists = client.get("/api/similar_artists?n=2&artist=Band%201").json()
        assert [set(one) for one in artists] == [{"artist", "artist_id", "divergence"}] * 2
        far = client.get(f"/api/max_distance?item_id={server_ids['t00']}").json()
        assert set(far) == {"max_distance", "farthest_item_id"}
        named = client.get("/api/similar_tracks?n=3&title=Piece%200&artist=Band%200")
        assert named.status_code == 200, named.text


def test_unknown_songs_and_calls_are_errors(server_ids, directory):
    with Client(make_app(directory)) as client:
        for query, status in (("item_id=nonsense&n=5", 404), ("n=5", 400)):
            answer = client.get(f"/api/similar_tracks?{query}")
            assert answer.status_code == status
            assert isinstance(answer.json()["error"], str)
        assert client.get("/api/nonsense").status_code == 404


def test_without_a_connection_ids_are_segues(directory):
    with Client(make_app(directory)) as client:
        found = client.get("/api/similar_tracks?item_id=t00&n=3").json()
    assert all(one["item_id"].startswith("t") for one in found if one["item_id"] != ODD)


def test_token_is_a_key_of_an_account(server_ids, directory):
    library = Library(directory)
    add_account(library, "anna", PASSWORD, admin=True)
    key = create_key(library, "anna", "plugin")
    library.close()
    path = f"/api/similar_tracks?item_id={server_ids['t00']}&n=3"
    with Client(make_app(directory)) as client:
        for header in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Bearer "}):
            refused = client.get(path, headers=header)
            assert (refused.status_code, refused.json()) == (401, {"error": "Unauthorized"})
        assert client.get(path, headers={"Authorization": f"Bearer {key}"}).status_code == 200
