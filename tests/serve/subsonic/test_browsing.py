"""Test browsing, lists and search of players."""

import time

import pytest
from tests.serve.subsonic.conftest import ODD


def names(items, name="name"):
    return [item[name] for item in items]


def artist_id(anna, name):
    return next(
        one["id"]
        for index in anna.call("getArtists")["artists"]["index"]
        for one in index["artist"]
        if one["name"] == name
    )


def album_id(anna, name):
    albums = anna.call("getAlbumList2", type="alphabeticalByName")["albumList2"]["album"]
    return next(one["id"] for one in albums if one["name"] == name)


def test_artists_are_indexed_without_articles(anna):
    index = anna.call("getArtists")["artists"]["index"]
    found = {one["name"]: names(one["artist"]) for one in index}
    assert found["A"] == ["The Alphas", "Ärger"]
    assert found["B"] == ["Beta & Co"]
    assert found["#"] == ["[Unknown Artist]"]
    assert found["V"] == ["Various Artists"]


def test_album_songs_are_in_order(anna):
    album = anna.call("getAlbum", id=album_id(anna, "First"))["album"]
    assert names(album["song"], "id") == ["two", "one"]
    assert album["songCount"] == 2
    assert album["duration"] == 8
    assert album["year"] == 1990
    assert album["artist"] == "The Alphas"


def test_compilation_is_one_album_of_all_its_artists(anna):
    album = anna.call("getAlbum", id=album_id(anna, "Mixed"))["album"]
    assert names(album["song"], "id") == ["six", "seven"]
    assert album["artist"] == "Various Artists"
    assert album["isCompilation"] is True
    for name in ("Various Artists", "Guest", "The Alphas"):
        artist = anna.call("getArtist", id=artist_id(anna, name))["artist"]
        assert "Mixed" in names(artist["album"])
        assert artist["albumCount"] == len(artist["album"])


def test_song_names_every_artist_of_track(anna):
    song = anna.call("getSong", id="seven")["song"]
    assert names(song["artists"]) == ["The Alphas", "Guest"]
    assert song["artistId"] == artist_id(anna, "The Alphas")
    assert song["artists"][1]["id"] == artist_id(anna, "Guest")
    assert (song["artist"], song["displayArtist"]) == ("The Alphas", "The Alphas feat. Guest")
    assert names(song["albumArtists"]) == ["Various Artists"]


def test_song_without_tags_can_be_reached(anna):
    song = anna.song(ODD)
    assert song["title"] == ODD
    album = anna.call("getAlbum", id=song["albumId"])["album"]
    assert album["name"] == "[Unknown Album]"
    assert names(album["song"], "id") == [ODD]


def test_song_has_all_metadata(anna):
    song = anna.song("three")
    assert song["track"] == 1
    assert names(song["genres"]) == ["pop", "rock"]
    assert song["path"] == "Beta & Co/Second/Three.flac"
    assert song["suffix"] == "flac"
    assert song["contentType"] == "audio/flac"
    assert song["size"] > 1_000
    assert song["bitRate"] > 10
    assert song["duration"] == 4


def test_folders_lead_from_artist_to_song(anna):
    artist = anna.call("getMusicDirectory", id=artist_id(anna, "Beta & Co"))["directory"]
    (album,) = artist["child"]
    assert album["isDir"] is True
    songs = anna.call("getMusicDirectory", id=album["id"])["directory"]
    assert songs["parent"] == artist["id"]
    assert names(songs["child"], "id") == ["three", "four"]


def test_indexes_unchanged_are_empty(anna):
    indexes = anna.call("getIndexes")["indexes"]
    assert indexes["index"]
    again = anna.call("getIndexes", ifModifiedSince=indexes["lastModified"])
    assert again["indexes"]["index"] == []


