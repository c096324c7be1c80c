"""Keys of songs: versions of one song share a key, different works do not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.sources.cleaning.song_versions import song_key

VERSIONS = [
    "Creep (Live)",
    "Creep - Live at Reading, 1994",
    "Creep (Acoustic)",
    "Creep [Demo]",
    "Creep - Radio Edit",
    "Creep (2009 Remaster)",
    "Creep - Remastered",
    "Creep (Very 2021 Rmx)",
    "Creep (BBC Radio 1 Session)",
    "Creep - Take 2",
    "Creep (En Vivo)",
    "Creep (feat. Someone) [Instrumental]",
    "CREEP - Live - Remastered 2011",
]
SONGS = [
    ("Live and Let Die", "Live Forever"),
    ("Heroes", "Heroes, Pt. 2"),
    ("Song 2", "Song 3"),
    ("Sonata No. 2: I. Allegro", "Sonata No. 2: II. Andante"),
    ("Symphony No. 5", "Symphony No. 9"),
    ("Blue Monday", "Blue Monday '88"),
    ("James Bond (Live and Let Die)", "James Bond"),
    ("Where Do We Live", "Where Do We"),
]


@pytest.mark.parametrize("title", VERSIONS)
def test_song_key_of_a_version_is_that_of_the_song(title):
    assert song_key(title) == song_key("Creep") == "creep"


@pytest.mark.parametrize(("one", "other"), SONGS)
def test_song_keys_of_different_songs_differ(one, other):
    assert song_key(one) != song_key(other)


@pytest.mark.parametrize(
    "title", ["Intro", "Outro", "Untitled", "II. Andante", "Allegro", "Symphony in C", "IV", "Trio"]
)
def test_song_key_of_a_title_without_work_is_none(title):
    assert song_key(title) is None


@pytest.mark.parametrize("title", ["1979", "In the End", "The End", "Live", "Demo", "夜に駆ける"])
def test_song_key_of_a_short_title_exists(title):
    assert song_key(title)


@given(st.text(max_size=40))
def test_song_key_of_any_text_is_key_or_none(title):
    found = song_key(title)
    assert found is None or found
