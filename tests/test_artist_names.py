"""Guests of a track, and when two spellings are one artist."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.artist_names import comparison_key, read_credit

WHOLE_NAMES = [
    "Earth, Wind & Fire",
    "Simon & Garfunkel",
    "KC and The Sunshine Band",
    "Little Feat",
    "The Lovely Feathers",
    "Horse Feathers",
    "Death From Above feat.",
    "Six Ft. Hick",
    "6 ft deep",
    "f(x)",
    "Chris Leutwyler & Max Freeman",
    "http://zhaymusic.com/",
    "AC/DC",
    "ft. Somebody",
    "Peter Tosh and Mick Jagger",
]


@pytest.mark.parametrize("name", WHOLE_NAMES)
def test_a_name_without_guests_stays_whole(name: str) -> None:
    credit = read_credit(name)
    assert credit is not None
    assert (credit.artist, credit.featured) == (name, ())


@pytest.mark.parametrize(
    ("text", "artist", "featured"),
    [
        ("Junior Caldera feat Sophie Ellis Bextor", "Junior Caldera", ["Sophie Ellis Bextor"]),
        ("Rihanna (feat. Drake)", "Rihanna", ["Drake"]),
        ("Rihanna [Feat. Drake] (Live)", "Rihanna (Live)", ["Drake"]),
        ("Lady GaGa Ft. Beyoncé", "Lady GaGa", ["Beyoncé"]),
        ("Big Rich featuring Devo", "Big Rich", ["Devo"]),
        ("Juanes feat.Black Eyed Peas", "Juanes", ["Black Eyed Peas"]),
        ("50 Cent Ft. Justin Ft. Timbaland", "50 Cent", ["Justin", "Timbaland"]),
        (
            "Eminem feat. Drake, Kanye West & Lil Wayne",
            "Eminem",
            ["Drake", "Kanye West", "Lil Wayne"],
        ),
        ("Jamie Foxx feat. Kanye West and The-Dream", "Jamie Foxx", ["Kanye West", "The-Dream"]),
        ("A feat. Huey Lewis & The News", "A", ["Huey Lewis & The News"]),
        ("WWE & Jim Johnston (feat. Cage 9)", "WWE & Jim Johnston", ["Cage 9"]),
        ("Little Feat feat. Emmylou Harris", "Little Feat", ["Emmylou Harris"]),
        ("311 feat. X", "311", ["X"]),
    ],
)
def test_guests_are_split_from_the_artist(text: str, artist: str, featured: list[str]) -> None:
    credit = read_credit(text)
    assert credit is not None
    assert credit.artist == artist
    assert list(credit.featured) == featured


@pytest.mark.parametrize("text", ["", "<Unknown>", "Various Artists", "[unknown]"])
def test_nobody_is_unknown(text: str) -> None:
    assert read_credit(text) is None


PARTS = st.lists(
    st.sampled_from(["feat.", "ft", "Featuring", "&", "and", "the", "(", ")", "[", ",", "A", "bé"])
    | st.text(max_size=4),
    max_size=8,
)


@given(PARTS.map(" ".join) | st.text())
def test_reading_an_artist_never_raises_and_never_gives_blanks(text: str) -> None:
    credit = read_credit(text)
    if credit is not None:
        assert credit.artist.strip()
        assert all(guest.strip() for guest in credit.featured)


@pytest.mark.parametrize(
    "spellings",
    [
        ["The Beatles", "beatles", "BEATLES, The", " The  Beatles "],
        ["Earth, Wind & Fire", "Earth Wind and Fire", "earth, wind & fire"],
        ["Björk", "Bjork", "BJÖRK", "Bjo\u0308rk"],
        ["Florence + The Machine", "Florence and the Machine", "Florence & the Machine"],
        ["Jay-Z", "Jay Z", "JAY\u2010Z"],
        ["Røyksopp", "Royksopp"],
        ["Motörhead", "motorhead"],
        ["Guns N' Roses", "Guns N\u2019 Roses"],
    ],
)
def test_spellings_of_one_artist_have_one_key(spellings: list[str]) -> None:
    assert len({comparison_key(spelling) for spelling in spellings}) == 1


def test_different_artists_have_different_keys() -> None:
    names = [
        "!!!",
        "???",
        "The The",
        "The Band",
        "Therapist",
        "かき",
        "かぎ",
        "Nas",
        "Naș B",
        "A",
        "B",
    ]
    assert len({comparison_key(name) for name in names}) == len(names)


@given(st.text())
def test_the_key_of_a_key_is_itself(text: str) -> None:
    key = comparison_key(text)
    assert comparison_key(key) == key
