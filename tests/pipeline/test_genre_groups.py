"""Groups of genres for the map: where the genre of a track comes from, and what becomes a group."""

import numpy as np
import pytest

from segue.engine.track_words import TrackWords
from segue.pipeline.track_map.genre_groups import MAX_GROUPS, NO_GROUP, GenreGroups
from segue.sources.cleaning.genre_families import genre_family
from segue.types import Track


def grouped(*tracks, artists=None, predicted=()):
    """Return the name of the group of each track, given as genres, or as a mapping of tags."""
    given = [
        Track(track_id=str(number), tags=one)
        if isinstance(one, dict)
        else Track(track_id=str(number), genres=tuple(one))
        for number, one in enumerate(tracks)
    ]
    own = np.arange(len(given)) if artists is None else np.array(artists)
    found = GenreGroups.of(TrackWords.of(given), own, dict(predicted))
    return [None if at == NO_GROUP else found.names[at] for at in found.numbers.tolist()]


def test_group_is_the_family_of_a_rare_genre():
    found = grouped(["death metal"], *[["metal"]] * 50, ["jazz"])
    assert found == [*["metal"] * 51, "jazz"]


def test_group_prefers_a_genre_with_a_family():
    assert grouped(["high quality", "bebop"], *[["jazz"]] * 50)[0] == "jazz"


def test_group_of_one_genre_has_its_name():
    assert grouped(["techno"], ["techno"], ["jazz"]) == ["techno", "techno", "jazz"]


def test_group_without_a_family_is_the_genre_itself():
    assert grouped(["high"], ["low"], ["low"]) == ["high", "low", "low"]


def test_group_of_a_track_without_genre_is_that_of_its_tags():
    tags = {"seen live": 90.0, "indie": 5.0, "hip hop": 50.0}
    assert grouped(tags, ["jazz"])[0] == "hip-hop"


def test_group_of_a_track_without_tags_is_that_of_its_artist():
    found = grouped(["jazz"], ["jazz"], ["rock"], [], [], artists=[4, 4, 4, 4, -1])
    assert found[3:] == ["jazz", None]


def test_group_of_an_unknown_artist_is_predicted():
    scores = {"jazz": [0.0, 1.0, 2.0], "sad": [0.0, 9.0, 9.0], "rock": [0.0, np.nan, 1.5]}
    predicted = {tag: np.array(own, np.float32) for tag, own in scores.items()}
    assert grouped([], [], [], predicted=predicted) == [None, "jazz", "jazz"]


def test_group_of_one_family_is_divided():
    names = ["death metal"] * 5 + ["black metal"] * 4 + ["heavy metal"]
    found = grouped(*([name] for name in names))
    assert {"death metal", "black metal"} <= set(found)
    assert None not in found


@pytest.mark.parametrize("n_genres", [24, 200])
def test_groups_color_most_tracks_and_are_limited(n_genres):
    found = grouped(*([f"genre {number % n_genres}"] for number in range(4 * n_genres)))
    assert len(set(found) - {None}) == min(MAX_GROUPS, n_genres)


def test_groups_of_no_tracks_are_empty():
    assert grouped() == []


@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("Synth-Pop", "electronic"),
        ("indie pop", "pop"),
        ("pop rock", "rock"),
        ("drum & bass", "electronic"),
        ("Klassik", "classical"),
        ("rhythm and blues", "r&b and soul"),
        ("Rap", "hip-hop"),
        ("video game music", "soundtrack"),
        ("80s", None),
        ("", None),
    ],
)
def test_genre_has_a_family(name, family):
    assert genre_family(name) == family
