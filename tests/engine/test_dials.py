"""Dials: validation of settings, and weights set by hand."""

import numpy as np
import pytest

from segue.engine import Dials
from segue.errors import ModelError, NoWeightError


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"diversity": -0.1}, "diversity is -0.1: give a number from 0 to 1"),
        ({"calibration": 2}, "calibration is 2"),
        ({"randomness": float("nan")}, "randomness is nan"),
        ({"max_known_share": 1.5}, "max_known_share is 1.5"),
        ({"popularity": -2}, "popularity is -2: give a number from -1 to 1"),
        ({"artist_cap": -1}, "artist_cap is -1: give a number of tracks, or 0"),
        ({"album_cap": -1}, "album_cap is -1"),
        ({"seed": -1}, "seed is -1"),
        ({"weights": {"timbre": -1}}, "weight of 'timbre' is -1"),
        ({"weights": {"timbre": float("inf")}}, "weight of 'timbre' is inf"),
    ],
)
def test_dials_reject_invalid_setting(settings, sentence):
    with pytest.raises(ValueError, match=sentence):
        Dials(**settings)


def test_dials_weights_replace_named_learned_weights():
    learned = np.array([0.2, 0.3, 0.5])
    names = ["timbre", "tags", "popularity"]
    assert Dials().weigh(names, learned) is learned
    found = Dials(weights={"popularity": 0}).weigh(names, learned)
    np.testing.assert_allclose(found, [0.4, 0.6, 0])
    found = Dials(weights={"timbre": 1.5}).weigh(names, learned)
    np.testing.assert_allclose(found, np.array([1.5, 0.3, 0.5]) / 2.3)
    with pytest.raises(ModelError, match=r"no signal 'loudness': choose from timbre, tags"):
        Dials(weights={"loudness": 1}).weigh(names, learned)


@pytest.mark.parametrize(
    ("sliders", "learned"),
    [({"timbre": 0, "tags": 0}, [0.2, 0.8]), ({"timbre": 0}, [1.0, 0.0])],
)
def test_dials_reject_weights_without_positive_one(sliders, learned):
    """Also where one is at 0, and the other signal was learned to be worth nothing."""
    with pytest.raises(NoWeightError, match="give at least one signal a weight above 0"):
        Dials(weights=sliders).weigh(["timbre", "tags"], np.array(learned))
