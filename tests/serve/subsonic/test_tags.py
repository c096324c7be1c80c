"""Test what players see of the tags and covers of a music folder."""

from io import BytesIO

import numpy as np
import pytest
import soundfile
from mutagen.flac import FLAC
from PIL import Image
from tests.factories import RATE, make_library
from tests.serve.conftest import Client
from tests.serve.subsonic.conftest import Player

from segue.serve.app import make_app

ALBUM_ID = "33333333-2222-4333-8444-000000000001"
ARTIST_ID = "44444444-2222-4333-8444-000000000001"
RECORDING_ID = "55555555-2222-4333-8444-000000000001"
FULL = {
    "title": "Full",
    "artist": "Foldered",
    "album": "With folder.jpg",
    "tracknumber": "1",
    "discnumber": "2",
    "discsubtitle": "Late",
    "date": "2001",
    "originaldate": "1999-05-01",
    "genre": "Hip-Hop",
    "MUSICBRAINZ_ALBUMID": ALBUM_ID,
    "MUSICBRAINZ_ARTISTID": ARTIST_ID,
    "MUSICBRAINZ_TRACKID": RECORDING_ID,
    "ISRC": ["USABC0000001", "USABC0000002"],
    "COMPOSER": "Comp Oser",
    "comment": "hello",
    "LABEL": "Lab",
    "RELEASETYPE": ["album", "live"],
    "ITUNESADVISORY": "1",
    "TITLESORT": "Sorted",
    "REPLAYGAIN_TRACK_GAIN": "-7.10 dB",
    "REPLAYGAIN_TRACK_PEAK": "0.99",
    "REPLAYGAIN_ALBUM_GAIN": "-6.90 dB",
    "REPLAYGAIN_ALBUM_PEAK": "1.0",
}
BOTH = {"album": "Both", "albumartist": "Alpha & Beta"}
FILES = {
    "Foldered/One/01.flac": FULL,
    "Multi/Both/01.flac": {
        **BOTH,
        "title": "m1",
        "artist": "Alpha feat. Beta",
        "ARTISTS": ["Alpha", "Beta"],
        "genre": ["Trip Hop", "Drum & Bass", "R&B"],
    },
    "Multi/Both/02.flac": {**BOTH, "title": "m2", "artist": ["Alpha", "Beta"]},
}


@pytest.fixture(scope="module")
def tagged(tmp_path_factory):
    """The directory of a library of a music folder. Not to be changed."""
    folder = tmp_path_factory.mktemp("tagged")
    rng = np.random.default_rng(2)
    for name, tags in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, 0.1 * rng.normal(size=(3 * RATE, 2)), RATE, subtype="PCM_16")
        file = FLAC(path)
        for key, value in tags.items():
            file[key] = value
        file.save()
    Image.new("RGB", (2_000, 2_000), "navy").save(folder / "Foldered/One/folder.jpg")
    library = make_library(tmp_path_factory.mktemp("kept") / "my.segue", folder)
    library.close()
    return library.directory


@pytest.fixture(scope="module")
def player(tagged):
    with Client(make_app(tagged)) as client:
        yield Player(client, u="anna", p="x")


@pytest.fixture
def song(player):
    return lambda title: next(
        one
        for one in player.call("search3", query="")["searchResult3"]["song"]
        if one["title"] == title
    )


def names(items):
    return [one["name"] for one in items]


def test_song_has_what_its_tags_state(song):
    found = song("Full")
    assert found["musicBrainzId"] == RECORDING_ID
    assert found["isrc"] == ["USABC0000001", "USABC0000002"]
    assert found["comment"] == "hello"
    assert found["displayComposer"] == "Comp Oser"
    (composer,) = found["contributors"]
    assert (composer["role"], composer["artist"]["name"]) == ("composer", "Comp Oser")
    assert found["explicitStatus"] == "explicit"
    assert found["sortName"] == "sorted"
    assert found["replayGain"] == {
        "trackGain": -7.1,
        "albumGain": -6.9,
        "trackPeak": 0.99,
        "albumPeak": 1.0,
    }


