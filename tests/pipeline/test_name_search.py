"""Search by names: typing errors, accents, other scripts, beginnings of words, order."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.library import AlbumRow, ArtistRow
from segue.library.catalogue import ids_of
from segue.pipeline.recommender.name_search import NameSearch
from segue.types import Track

NAMES = [
    *("Radiohead", "The Beatles", "Sigur Rós", "Кино", "椎名林檎", "AC/DC", "Queen"),
    *("Queens of the Stone Age", "Guns N\u2019 Roses", "さくら", "Björk", "Motörhead"),
]


@pytest.fixture(scope="module")
def index() -> NameSearch:
    tracks = [
        Track(track_id=str(number), title=f"Song {number}", artist=name, album=f"Best of {name}")
        for number, name in enumerate(NAMES)
    ]
    ids = ids_of(tracks)
    artists = {
        int(ids.artist[number]): ArtistRow(f"ar-{number}", name, name, None)
        for number, name in enumerate(NAMES)
    }
    albums = {
        int(ids.album[number]): AlbumRow(
            f"al-{number}", f"Best of {name}", int(ids.artist[number]), None
        )
        for number, name in enumerate(NAMES)
    }
    listeners = np.zeros(len(tracks))
    return NameSearch.of(NameSearch.parts(tracks, ids, listeners, artists, albums))


def artists(index: NameSearch, text: str) -> list[str]:
    found = index.search(text, n_artists=20).artists
    return [index.artist_names[number] for number in found]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("radiohead", "Radiohead"),
        ("radiohed", "Radiohead"),
        ("raidohead", "Radiohead"),
        ("radoh", "Radiohead"),
        ("the beatels", "The Beatles"),
        ("SIGUR ROS", "Sigur Rós"),
        ("kino", "Кино"),
        ("кино", "Кино"),
        ("林檎", "椎名林檎"),
        ("acdc", "AC/DC"),
        ("ac dc", "AC/DC"),
        ("guns n' roses", "Guns N\u2019 Roses"),
        ("sakura", "さくら"),
        ("bjork", "Björk"),
        ("motorhaed", "Motörhead"),
    ],
)
def test_artist_is_found_first(index, text, name):
    assert artists(index, text)[0] == name


@given(place=st.integers(0, len(NAMES) - 1), data=st.data())
def test_every_beginning_of_a_name_finds_it(index, place, data):
    length = data.draw(st.integers(1, len(NAMES[place])))
    text = NAMES[place][:length]
    found = index.find(text, 100)
    assert place in found or not text.strip()


def test_names_equal_to_the_query_come_before_longer_ones(index):
    assert artists(index, "queen") == ["Queen", "Queens of the Stone Age"]


def test_short_words_and_known_words_have_no_errors(index):
    assert artists(index, "kin") == ["Кино"]
    assert artists(index, "kyn") == []
    assert artists(index, "quene") == ["Queen", "Queens of the Stone Age"]
    assert index.search("quene", n_artists=5, known={"quene"}).artists == []


def test_all_words_of_a_query_must_match(index):
    assert artists(index, "sigur kino") == []
    found = index.search("best queen", n_albums=5)
    assert [index.album_titles[one] for one in found.albums] == [
        "Best of Queen",
        "Best of Queens of the Stone Age",
    ]


def test_titles_come_before_artists_and_these_before_albums():
    tracks = [
        Track(track_id="a", title="Rain", artist="Sun", album="Gold"),
        Track(track_id="b", title="Snow", artist="Gold", album="Ice"),
        Track(track_id="c", title="Gold", artist="Ice", album="Hail"),
    ]
    parts = NameSearch.parts(tracks, ids_of(tracks), np.zeros(3), {}, {})
    assert NameSearch.of(parts).find("gold") == [2, 1, 0]
    assert NameSearch.of(parts).find("gol") == [2, 1, 0]


@pytest.mark.parametrize("text", ["", " ", "!?", "xyzzy", '"; DROP TABLE names --', "\ud800"])
def test_text_without_matches_finds_nothing(index, text):
    assert index.search(text, n_artists=5, n_albums=5, n_tracks=5).tracks == []
