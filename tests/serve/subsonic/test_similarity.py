"""Test similar songs and sonic paths."""

import pytest
from tests.serve.subsonic.conftest import ODD

from segue.pipeline.filters.rule_values import add_rule


def ids(songs):
    return [song["id"] for song in songs]


def matches(answer):
    return [(one["entry"]["id"], one["similarity"]) for one in answer["sonicMatch"]]


@pytest.mark.parametrize("method", ["getSimilarSongs", "getSimilarSongs2"])
def test_similar_songs_exclude_the_song(anna, method):
    name = "s" + method.removeprefix("getS")
    found = ids(anna.call(method, id="one", count=4)[name]["song"])
    assert len(found) == 4
    assert "one" not in found


@pytest.mark.parametrize("field", ["albumId", "artistId"])
def test_similar_to_album_starts_with_own_song(anna, field):
    one = anna.song("one")
    found = anna.call("getSimilarSongs2", id=one[field], count=5)["similarSongs2"]["song"]
    assert len(found) == 5
    assert len(set(ids(found))) == 5
    assert found[0][field] == one[field]


def test_similar_songs_of_unknown_id_is_error(anna):
    assert anna.code("getSimilarSongs", id="nothing") == 70


def test_top_songs_are_most_liked(anna):
    found = ids(anna.call("getTopSongs", artist="the alphas")["topSongs"]["song"])
    assert found == ["seven", "one", "two"]
    assert anna.call("getTopSongs", artist="nobody")["topSongs"]["song"] == []
    assert len(anna.call("getTopSongs", artist="The Alphas", count=1)["topSongs"]["song"]) == 1


def test_sonic_similarity_is_sorted_between_0_and_1(anna):
    found = matches(anna.call("getSonicSimilarTracks", id="two"))
    likeness = [similarity for _, similarity in found]
    assert 1 <= len(found) <= 10
    assert "two" not in dict(found)
    assert likeness == sorted(likeness, reverse=True)
    assert all(0 <= one <= 1 for one in likeness)
    assert len(matches(anna.call("getSonicSimilarTracks", id="two", count=2))) == 2


def test_sonic_path_connects_start_and_end(anna):
    found = matches(anna.call("findSonicPath", startSongId="one", endSongId="seven", count=5))
    assert found[0] == ("one", 1.0)
    assert found[-1][0] == "seven"
    assert 2 <= len(found) <= 5
    assert len({track_id for track_id, _ in found}) == len(found)


def test_sonic_path_to_itself_is_one_song(anna):
    found = matches(anna.call("findSonicPath", startSongId="one", endSongId="one"))
    assert found == [("one", 1.0)]


def test_sonic_path_unknown_end_is_error(anna):
    assert anna.code("findSonicPath", startSongId="one", endSongId="nothing") == 70
    assert anna.code("getSonicSimilarTracks", id="nothing") == 70


def test_sonic_similarity_ignores_listens(anna):
    before = matches(anna.call("getSonicSimilarTracks", id="three"))
    for time in range(20):
        anna.call("scrobble", id=["three", ODD], time=[str(10**12 + time), str(10**12 + time)])
    assert matches(anna.call("getSonicSimilarTracks", id="three")) == before


def test_shown_artists_mean_the_first_of_them(library):
    library.histories.welcome("anna")
    rule = add_rule(library, "anna", "play", "artist", "The Alphas feat. Guest")
    assert rule.value == "The Alphas"


def test_songs_that_are_never_played_are_not_chosen(anna, library):
    album = anna.song("one")["albumId"]
    library.histories.welcome("anna")
    library.rules.add("anna", "play", "artist", "the alphas")
    never = {"one", "two", "seven"}
    chosen = {
        "similar": ids(anna.call("getSimilarSongs", id="four", count=9)["similarSongs"]["song"]),
        "of an album": ids(
            anna.call("getSimilarSongs2", id=album, count=9)["similarSongs2"]["song"]
        ),
        "random": ids(anna.call("getRandomSongs", size=500)["randomSongs"]["song"]),
        "sonic": list(dict(matches(anna.call("getSonicSimilarTracks", id="four", count=9)))),
    }
    for name, found in chosen.items():
        assert found, name
        assert not never & set(found), name
    albums = anna.call("getAlbumList2", type="random", size=500)["albumList2"]["album"]
    assert "First" not in [one["name"] for one in albums]
    assert "First" in str(anna.call("getAlbumList2", type="alphabeticalByName", size=500))
    assert "one" in ids(anna.call("getAlbum", id=album)["album"]["song"])
