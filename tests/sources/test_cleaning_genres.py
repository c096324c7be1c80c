"""One spelling for a genre, several in a cell; tags with counts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.sources.cleaning import GENRE_TABLE, known_genre, read_genres, read_tags
from segue.sources.cleaning.genres import _key

GENRES = [line.partition(":")[0] for line in GENRE_TABLE.strip().splitlines()]


@pytest.mark.parametrize(
    ("genre", "spellings"),
    [
        ("hip-hop", ["Hip-Hop", "hip hop", "HipHop", "Rap/Hip Hop", "Rap", "HIP\u2013HOP"]),
        ("r&b", ["R&B", "RnB", "r'n'b", "Rhythm & Blues", "rhythm and blues", "R 'n' B"]),
        (
            "drum and bass",
            ["DnB", "Drum & Bass", "drum'n'bass", "drum n bass", "D&B", "Drum and Bass"],
        ),
        ("alternative rock", ["Alt Rock", "alt-rock", "Alternative Rock", "AlternRock"]),
        ("rock and roll", ["Rock & Roll", "rock 'n' roll", "Rock'n'Roll", "rock-and-roll"]),
        ("synthpop", ["Synth Pop", "synth-pop", "SYNTHPOP"]),
        ("thrash metal", ["Thrash Metal", "Trash Metal"]),
        ("game soundtrack", ["Game soundtrack", "Game Soundtrack"]),
        ("electronic", ["Électronique", "Electronique", "Elektronische Musik", "Electrónica"]),
        ("classical", ["Klassische Musik", "Musique classique", "Clásica", "Música clásica"]),
        ("soundtrack", ["Bande originale", "Banda sonora", "Colonna sonora"]),
        ("world", ["Weltmusik", "Musiques du monde", "Música del mundo"]),
    ],
)
def test_known_genre_spellings_give_one_genre(genre: str, spellings: list[str]) -> None:
    assert {read_genres(spelling) for spelling in spellings} == {(genre,)}


def test_gtzan_genres_are_ten_classes() -> None:
    words = ["blues", "classical", "country", "disco", "hiphop"]
    words += ["jazz", "metal", "pop", "reggae", "rock"]
    assert [read_genres(word) for word in words] == [
        (word.replace("hiphop", "hip-hop"),) for word in words
    ]


@pytest.mark.parametrize(
    ("cell", "genres"),
    [
        ("Rock|Pop", ("rock", "pop")),
        ("Rock; Pop;rock", ("rock", "pop")),
        ("Rock, Pop", ("rock", "pop")),
        ("R&B/Hip-Hop", ("r&b", "hip-hop")),
        ("Rhythm, Blues", ("r&b",)),
        ("Folk, World, & Country", ("folk", "world", "country")),
        ("Folk, Irish Folk", ("folk", "irish folk")),
        ("Sea Songs, Shanties", ("sea songs, shanties",)),
        ("Rock, Indie, Bedroom Pop", ("rock", "indie", "bedroom pop")),
        ("Post-Punk/Coldwave", ("post-punk", "coldwave")),
        ("Rock\\\\Pop", ("rock", "pop")),
        ("Rock\\Pop", ("rock", "pop")),
        ("Rock \u2022 Pop", ("rock", "pop")),
        ("Rock / Pop", ("rock", "pop")),
        ("17", ("17",)),  # a number of a table is a class of its own
        ("Romantic Classical", ("romantic classical",)),
        ("Wizard-Rock", ("wizard rock",)),
        ("Other|(None)| |Unknown", ()),
        ("", ()),
    ],
)
def test_read_genres_several_in_one_cell_are_split(cell: str, genres: tuple[str, ...]) -> None:
    assert read_genres(cell) == genres


def test_genre_table_each_spelling_has_one_genre() -> None:
    keys: dict[str, str] = {}
    for line in GENRE_TABLE.strip().splitlines():
        genre, _, others = line.partition(":")
        for spelling in [genre, *others.split(",")]:
            if spelling.strip():
                assert keys.setdefault(_key(spelling), genre) == genre


@pytest.mark.parametrize("genre", GENRES)
def test_genre_table_each_genre_is_its_own_spelling(genre: str) -> None:
    assert known_genre(genre) == genre
    assert read_genres(genre.title()) == (genre,)


CELLS = st.lists(
    st.sampled_from([*GENRES, "Rhythm", "Other", "wizard-rock"]) | st.text(max_size=6), max_size=4
)


@given(CELLS, st.sampled_from("|;,/"))
def test_read_genres_is_idempotent(parts: list[str], separator: str) -> None:
    genres = read_genres(separator.join(parts))
    assert read_genres("|".join(genres)) == genres
    assert len(set(genres)) == len(genres)


@pytest.mark.parametrize(
    ("cell", "tags"),
    [
        ("rock:12|seen live:3", {"rock": 12.0, "seen live": 3.0}),
        ("Hip Hop:2|hip-hop:1|hiphop", {"hip-hop": 4.0}),
        ("chill", {"chill": 1.0}),
        ("chill; Sad:0.5", {"chill": 1.0, "sad": 0.5}),
        ("chill, sad", {"chill": 1.0, "sad": 1.0}),
        ("love, hate:2|sad", {"love, hate": 2.0, "sad": 1.0}),
        ("rock:0|pop:-3|x:nan", {"pop:-3": 1.0, "x:nan": 1.0}),
        (" | |<Unknown>:3", {}),
    ],
)
def test_read_tags_reads_counts(cell: str, tags: dict[str, float]) -> None:
    assert read_tags(cell) == tags


@given(
    st.dictionaries(
        st.text("abcdefgh ", min_size=1).map(lambda text: "x" + text.strip()),
        st.integers(1, 10**6),
    )
)
def test_read_tags_reads_written_tags_back(counts: dict[str, int]) -> None:
    once = read_tags("|".join(f"{tag}:{count}" for tag, count in counts.items()))
    again = read_tags("|".join(f"{tag}:{count:g}" for tag, count in once.items() if count < 10**6))
    assert sum(once.values()) == sum(counts.values())
    assert again == {tag: count for tag, count in once.items() if count < 10**6}


@given(st.text())
def test_read_tags_any_text_gives_positive_weights(cell: str) -> None:
    assert all(weight > 0 for weight in read_tags(cell).values())
