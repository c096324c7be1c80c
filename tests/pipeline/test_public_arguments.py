"""Every public function accepts paths, numbers as ids, single values, and mappings of settings."""

import inspect
from pathlib import Path

import pytest
from tests.factories import rows, write_dataset

import segue
from segue.errors import LibraryError
from segue.pipeline import arguments

FUNCTIONS = {
    name: value for name in segue.__all__ if inspect.isfunction(value := getattr(segue, name, None))
}
LISTS = {"like", "dislike", "files", "exclude"}


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    """Twelve tracks of two genres with whole numbers as ids, and a listener called 7."""
    tracks = [
        (str(i), f"No. {i}", f"Artist {i % 4}", ("folk", "jazz")[i % 2], ("calm", "wild")[i % 2])
        for i in range(12)
    ]
    listens = [("7", str(i), 1_600_000_000 + i) for i in range(0, 12, 2)]
    return write_dataset(
        tmp_path_factory.mktemp("numbers"),
        rows("track_id title artist genre tags", tracks),
        listens=rows("user_id track_id timestamp", listens),
    )


@pytest.fixture(scope="module")
def directory(dataset, tmp_path_factory):
    """The directory of a library of the dataset, trained."""
    directory = tmp_path_factory.mktemp("library") / "my.segue"
    segue.preprocess(str(directory), str(dataset), exclude="*.tmp")
    segue.train(directory, "sequence")
    return directory


CALLS = {
    "evaluate": lambda library, dataset: segue.evaluate(library, "recommendations"),
    "import_listens": lambda library, dataset: segue.import_listens(
        library, str(dataset / "listens.csv"), 7
    ),
    "interests": lambda library, dataset: segue.interests(library, 7),
    "preprocess": lambda library, dataset: segue.preprocess(library, str(dataset)),
    "recommend": lambda library, dataset: segue.recommend(library, 7),
    "search": lambda library, dataset: segue.search(library, "folk"),
    "similar": lambda library, dataset: segue.similar(library, 3),
    "train": lambda library, dataset: segue.train(library, "sequence"),
    "undo_tags": lambda library, dataset: segue.undo_tags(library, tracks=3),
    "write_tags": lambda library, dataset: segue.write_tags(library, tracks=3, fields="key"),
}


def test_every_public_function_is_in_the_table():
    assert set(CALLS) == set(FUNCTIONS)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_public_signatures_take_paths_and_lists(name):
    parameters = inspect.signature(FUNCTIONS[name]).parameters
    assert next(iter(parameters)) == "library"
    taken = (arguments.LibraryArgument, "LibraryArgument")
    assert parameters["library"].annotation in taken
    for one in LISTS & set(parameters):
        assert "Sequence" not in str(parameters[one].annotation), one


@pytest.mark.parametrize("form", [str, Path, segue.Library])
@pytest.mark.parametrize("name", CALLS)
def test_public_functions_take_libraries_and_paths(name, form, directory, dataset):
    assert CALLS[name](form(directory), dataset) is not None


@pytest.mark.parametrize("name", sorted(set(CALLS) - {"preprocess", "import_listens"}))
def test_public_functions_make_no_library(name, tmp_path, dataset):
    with pytest.raises(LibraryError, match="There is no library at"):
        CALLS[name](tmp_path / "none.segue", dataset)
    with pytest.raises(TypeError, match="library is 3: give a path"):
        CALLS[name](3, dataset)


@pytest.mark.parametrize("like", ["3", 3, ["3"], [3], ("3",), iter([3])])
def test_one_track_alone_is_a_list_of_one(like, directory):
    assert segue.recommend(directory, like=like) == segue.recommend(directory, like=["3"])


def test_settings_are_taken_as_mappings(directory):
    asked = segue.recommend(directory, 7, dials={"diversity": 0.5}, exclusions={"genres": "jazz"})
    same = segue.recommend(
        directory,
        "7",
        dials=segue.Dials(diversity=0.5),
        exclusions=segue.Exclusions(genres=["jazz"]),
    )
    assert asked.tracks == same.tracks
    assert segue.recommend(directory, "7", dials={}) == segue.recommend(directory, "7")
    assert segue.recommend(directory, dislike=1, like=3) is not None


@pytest.mark.parametrize(
    ("given", "error", "sentence"),
    [
        ({"dials": {"familiar": 1}}, ValueError, "There is no dial 'familiar': choose from artist"),
        ({"dials": {"diversity": "much"}}, ValueError, "diversity is much: give a number from 0"),
        ({"dials": 0.5}, TypeError, r"The dials are 0.5: give segue.Dials\(...\), or a mapping"),
        ({"exclusions": {"genre": "x"}}, ValueError, "no exclusion 'genre': choose from artists"),
        ({"user": 1.5}, TypeError, "user is 1.5: give text or a whole number"),
        ({"user": True}, TypeError, "user is True: give text or a whole number"),
        ({"like": 1.5}, TypeError, "like is 1.5: give one value, or a list of values"),
        ({"like": [None]}, TypeError, "like is None: give text or a whole number"),
        ({"like": b"3"}, TypeError, "like is b'3': give one value"),
    ],
)
def test_wrong_arguments_name_the_value_and_the_rule(given, error, sentence, directory):
    with pytest.raises(error, match=sentence):
        segue.recommend(directory, **({"user": "7"} | given))


def test_recommendations_are_a_sequence(directory):
    found = segue.recommend(directory, 7, 4)
    assert len(found) == len(list(found)) == 4
    assert found[0] is found.tracks[0]
    assert found[-1] == found.tracks[3]
    assert [pick.rank for pick in reversed(found)] == [4, 3, 2, 1]
    assert found[1:3].tracks == found.tracks[1:3]
    assert found[1:3].weights == found.weights
    assert found[0] in found
    assert len(found.to_pandas()) == len(found.to_dict()["tracks"]) == 4
    assert not found[:0]
    with pytest.raises(IndexError):
        found[4]


def test_texts_of_results_name_what_they_hold(directory):
    found = segue.recommend(directory, 7, 2)
    assert repr(found).startswith("Recommendations(2 tracks for '7'):\n   1  ")
    assert found[0].name in repr(found)
    assert repr(found[0]).startswith(f"Recommendation(1: {found[0].name!r}, track_id=")
    assert repr(found[:0]) == "Recommendations(0 tracks for '7')"
    assert "similar to '3'" in repr(segue.similar(directory, 3, 2))
    library = segue.Library(directory)
    text = repr(library)
    assert text.startswith(f"Library({str(directory)!r}: 12 tracks, ")
    assert text.endswith("1 listener)")
