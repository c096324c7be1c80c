"""Exclusions: what each of them leaves out, and what is told of names that nothing has."""

from pathlib import Path

import pytest

from segue.artist_names import comparison_key
from segue.engine import Exclusions
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


def out(**rules):
    return [i for i, one in enumerate(Exclusions(**rules).mask(TRACKS, comparison_key)) if one]


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
def test_what_is_left_out(rules, expected):
    assert out(**rules) == expected


def test_names_that_nothing_has_are_told_with_what_is_near():
    rules = Exclusions(
        artists=["Riana", "beatles"], genres=["rok"], albums=["help"], tags=["x"], folders=["y"]
    )
    assert rules.unmatched(TRACKS, comparison_key) == [
        "no track has the artist 'Riana': did you mean 'Rihanna'?",
        "no track has the genre 'rok': did you mean 'rock'?",
        "no track has the tag 'x'.",
        "no track lies in the folder 'y'.",
    ]
    assert Exclusions().unmatched(TRACKS) == []


@pytest.mark.parametrize(
    ("rules", "sentence"),
    [
        ({"genres": "jazz"}, "genres is one text: give a list"),
        ({"artists": [" "]}, "artists holds an empty name"),
        ({"from_year": 2000, "to_year": 1990}, "no track can be in between"),
        ({"min_duration": -1}, "min_duration is -1"),
        ({"max_duration": float("nan")}, "max_duration is nan"),
    ],
)
def test_rules_that_make_no_sense_are_told(rules, sentence):
    with pytest.raises(ValueError, match=sentence):
        Exclusions(**rules)


def test_a_folder_named_like_a_home_that_is_not_there():
    rules = Exclusions(folders=("~nobody-of-that-name/demo",))
    inside = Track(track_id="1", path=Path("/music/~nobody-of-that-name/demo/1.ogg"))
    assert rules.mask([inside, Track(track_id="2", path=Path("/music/2.ogg"))]).tolist() == [
        True,
        False,
    ]
