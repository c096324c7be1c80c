"""Exclusions: rules that make no sense are refused."""

import pytest

from segue.engine import Exclusions


@pytest.mark.parametrize(
    ("rules", "sentence"),
    [
        ({"artists": [" "]}, "artists contains an empty name"),
        ({"from_year": 2000, "to_year": 1990}, "which is above to_year, 1990"),
        ({"min_duration": -1}, "min_duration is -1"),
        ({"max_duration": float("nan")}, "max_duration is nan"),
    ],
)
def test_exclusions_that_make_no_sense_are_refused(rules, sentence):
    with pytest.raises(ValueError, match=sentence):
        Exclusions(**rules)


def test_exclusions_take_one_name_as_list_of_one():
    assert Exclusions(genres="jazz", artists="A") == Exclusions(genres=("jazz",), artists=("A",))