def test_song_has_the_properties_of_its_audio(song):
    found = song("Full")
    assert (found["samplingRate"], found["bitDepth"], found["channelCount"]) == (RATE, 16, 2)
    assert found["bitRate"] > 100


def test_song_without_gain_tags_has_those_of_the_analysis(song):
    gain = song("m2")["replayGain"]
    assert -20 < gain["trackGain"] < 20
    assert -20 < gain["albumGain"] < 20


def test_album_has_what_its_tags_state(player, song):
    album = player.call("getAlbum", id=song("Full")["albumId"])["album"]
    assert album["musicBrainzId"] == ALBUM_ID
    assert album["originalReleaseDate"] == {"year": 1999, "month": 5, "day": 1}
    assert album["releaseDate"] == {"year": 2001}
    assert album["recordLabels"] == [{"name": "Lab"}]
    assert album["releaseTypes"] == ["album", "live"]
    assert album["explicitStatus"] == "explicit"
    assert album["discTitles"] == [{"disc": 2, "title": "Late"}]
    artist = player.call("getArtist", id=song("Full")["artistId"])["artist"]
    assert artist["musicBrainzId"] == ARTIST_ID


@pytest.mark.parametrize(("title", "shown"), [("m1", "Alpha feat. Beta"), ("m2", "Alpha, Beta")])
def test_song_names_all_artists(player, song, title, shown):
    found = song(title)
    assert names(found["artists"]) == ["Alpha", "Beta"]
    assert found["displayArtist"] == shown
    assert found["displayAlbumArtist"] == "Alpha & Beta"
    beta = player.call("getArtist", id=found["artists"][1]["id"])["artist"]
    assert (beta["name"], names(beta["album"])) == ("Beta", ["Both"])


def test_genres_are_written_as_tagged(player, song):
    assert song("Full")["genre"] == "Hip-Hop"
    assert names(song("m1")["genres"]) == ["Trip Hop", "Drum & Bass", "R&B"]
    listed = [one["value"] for one in player.call("getGenres")["genres"]["genre"]]
    assert set(listed) == {"Hip-Hop", "Trip Hop", "Drum & Bass", "R&B"}
    for genre in listed:
        assert player.call("getSongsByGenre", genre=genre)["songsByGenre"]["song"], genre
        found = player.call("getAlbumList2", type="byGenre", genre=genre)
        assert found["albumList2"]["album"], genre


def test_fields_without_value_are_left_out(player, song):
    found = song("m2")
    assert not {"played", "isrc", "comment", "starred", "userRating"} & found.keys()
    album = player.call("getAlbum", id=found["albumId"])["album"]
    assert not {"played", "musicBrainzId", "recordLabels"} & album.keys()


def test_cover_of_a_folder_is_reduced(player, song):
    found = song("Full")
    for item in (found["id"], found["albumId"], found["artistId"], found["coverArt"]):
        answer = player.ask("getCoverArt", id=item, size=100)
        assert answer.headers["content-type"] == "image/jpeg"
        assert max(Image.open(BytesIO(answer.content)).size) <= 192
    whole = player.ask("getCoverArt", id=found["id"])
    assert max(Image.open(BytesIO(whole.content)).size) <= 1_536


@pytest.mark.parametrize("client", ["DSub", "Clementine"])
def test_old_players_get_items_without_elements(player, client):
    old = Player(player.client, **{**player.identity, "c": client})
    album = old.xml("getAlbumList2", type="newest")[0][0]
    assert len(album) == 0
    songs = old.xml("getAlbum", id=album.get("id"))[0]
    assert songs
    for element in songs:
        assert element.tag.endswith("song")
        assert len(element) == 0
        assert element.get("albumId") == album.get("id")
    for artist in old.xml("getArtists").iter("{http://subsonic.org/restapi}artist"):
        assert len(artist) == 0
