"""Client libraries of real players against a running server.

`py-opensonic` is what Music Assistant uses, `py-sonic` what Mopidy-Subidy uses.
"""

import asyncio
import warnings

import pytest

libopensonic = pytest.importorskip("libopensonic", reason="install the extra dev: py-opensonic")
libsonic = pytest.importorskip("libsonic", reason="install the extra dev: py-sonic")


@pytest.fixture
def port(secrets, serve):
    return serve().port


async def _opensonic(port, password, steps):
    connection = libopensonic.AsyncConnection(
        "http://127.0.0.1", "anna", password, port=port, use_get=True, app_name="Music Assistant"
    )
    try:
        return await steps(connection)
    finally:
        await connection.cleanup()


def test_music_assistant_syncs_the_library(port, secrets):
    """The calls of its provider, step by step."""

    async def steps(connection):
        assert await connection.ping()
        names = {one.name for one in await connection.get_open_subsonic_extensions()}
        assert {"songLyrics", "apiKeyAuthentication"} <= names
        for index in (await connection.get_artists()).index:
            for artist in index.artist:
                await connection.get_artist(artist.id)
                await connection.get_artist_info2(aid=artist.id)
        albums = await connection.get_album_list2(ltype="alphabeticalByArtist", size=500)
        assert {one.name for one in albums} >= {"First", "Second", "Mixed"}
        found = await connection.search3(query="", artist_count=0, album_count=0, song_count=200)
        for song in found.song:
            album = await connection.get_album(song.album_id)
            assert song.id in {one.id for one in album.song}
            await connection.get_album_info2(aid=song.album_id)
            await connection.get_lyrics(song.title, song.artist)
            await connection.get_lyrics_by_song_id(song.id)
            cover = await connection.get_cover_art(song.cover_art, 300)
            assert (await cover.read())[:2] in (b"\xff\xd8", b"\x89P")
        for playlist in await connection.get_playlists():
            await connection.get_playlist(playlist.id)
        assert list(await connection.get_podcasts(inc_episodes=True)) == []
        assert list(await connection.get_newest_podcasts(count=10)) == []
        assert list(await connection.get_internet_radio_stations()) == []
        with pytest.raises(libopensonic.errors.DataNotFoundError):
            await connection.get_cover_art("al-nothing")
        assert await connection.scrobble("one", submission=False)
        assert await connection.scrobble("one")
        assert await connection.create_bookmark("one", 1_000)
        (bookmark,) = await connection.get_bookmarks()
        assert (bookmark.entry.id, bookmark.position) == ("one", 1_000)
        similar = await connection.get_similar_songs2("one", count=5)
        assert "one" not in {one.id for one in similar}
        stream = await connection.stream("one")
        assert (await stream.read())[:4] == b"fLaC"
        return len(found.song)

    assert asyncio.run(_opensonic(port, secrets["anna"][0], steps)) == 8


def test_py_sonic_browses_plays_and_rates(port, secrets):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the standard library, on behalf of the client
        player = libsonic.Connection("http://127.0.0.1", "anna", secrets["anna"][0], port=port)
        assert player.ping()
        indexes = player.getIndexes()["indexes"]["index"]
        artist = next(
            one for index in indexes for one in index["artist"] if one["name"] == "The Alphas"
        )
        albums = player.getMusicDirectory(artist["id"])["directory"]["child"]
        first = next(one for one in albums if one["title"] == "First")
        songs = player.getMusicDirectory(first["id"])["directory"]["child"]
        assert [one["id"] for one in songs] == ["two", "one"]
        found = player.search2("one")["searchResult2"]["song"]
        assert "one" in {one["id"] for one in found}
        with player.stream("one") as stream:
            assert stream.read()[:4] == b"fLaC"
        with player.getCoverArt(first["coverArt"], size=100) as cover:
            assert cover.read()[:2] == b"\xff\xd8"
        player.star(sids=["one"])
        assert [one["id"] for one in player.getStarred2()["starred2"]["song"]] == ["one"]
        player.setRating("two", 5)
        player.scrobble("one")
        player.createPlaylist(name="Mine", songIds=["one", "two"])
        lists = player.getPlaylists()["playlists"]["playlist"]
        mine = next(one for one in lists if one["name"] == "Mine")
        assert mine["songCount"] == 2
        player.savePlayQueue(["one", "two"], current="two", position=1_000)
        assert player.getPlayQueue()["playQueue"]["current"] == "two"
        player.createBookmark("two", 5_000)
        assert player.getBookmarks()["bookmarks"]["bookmark"][0]["position"] == 5_000
        assert player.getLyrics(artist="The Alphas", title="One")["lyrics"]["value"] == ""
        assert player.getPodcasts()["podcasts"]["channel"] == []
        assert player.getInternetRadioStations()["status"] == "ok"
