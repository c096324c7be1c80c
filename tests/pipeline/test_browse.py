"""Browsing: artists, albums and genres, their order and ids."""

import pandas as pd
import pytest

from segue.library import Library
from segue.pipeline.catalogue.browse import browse_index
from segue.types import ArtistCredit, Track


@pytest.fixture
def library(tmp_path):
    opened = Library(tmp_path / "my.segue")
    yield opened
    opened.close()


def indexed(library, *tracks):
    """Add tracks to the library and return its browse index."""
    given = [
        Track(track_id=f"{len(library.catalogue())}-{number}", **values)
        for number, values in enumerate(tracks)
    ]
    nothing = pd.DataFrame({"user_id": [], "track_id": []})
    library.add_dataset("data", tracks=given, listens=nothing)
    return browse_index(library, library.catalogue())


def test_browse_joins_spellings_of_one_artist(library):
    found = indexed(library, {"artist": "The Beatles"}, {"artist": "beatles, the"}, {"artist": "B"})
    assert [artist.name for artist in found.artists] == ["B", "The Beatles"]
    assert found.artist_called("BEATLES").tracks.tolist() == [0, 1]


def test_browse_separates_albums_of_one_title_by_artist(library):
    found = indexed(
        library,
        {"artist": "A", "album": "Greatest Hits"},
        {"artist": "B", "album": "Greatest hits"},
    )
    assert len(found.albums) == 2
    assert len({album.id for album in found.albums}) == 2


def test_browse_ids_stay_when_tracks_are_added(library):
    before = indexed(library, {"artist": "M", "album": "One"})
    after = indexed(library, {"artist": "A", "album": "Zero"}, {"artist": "m", "album": "one"})
    assert before.albums[0].id in {album.id for album in after.albums}
    assert before.artists[0].id in {artist.id for artist in after.artists}
    assert after.album(before.albums[0].id).tracks.tolist() == [0, 2]


def test_browse_orders_album_by_disc_and_number(library):
    album = {"artist": "A", "album": "B"}
    numbers = [("1", "2"), ("2", "1"), ("1", "1/9"), ("", ""), ("one", "x")]
    found = indexed(
        library,
        *({**album, "metadata": {"discnumber": d, "tracknumber": n}} for d, n in numbers),
    )
    assert found.albums[0].tracks.tolist() == [3, 4, 2, 0, 1]
    assert found.numbers.tolist() == [2, 1, 1, 0, 0]


def test_browse_leaves_out_tracks_after_catalogue(library):
    indexed(library, {"artist": "A"})
    catalogue = library.catalogue()
    indexed(library, {"artist": "B"})
    found = browse_index(library, catalogue)
    assert [artist.name for artist in found.artists] == ["A"]
    assert len(found.album_of) == 1


def test_browse_of_empty_library_is_empty(library):
    found = browse_index(library, library.catalogue())
    assert not found.artists
    assert not found.albums
    assert not len(found.shelved())


BOTH = (ArtistCredit("Anna", "main", "1-1"), ArtistCredit("Bob", "guest"))


def test_browse_lists_track_under_every_artist(library):
    found = indexed(library, {"artist": "Anna", "artists": BOTH}, {"artist": "Bob", "album": "B"})
    anna, bob = found.artists
    assert (anna.tracks.tolist(), bob.tracks.tolist()) == ([0], [0, 1])
    assert (anna.musicbrainz_id, bob.musicbrainz_id) == ("1-1", "")
    assert [artist.name for artist in found.credited(0)] == ["Anna", "Bob"]
    assert [found.albums[number].name for number in bob.albums] == ["[Unknown Album]", "B"]


def test_browse_lists_compilation_once(library):
    various = {"albumartist": "Various Artists"}
    found = indexed(
        library,
        *({"artist": f"Act {n}", "album": "Hits", "metadata": various} for n in (1, 2)),
    )
    (album,) = found.albums
    assert album.tracks.tolist() == [0, 1]
    assert found.artists[album.artist].name == "Various Artists"
    assert len(found.artists) == 3
