"""The index for exclusions: the tracks that each rule excludes, and hints about unknown names."""

from pathlib import Path

import pandas as pd
import pytest

from segue.engine import Exclusions
from segue.library import Library
from segue.pipeline.filters.exclusion_index import ExclusionIndex
from segue.sources.cleaning.genres import read_genres
from segue.types import ArtistCredit, Track

TRACKS = [
    Track(
        track_id="0",
        artist="The Beatles",
        album="Help!",
        genres=("pop", "rock"),
        tags={"british": 3},
        year=1965,
        duration=120,
        path=Path("/music/Beatles/Help/01.flac"),
    ),
    Track(
        track_id="1",
        artist="Rihanna",
        artists=tuple(ArtistCredit(name) for name in ("Rihanna", "Drake", "SZA")),
        album="Anti",
        genres=("hip-hop",),
        year=2016,
        duration=240,
        path=Path("/music/Holiday/Christmas/02.flac"),
    ),
    Track(track_id="2", album="Help!"),
]


def index_of(directory, tracks):
    library = Library(directory / "my.segue")
    nothing = pd.DataFrame({"user_id": [], "track_id": []})
    library.add_dataset("data", tracks=tracks, listens=nothing)
    return ExclusionIndex.of(library, library.catalogue())


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    return index_of(tmp_path_factory.mktemp("index"), TRACKS)


@pytest.mark.parametrize(
    ("stated", "named"),
    [
        ("Children's Music", "children's music"),
        ("Kids", "children's music"),
        ("Hip-Hop", "Rap"),
        ("Audiobook", "audiobooks"),
        ("Électronique", "electronic music"),
        ("Wizard Rock", "wizard rock"),
    ],
)
def test_genre_by_another_word_is_excluded(tmp_path, stated, named):
    track = Track(track_id="0", genres=read_genres(stated))
    index = index_of(tmp_path, [track, Track(track_id="1", genres=("jazz",))])
    assert excluded(index, genres=[named]) == [0]
    assert index.hints(Exclusions(genres=[named])) == []


def excluded(index, **rules):
    return index.mask(Exclusions(**rules)).nonzero()[0].tolist()


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ({}, []),
        ({"artists": ["beatles"]}, [0]),
        ({"artists": ["drake"]}, [1]),
        ({"artists": ["Beat"]}, []),
        ({"genres": ["ROCK"]}, [0]),
        ({"genres": ["Hip Hop"]}, [1]),
        ({"tags": ["British"]}, [0]),
        ({"albums": ["help!"]}, [0, 2]),
        ({"albums": ["The Beatles - Help!"]}, [0]),
        ({"folders": ["christmas"]}, [1]),
        ({"folders": ["Holiday/Christmas"]}, [1]),
        ({"folders": ["/music"]}, [0, 1]),
        ({"folders": ["/Beatles"]}, []),
        ({"folders": ["music/Christmas"]}, []),
        ({"min_duration": 121}, [0, 2]),
        ({"max_duration": 120}, [1, 2]),
        ({"from_year": 1966, "to_year": 2016}, [0, 2]),
        ({"from_year": 1965}, [2]),
    ],
)
def test_mask_excludes_tracks_of_each_rule(index, rules, expected):
    assert excluded(index, **rules) == expected


def test_mask_of_artist_covers_all_spellings_of_one_id(tmp_path):
    names = ("Puff Daddy", "Diddy", "Other")
    tracks = [
        Track(track_id=name, artist=name, artists=(ArtistCredit(name, "main", str(i // 2)),))
        for i, name in enumerate(names)
    ]
    assert excluded(index_of(tmp_path, tracks), artists=["diddy"]) == [0, 1]


def test_mask_of_artist_covers_track_with_two_spellings(tmp_path):
    spellings = tuple(ArtistCredit(name, "main", "1-1") for name in ("Puff Daddy", "Diddy"))
    track = Track(track_id="1", artist="Puff Daddy", artists=spellings)
    assert excluded(index_of(tmp_path, [track]), artists=["puff daddy"]) == [0]


def test_mask_of_album_covers_whole_compilation(tmp_path):
    various = {"albumartist": "Various Artists"}
    tracks = [
        Track(track_id=str(i), artist=f"Act {i}", album="Hits", metadata=various) for i in range(2)
    ]
    index = index_of(tmp_path, [*tracks, Track(track_id="x", artist="Act 1", album="Else")])
    assert excluded(index, albums=["hits"]) == [0, 1]
    assert excluded(index, albums=["Various Artists - Hits"]) == [0, 1]
    assert excluded(index, albums=["Act 1 - Hits"]) == []


def test_hints_name_what_no_track_has_and_what_is_near(index):
    rules = Exclusions(
        artists=["Riana", "beatles"], genres=["rok"], albums=["help"], tags=["x"], folders=["y"]
    )
    assert index.hints(rules) == [
        "no track has the artist 'Riana': did you mean 'Rihanna'?",
        "no track has the genre 'rok': did you mean 'rock'?",
        "no track has the tag 'x'.",
        "no track is in the folder 'y'.",
    ]
    assert index.hints(Exclusions()) == []


def test_hints_count_tracks_without_the_limited_value(index):
    assert index.hints(Exclusions(to_year=1999)) == [
        "1 of 3 tracks has no known year and is excluded by its limit."
    ]


def test_mask_of_folder_named_like_an_unknown_home(tmp_path):
    inside = Track(track_id="1", path=Path("/music/~nobody-of-that-name/demo/1.ogg"))
    index = index_of(tmp_path, [inside, Track(track_id="2", path=Path("/music/2.ogg"))])
    assert excluded(index, folders=("~nobody-of-that-name/demo",)) == [0]
