"""Artists and albums: which tracks belong to the same one, and rows that stay."""

import sqlite3
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from segue.library import Library
from segue.library.entities import identify, names_of
from segue.types import ArtistCredit, Track

NONE = pd.DataFrame({"user_id": [], "track_id": []}, dtype=str)


def track(path, artist=None, album=None, *, artists=(), **metadata):
    return Track(
        track_id=path,
        artist=artist,
        artists=artists,
        album=album,
        path=Path("/music") / path,
        metadata=metadata,
    )


def albums_of(*tracks):
    """Return a number for the album of each track, equal for equal albums."""
    keys = [one.album for one in identify(map(names_of, tracks)).tracks]
    numbers = {key: number for number, key in enumerate(dict.fromkeys(keys))}
    return [None if key is None else numbers[key] for key in keys]


def artists_of(*tracks):
    return [[key for key, _ in one.artists] for one in identify(map(names_of, tracks)).tracks]


def test_artists_are_compared_by_name():
    assert artists_of(track("1", "The Beatles"), track("2", "BEATLES"), track("3", "Björk")) == [
        ["beatles"],
        ["beatles"],
        ["bjork"],
    ]


def test_artists_of_track_keep_order_and_roles():
    credits_ = (ArtistCredit("Anna"), ArtistCredit("Bob"), ArtistCredit("Cy", "guest"))
    (found,) = identify([names_of(track("1", "Anna", artists=credits_))]).tracks
    assert found.artists == (("anna", "main"), ("bob", "main"), ("cy", "guest"))


def test_artist_id_joins_two_spellings():
    one = track("1", artists=(ArtistCredit("Puff Daddy", "main", "1-1"),))
    other = track("2", artists=(ArtistCredit("Diddy", "main", "1-1"),))
    assert artists_of(one, other, track("3", "Diddy")) == [["puffdaddy"]] * 3


def test_artist_ids_part_two_artists_of_one_name():
    one = track("1", artists=(ArtistCredit("Nirvana", "main", "1-1"),))
    other = track("2", artists=(ArtistCredit("Nirvana", "main", "2-2"),))
    first, second, plain = artists_of(one, other, track("3", "Nirvana"))
    assert first == plain != second


def test_artist_column_id_counts_where_name_is_unknown():
    one, other, named = artists_of(
        track("1", artist_id="7"), track("2", artist_id="-1"), track("3", "Anna", artist_id="7")
    )
    assert one
    assert other == []
    assert named == ["anna"]


def test_album_of_compilation_is_one():
    tracks = [track(f"VA/{n}", f"Act {n}", "Hits", albumartist="Various Artists") for n in (1, 2)]
    assert albums_of(*tracks) == [0, 0]


def test_album_without_album_artist_is_one_by_folder():
    assert albums_of(track("H/1", "Anna", "Hits"), track("H/2", "Bob", "Hits")) == [0, 0]


def test_album_of_disc_folders_is_one():
    one = track("H/CD1/1", "Anna", "Hits", albumartist="V.A.")
    other = track("H/Disc 2/1", "Bob", "Hits", albumartist="Various Artists")
    assert albums_of(one, other) == [0, 0]


def test_albums_of_one_title_and_two_artists_are_two():
    assert albums_of(track("A/1", "Anna", "Hits"), track("B/1", "Bob", "Hits")) == [0, 1]


def test_albums_of_one_title_in_mixed_folder_are_two():
    others = [track(f"all/{n}", f"Act {n}", f"Album {n}") for n in range(9)]
    titled = [track(f"all/{name}", name, "Hits") for name in ("Anna", "Bob")]
    assert albums_of(*others, *titled)[-2:] == [9, 10]


def test_compilations_in_one_folder_are_one_album_each():
    tracks = [
        track(f"all/{title} {n}", f"Act {n % 4}", title)
        for title in ("Hits 1", "Hits 2", "Hits 3")
        for n in range(5)
    ]
    assert albums_of(*tracks) == [0] * 5 + [1] * 5 + [2] * 5
    best = [track(f"all/{n}", f"Act {n % 3}", "Best") for n in range(9)]  # three albums
    assert albums_of(*tracks, *best)[15:] == [3, 4, 5] * 3


def test_compilations_of_one_title_in_two_folders_are_two():
    one = track("1990/1", "Anna", "Hits", albumartist="Various Artists")
    other = track("2000/1", "Bob", "Hits", albumartist="Various Artists")
    assert albums_of(one, other) == [0, 1]


def test_album_of_one_artist_in_two_folders_is_one():
    one = track("flac/1", "Anna", "Hits", albumartist="Anna")
    assert albums_of(one, track("mp3/2", "Anna feat. Bob", "Hits", albumartist="ANNA")) == [0, 0]


def test_album_with_one_other_artist_belongs_to_most_tracks():
    tracks = [track(f"H/{n}", "Anna", "Hits") for n in (1, 2)]
    other = track("H/3", "Anna & Bob", "Hits")
    assert albums_of(*tracks, other, track("x/1", "Anna", "Hits")) == [0, 0, 0, 0]


