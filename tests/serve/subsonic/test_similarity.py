"""Songs like others, and ways through sound."""

import pytest
from tests.serve.subsonic.conftest import ODD


def ids(songs):
    return [song["id"] for song in songs]


def matches(answer):
    return [(one["entry"]["id"], one["similarity"]) for one in answer["sonicMatch"]]


@pytest.mark.parametrize("method", ["getSimilarSongs", "getSimilarSongs2"])
def test_songs_like_a_song_are_others(anna, method):
    name = "s" + method.removeprefix("getS")
    found = ids(anna.call(method, id="one", count=4)[name]["song"])
    assert len(found) == 4
    assert "one" not in found


@pytest.mark.parametrize("field", ["albumId", "artistId"])
def test_songs_like_a_shelf_begin_with_one_of_its_own(anna, field):
    one = anna.song("one")
    found = anna.call("getSimilarSongs2", id=one[field], count=5)["similarSongs2"]["song"]
    assert len(found) == 5
    assert len(set(ids(found))) == 5
    assert found[0][field] == one[field]


def test_similar_songs_of_nothing_are_not_found(anna):
    assert anna.code("getSimilarSongs", id="nothing") == 70


def test_top_songs_are_those_that_most_like(anna):
    found = ids(anna.call("getTopSongs", artist="the alphas")["topSongs"]["song"])
    assert found == ["seven", "one", "two"]
    assert anna.call("getTopSongs", artist="nobody")["topSongs"]["song"] == []
    assert len(anna.call("getTopSongs", artist="The Alphas", count=1)["topSongs"]["song"]) == 1


def test_sonic_similarity_is_between_nought_and_one_the_most_alike_first(anna):
    found = matches(anna.call("getSonicSimilarTracks", id="two"))
    likeness = [similarity for _, similarity in found]
    assert 1 <= len(found) <= 10
    assert "two" not in dict(found)
    assert likeness == sorted(likeness, reverse=True)
    assert all(0 <= one <= 1 for one in likeness)
    assert len(matches(anna.call("getSonicSimilarTracks", id="two", count=2))) == 2


def test_a_path_leads_from_its_start_to_its_end(anna):
    found = matches(anna.call("findSonicPath", startSongId="one", endSongId="seven", count=5))
    assert found[0] == ("one", 1.0)
    assert found[-1][0] == "seven"
    assert 2 <= len(found) <= 5
    assert len({track_id for track_id, _ in found}) == len(found)


def test_a_path_to_itself_is_one_song(anna):
    found = matches(anna.call("findSonicPath", startSongId="one", endSongId="one"))
    assert found == [("one", 1.0)]


def test_ends_that_are_not_there_are_told(anna):
    assert anna.code("findSonicPath", startSongId="one", endSongId="nothing") == 70
    assert anna.code("getSonicSimilarTracks", id="nothing") == 70


def test_sonic_similarity_never_asks_who_listened(anna):
    before = matches(anna.call("getSonicSimilarTracks", id="three"))
    for time in range(20):
        anna.call("scrobble", id=["three", ODD], time=[str(10**12 + time), str(10**12 + time)])
    assert matches(anna.call("getSonicSimilarTracks", id="three")) == before