def test_genres_have_counts(anna):
    genres = {one["value"]: one for one in anna.call("getGenres")["genres"]["genre"]}
    assert genres["rock"] == {"songCount": 3, "albumCount": 2, "value": "rock"}
    found = anna.call("getSongsByGenre", genre="ROCK", count=2, offset=1)
    assert names(found["songsByGenre"]["song"], "id") == ["two", "three"]
    assert anna.call("getSongsByGenre", genre="polka")["songsByGenre"]["song"] == []


@pytest.mark.parametrize(
    ("wanted", "albums"),
    [
        ({"type": "alphabeticalByName", "size": 3}, ["[Unknown Album]", "Dritte", "First"]),
        ({"type": "alphabeticalByName", "size": 1, "offset": 2}, ["First"]),
        ({"type": "alphabeticalByArtist", "size": 2, "offset": 1}, ["First", "Dritte"]),
        ({"type": "newest", "size": 2}, ["[Unknown Album]", "Mixed"]),
        ({"type": "byYear", "fromYear": 2000, "toYear": 2010}, ["Second", "Mixed", "Dritte"]),
        ({"type": "byYear", "fromYear": 2005, "toYear": 2000}, ["Mixed", "Second"]),
        ({"type": "byGenre", "genre": "rock"}, ["First", "Second"]),
        ({"type": "frequent"}, ["Second", "First"]),
        ({"type": "recent"}, ["First", "Second"]),
        ({"type": "starred"}, ["Dritte"]),
        ({"type": "highest"}, ["Mixed"]),
    ],
)
def test_album_list_follows_type(anna, wanted, albums):
    anna.call("scrobble", id=["three", "four"], time=["1600000000000", "1600000001000"])
    anna.call("scrobble", id="one", time="1700000000000")
    anna.call("star", albumId=album_id(anna, "Dritte"))
    anna.call("setRating", id=album_id(anna, "Mixed"), rating=5)
    found = anna.call("getAlbumList2", **wanted)["albumList2"]["album"]
    assert names(found) == albums


def test_random_albums_are_all_albums(anna):
    found = anna.call("getAlbumList2", type="random", size=500)["albumList2"]["album"]
    assert len({one["id"] for one in found}) == 5


def test_random_songs_match_genre_and_years(anna):
    def random(**wanted):
        return set(names(anna.call("getRandomSongs", **wanted)["randomSongs"]["song"], "id"))

    assert random(genre="jazz", size=500) == {"six", "seven"}
    assert random(fromYear=2000, toYear=2004, size=500) == {"three", "four"}
    assert len(random(size=3)) == 3


def test_search_empty_query_pages_everything(anna):
    seen = []
    for start in range(0, 12, 3):
        found = anna.call("search3", query='""', songCount=3, songOffset=start, artistCount=0)
        seen += names(found["searchResult3"]["song"], "id")
        assert found["searchResult3"]["artist"] == []
    assert len(seen) == len(set(seen)) == 8


@pytest.mark.parametrize(
    ("query", "artists", "albums", "songs"),
    [
        ("alph", ["The Alphas"], ["First"], {"one", "two", "seven"}),
        ("beta*", ["Beta & Co"], ["Second"], {"three", "four"}),
        ("FÜNF", [], [], {"five"}),
        ("arger", ["Ärger"], ["Dritte"], {"five"}),
        ("beta four", [], [], {"four"}),
        ("dritte", [], ["Dritte"], {"five"}),
        ("nothing like this", [], [], set()),
        ("' OR 1=1 --", [], [], set()),
        ("%", None, None, None),
    ],
)
def test_search_finds_name_prefixes(anna, query, artists, albums, songs):
    found = anna.call("search3", query=query)["searchResult3"]
    if songs is None:
        return  # signs alone are no words: whatever comes, it is an answer
    assert names(found["artist"]) == artists
    assert names(found["album"]) == albums
    assert set(names(found["song"], "id")) == songs


