"""Metadata: known similarities, and statistics from train tracks only."""

import numpy as np
import pytest

from segue.library.catalogue import ids_of
from segue.signals import metadata, tags
from segue.types import ArtistCredit, Track


def cosines(*tracks):
    return metadata(list(tracks), ids_of(tracks)).for_track(0)


def test_track_has_similarity_one_with_itself():
    track = Track(track_id="1", artist="A", album="B", genres=("c",), tags={"d": 3}, year=1999)
    assert cosines(track)[0] == pytest.approx(1)


def test_metadata_joins_two_spellings_of_an_artist():
    first = Track(track_id="1", artist="The Beatles")
    second = Track(track_id="2", artist="beatles, the")
    assert cosines(first, second)[1] == pytest.approx(1)


def test_metadata_of_guest_track_is_similar_to_both_artists():
    both = (ArtistCredit("Anna"), ArtistCredit("Bob", "guest"))
    track = Track(track_id="1", artist="Anna", artists=both)
    others = [Track(track_id=name, artist=name) for name in ("Anna", "Bob", "Cy")]
    found = cosines(track, *others)
    assert found[1] > found[2] > found[3] == 0


def test_metadata_of_compilation_tracks_is_similar():
    tracks = [
        Track(track_id=str(i), artist=f"Act {i}", album="Hits", metadata={"albumartist": "V.A."})
        for i in range(2)
    ]
    assert cosines(*tracks)[1] > 0


def test_albums_of_one_name_by_two_artists_differ():
    first = Track(track_id="1", artist="A", album="Greatest Hits")
    second = Track(track_id="2", artist="B", album="Greatest Hits")
    assert cosines(first, second)[1] == 0


def test_blocks_have_the_stated_shares():
    # one shared genre, all else different: genre's share of artist + genre, 1 / 2
    first = Track(track_id="1", artist="A", genres=("folk",))
    second = Track(track_id="2", artist="B", genres=("folk",))
    assert cosines(first, second)[1] == pytest.approx(1 / 2)


def test_close_years_are_similar():
    years = [2000, 2001, 2004, 2010]
    found = cosines(*(Track(track_id=str(year), year=year) for year in years))
    assert found[0] > found[1] > found[2] > found[3] == 0


def test_rare_tag_weighs_more_than_a_common_one():
    tracks = [Track(track_id=str(i), tags={"seen live": 1}) for i in range(20)]
    tracks[0] = Track(track_id="0", tags={"seen live": 1, "nyckelharpa": 1})
    tracks.append(Track(track_id="rare", tags={"nyckelharpa": 1}))
    found = tags(tracks).for_track(0)
    assert found[-1] > found[1]


def test_tag_frequencies_come_from_train_tracks_only():
    learned = [Track(track_id="1", tags={"a": 1, "b": 1}), Track(track_id="2", tags={"a": 1})]
    judged = [Track(track_id=str(i), tags={"b": 1}) for i in range(3, 9)]
    train = np.array([True] * 2 + [False] * 6)
    alone = tags(learned).for_track(0)[:2]
    np.testing.assert_allclose(tags(learned + judged, train).for_track(0)[:2], alone)
    assert tags(learned + judged).for_track(0)[1] != pytest.approx(alone[1])


def test_tracks_without_metadata_score_nan():
    tracks = [Track(track_id="1"), Track(track_id="2")]
    signal = metadata(tracks, ids_of(tracks))
    assert not signal.has_vector.any()
