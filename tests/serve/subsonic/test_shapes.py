"""Test the response of every method against the published schema, as XML and JSON."""

import json

import pytest
from tests.serve.subsonic.shapes import (
    ALBUM,
    ARTIST,
    BOOKMARK,
    ERROR,
    FOLDER,
    HEAD,
    INDEX,
    LYRICS,
    NOW,
    PLAYLIST,
    QUEUE,
    SONG,
    SONGS,
    SONIC,
    STATION,
    USER,
    check,
    from_xml,
)

SHAPES = {
    "ping": ({}, {}),
    "getLicense": ({}, {"license": {"valid": bool}}),
    "getOpenSubsonicExtensions": (
        {},
        {"openSubsonicExtensions": [{"name": str, "versions": [int]}]},
    ),
    "getMusicFolders": ({}, {"musicFolders": {"musicFolder": [{"id": int, "name?": str}]}}),
    "getScanStatus": ({}, {"scanStatus": {"scanning": bool, "count?": int}}),
    "getUsers": ({}, {"users": {"user": [USER]}}),
    "tokenInfo": ({}, {"tokenInfo": {"username": str}}),
    "getUser": ({"username": "anna"}, {"user": USER}),
    "getIndexes": (
        {},
        {"indexes": {"lastModified": int, "ignoredArticles": str, "index?": INDEX}},
    ),
    "getArtists": ({}, {"artists": {"ignoredArticles": str, "index?": INDEX}}),
    "getArtist": ({"id": "artist"}, {"artist": {**ARTIST, "album?": [ALBUM]}}),
    "getAlbum": ({"id": "album"}, {"album": {**ALBUM, "song?": [SONG]}}),
    "getSong": ({"id": "one"}, {"song": SONG}),
    "getArtistInfo": ({"id": "artist"}, {"artistInfo": {"similarArtist?": [ARTIST]}}),
    "getArtistInfo2": ({"id": "artist"}, {"artistInfo2": {"similarArtist?": [ARTIST]}}),
    "getAlbumInfo": ({"id": "album"}, {"albumInfo": {}}),
    "getAlbumInfo2": ({"id": "album"}, {"albumInfo": {}}),
    "getGenres": (
        {},
        {"genres": {"genre?": [{"songCount": int, "albumCount": int, "value": str}]}},
    ),
    "getAlbumList": (
        {"type": "alphabeticalByName"},
        {"albumList": {"album?": [FOLDER]}},
    ),
    "getAlbumList2": (
        {"type": "alphabeticalByArtist"},
        {"albumList2": {"album?": [ALBUM]}},
    ),
    "getRandomSongs": ({"fromYear": 2010, "toYear": 2010}, {"randomSongs": SONGS}),
    "getSongsByGenre": ({"genre": "rock"}, {"songsByGenre": SONGS}),
    "getStarred": (
        {},
        {"starred": {"artist?": [ARTIST], "album?": [FOLDER], "song?": [SONG]}},
    ),
    "getStarred2": (
        {},
        {"starred2": {"artist?": [ARTIST], "album?": [ALBUM], "song?": [SONG]}},
    ),
    "search2": (
        {"query": "alphas"},
        {"searchResult2": {"artist?": [ARTIST], "album?": [FOLDER], "song?": [SONG]}},
    ),
    "search3": (
        {"query": ""},
        {"searchResult3": {"artist?": [ARTIST], "album?": [ALBUM], "song?": [SONG]}},
    ),
    "getSimilarSongs": ({"id": "one", "count": 3}, {"similarSongs": SONGS}),
    "getSimilarSongs2": ({"id": "one", "count": 3}, {"similarSongs2": SONGS}),
    "getTopSongs": ({"artist": "The Alphas"}, {"topSongs": SONGS}),
    "getSonicSimilarTracks": ({"id": "one", "count": 4}, {"sonicMatch": SONIC}),
    "findSonicPath": (
        {"startSongId": "one", "endSongId": "seven", "count": 4},
        {"sonicMatch": SONIC},
    ),
    "getPlaylists": ({}, {"playlists": {"playlist?": [PLAYLIST]}}),
    "getPlaylist": ({"id": "playlist"}, {"playlist": {**PLAYLIST, "entry?": [SONG]}}),
    "getNowPlaying": ({}, {"nowPlaying": {"entry?": [NOW]}}),
    "getLyrics": ({}, {"lyrics": LYRICS}),
    "getLyricsBySongId": ({"id": "one"}, {"lyricsList": {"structuredLyrics?": []}}),
    "getPlayQueue": ({}, {"playQueue": {**QUEUE, "current?": str}}),
    "getPlayQueueByIndex": ({}, {"playQueueByIndex": {**QUEUE, "currentIndex?": int}}),
    "getBookmarks": ({}, {"bookmarks": {"bookmark?": [BOOKMARK]}}),
    "getInternetRadioStations": (
        {},
        {"internetRadioStations": {"internetRadioStation?": [STATION]}},
    ),
    "search": (
        {"any": "one"},
        {"searchResult": {"offset": int, "totalHits": int, "match?": [SONG]}},
    ),
    "star": ({"id": "two"}, {}),
    "unstar": ({"id": "two"}, {}),
    "setRating": ({"id": "two", "rating": 3}, {}),
    "scrobble": ({"id": "one", "time": "1700000000000"}, {}),
    "reportPlayback": (
        {"mediaId": "one", "mediaType": "song", "positionMs": 0, "state": "paused"},
        {},
    ),
    "updatePlaylist": ({"playlistId": "playlist", "name": "Other"}, {}),
}