def test_missing_files_are_not_listed(anna, library):
    import pandas as pd

    library.add_dataset(
        "nothing",
        tracks=[],
        listens=pd.DataFrame({"user_id": [], "track_id": []}),
        missing=["five"],
    )
    library.record_run("preprocess", {})
    # it is taken up beside the answers
    for _ in range(200):
        everything = anna.call("search3", query="", songCount=500)["searchResult3"]
        if "five" not in names(everything["song"], "id"):
            break
        time.sleep(0.1)
    assert len(everything["song"]) == 7
    assert "Dritte" not in names(everything["album"])
    assert "Ärger" not in names(everything["artist"])


@pytest.mark.parametrize(
    ("method", "parameters"),
    [
        ("getArtist", {"id": "ar-nothing"}),
        ("getAlbum", {"id": "one"}),
        ("getSong", {"id": "al-nothing"}),
        ("getMusicDirectory", {"id": "one"}),
        ("getArtistInfo2", {"id": "x"}),
        ("getAlbumInfo2", {"id": "x"}),
    ],
)
def test_unknown_id_is_not_found(anna, method, parameters):
    assert anna.code(method, **parameters) == 70


def test_unknown_method_is_error(anna):
    answer = anna.ask("noSuchMethod")
    assert answer.status_code == 200
    assert answer.json()["subsonic-response"]["error"]["code"] == 0


@pytest.mark.parametrize(
    ("method", "parameters", "code"),
    [
        ("getSong", {}, 10),
        ("getAlbumList2", {}, 10),
        ("getAlbumList2", {"type": "nonsense"}, 0),
        ("getAlbumList2", {"type": "byYear"}, 10),
        ("getAlbumList2", {"type": "byGenre"}, 10),
        ("getAlbumList2", {"type": "random", "size": "many"}, 0),
        ("getAlbumList2", {"type": "random", "size": "9" * 400}, 0),
        ("getSongsByGenre", {}, 10),
        ("search3", {}, 10),
        ("getTopSongs", {}, 10),
        ("getSimilarSongs", {}, 10),
        ("getSonicSimilarTracks", {"id": "one", "count": "1e9"}, 0),
        ("findSonicPath", {"startSongId": "one"}, 10),
        ("getSong", {"id": "x" * 5_000}, 0),
        ("getSong", {"id": "../../../etc/passwd"}, 70),
        ("getSong", {"id": "\x00"}, 70),
        ("getSong", {"id": "' OR 1=1 --"}, 70),
        ("scrobble", {}, 10),
        ("scrobble", {"id": "one", "time": "yesterday"}, 0),
        ("scrobble", {"id": "one", "time": "99999999999999"}, 0),
        ("scrobble", {"id": "one", "submission": "perhaps"}, 0),
        ("star", {}, 10),
        ("star", {"id": "nothing"}, 70),
        ("star", {"albumId": "one"}, 70),
        ("star", {"artistId": "one"}, 70),
        ("setRating", {"id": "one"}, 10),
        ("setRating", {"id": "one", "rating": 6}, 0),
        ("setRating", {"id": "nothing", "rating": 1}, 70),
        ("createPlaylist", {}, 10),
        ("createPlaylist", {"name": "x", "songId": "nothing"}, 70),
        ("createPlaylist", {"name": "\x1b[2J"}, 0),
        ("updatePlaylist", {}, 10),
        ("deletePlaylist", {"id": "nothing"}, 70),
        ("reportPlayback", {"mediaId": "one"}, 10),
        ("stream", {}, 10),
        ("getCoverArt", {}, 10),
    ],
)
def test_missing_or_invalid_parameter_is_error(anna, method, parameters, code):
    assert anna.code(method, **parameters) == code


def test_numbers_are_limited_to_range(anna):
    found = anna.call("getRandomSongs", size=-5)["randomSongs"]["song"]
    assert found == []
    assert anna.call("getAlbumList2", type="random", offset=10**17)["albumList2"]["album"] == []


def test_search_tolerates_errors_in_names(anna):
    found = anna.call("search3", query="alhpas")["searchResult3"]
    assert names(found["artist"]) == ["The Alphas"]
    assert "First" in names(found["album"])
    assert {"one", "two"} <= set(names(found["song"], "id"))