def test_album_ids_part_two_releases():
    one, other = (track(f"H/{n}", "Anna", "Hits", musicbrainz_albumid=n) for n in ("1", "2"))
    assert albums_of(one, other, track("H/3", "Anna", "Hits")) == [0, 1, 0]


def test_album_id_joins_two_folders():
    tracks = [track(f"{n}/x", f"Act {n}", "Hits", musicbrainz_albumid="1") for n in (1, 2)]
    assert albums_of(*tracks) == [0, 0]


@pytest.mark.parametrize(("number", "known"), [("3", True), ("-1", False)])
def test_album_column_id_counts_where_title_is_unknown(number, known):
    (album,) = albums_of(track("1", album_id=number))
    assert (album is not None) == known


@pytest.fixture
def library(tmp_path):
    return Library(tmp_path / "my.segue")


def ids(library, table):
    query = {
        "albums": "SELECT title, album_id FROM albums",
        "artists": "SELECT name, artist_id FROM artists",
    }[table]
    with sqlite3.connect(library.directory / "library.db") as connection:
        return dict(connection.execute(query))


@pytest.mark.sqlite
def test_library_keeps_ids_of_entities_through_rescan(library):
    one = track("H/1", "Anna", "Hits")
    library.add_dataset("d", tracks=[one], listens=NONE)
    before = ids(library, "artists"), ids(library, "albums")
    library.add_dataset("d", tracks=[one, track("H/2", "Anna", "Hits")], listens=NONE)
    assert (ids(library, "artists"), ids(library, "albums")) == before


@pytest.mark.sqlite
def test_library_keeps_album_id_when_title_changes(library):
    one = track("H/1", "Anna", "Hitz")
    library.add_dataset("d", tracks=[one], listens=NONE)
    before = ids(library, "albums")["Hitz"]
    library.add_dataset("d", tracks=[replace(one, album="Hits")], listens=NONE)
    assert ids(library, "albums") == {"Hits": before}
    library.add_dataset(
        "d", tracks=[replace(one, album="Hits"), track("x", "Anna", "Hitz")], listens=NONE
    )
    assert len(set(ids(library, "albums").values())) == 2


@pytest.mark.sqlite
def test_library_keeps_album_id_when_folder_moves(library):
    tracks = [track(f"H/{n}", f"Act {n}", "Hits", albumartist="V.A.") for n in (1, 2)]
    library.add_dataset("d", tracks=tracks, listens=NONE)
    before = ids(library, "albums")
    moved = [replace(one, path=Path("/elsewhere") / one.path.name) for one in tracks]
    library.add_dataset("d", tracks=moved, listens=NONE)
    assert ids(library, "albums") == before


@pytest.mark.sqlite
def test_library_notes_artist_id_that_comes_later(library):
    one = track("1", "Anna")
    library.add_dataset("d", tracks=[one], listens=NONE)
    known = replace(one, artists=(ArtistCredit("Anna", "main", "1-1"),))
    library.add_dataset("d", tracks=[known], listens=NONE)
    with sqlite3.connect(library.directory / "library.db") as connection:
        found = connection.execute("SELECT name, musicbrainz_id FROM artists").fetchall()
    assert found == [("Anna", "1-1")]


def test_album_with_artist_of_half_its_tracks_is_various():
    assert albums_of(
        track("H/1", "Anna", "Hits"), track("H/2", "Bob", "Hits"), track("x/1", "Anna", "Hits")
    ) == [0, 0, 1]


def test_album_id_of_later_track_counts_for_album():
    tracks = [track("H/1", "Anna", "Hits"), track("H/2", "Anna", "Hits", mb_albumid="1-1")]
    (album,) = identify(map(names_of, tracks)).albums.values()
    assert album.musicbrainz_id == "1-1"


def artist_names(library):
    """Return the names of the artists of each track, and of its main artist."""
    names = {row: one.name for row, one in library.browse.artists().items()}
    ids = library.catalogue().ids
    return [
        ([names[one] for one in ids.of_track(place).tolist()], names.get(int(ids.artist[place])))
        for place in range(len(ids))
    ]


def test_library_updates_artists_of_changed_track(library):
    one = track("1", "Anna")
    library.add_dataset("d", tracks=[one], listens=NONE)
    assert artist_names(library) == [(["Anna"], "Anna")]
    both = (ArtistCredit("Bob"), ArtistCredit("Anna", "guest"))
    library.add_dataset("d", tracks=[replace(one, artist="Bob", artists=both)], listens=NONE)
    assert artist_names(library) == [(["Bob", "Anna"], "Bob")]


def test_track_with_only_guests_has_no_main_artist(library):
    library.add_dataset(
        "d", tracks=[track("1", artists=(ArtistCredit("Bob", "guest"),))], listens=NONE
    )
    assert artist_names(library) == [(["Bob"], None)]