@pytest.mark.parametrize("method", SHAPES)
def test_response_matches_schema_in_xml_and_json(told, method):
    anna, ids = told
    given, shape = SHAPES[method]
    parameters = {name: ids.get(value, value) for name, value in given.items()}
    document = anna.call(method, **parameters)
    check(document, {**HEAD, **shape}, method)
    element = anna.xml(f"{method}.view", **parameters)
    assert element.tag == "{http://subsonic.org/restapi}subsonic-response"
    again = from_xml(element, {**HEAD, **shape})
    if method == "getNowPlaying":
        for each in (document, again):
            assert each["nowPlaying"]["entry"][0].pop("positionMs") >= 0
    assert without_empty_lists(again) == without_empty_lists(document)


def without_empty_lists(value):
    """Return a document without empty lists, which XML does not show."""
    if isinstance(value, dict):
        return {key: without_empty_lists(one) for key, one in value.items() if one != []}
    return [without_empty_lists(one) for one in value] if isinstance(value, list) else value


def test_response_names_the_server(anna):
    document = anna.call("ping")
    assert document["version"] == "1.16.1"
    assert document["type"] == "segue"
    assert document["openSubsonic"] is True


def test_error_matches_schema_in_xml_and_json(anna):
    document = anna.ask("getSong", id="nowhere").json()["subsonic-response"]
    check(document, {**HEAD, "error": ERROR})
    text = anna.ask("getSong", f="xml", id="nowhere").text
    assert '<error code="70" message="There is no such song."/>' in text
    assert 'status="failed"' in text


def test_default_format_is_xml(client):
    answer = client.get("/rest/ping", params={"u": "anna", "v": "1.16.1", "c": "test"})
    assert answer.headers["content-type"].startswith("text/xml")


def test_jsonp_calls_named_function(anna):
    answer = anna.ask("ping", f="jsonp", callback="players.on_answer")
    assert answer.headers["content-type"].startswith("application/javascript")
    assert answer.text.startswith("players.on_answer({")
    inside = answer.text.removeprefix("players.on_answer(").removesuffix(");")
    assert json.loads(inside)["subsonic-response"]["status"] == "ok"


@pytest.mark.parametrize(
    ("callback", "code"),
    [("", 10), ("alert(1);x", 0), ("a" * 200, 0), ("a\n", 0), ("</script>", 0), ("a..b", 0)],
)
def test_jsonp_invalid_callback_is_error(anna, callback, code):
    answer = anna.ask("ping", f="jsonp", callback=callback)
    assert answer.headers["content-type"].startswith("text/xml")
    assert f'code="{code}"' in answer.text


def test_names_are_escaped(anna):
    assert anna.song("four")["title"] == 'Four "4" <&>'
    assert anna.xml("getSong", id="four")[0].get("title") == 'Four "4" <&>'


def test_responses_have_no_server_paths(told, shelved):
    anna, ids = told
    places = (str(shelved.parent), str(anna.client.app.state.app_state.directory.parent))
    for method, (given, _) in SHAPES.items():
        parameters = {name: ids.get(value, value) for name, value in given.items()}
        text = anna.ask(method, **parameters).text
        assert not any(place in text for place in places)
        assert "/audio/" not in text
