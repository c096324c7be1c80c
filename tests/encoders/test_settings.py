"""Settings refuse invalid values; the budget follows from the number of tracks."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.encoders import SETTINGS, CnnSettings, RnnSettings


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("window", 0),
        ("crops", 0),
        ("batch", 1),
        ("learning_rate", 0.0),
        ("dropout", 1.0),
        ("mixup", -0.1),
    ],
)
def test_invalid_value_is_named_in_the_error(name, value):
    with pytest.raises(ValueError, match=rf"^{name} is {value}: it must be .*\.$"):
        CnnSettings(**{name: value})


@given(st.integers(1, 200_000))
def test_budget_stays_within_its_bounds(n_tracks):
    settings = RnnSettings()
    steps = settings.epochs(n_tracks) * settings.epoch_steps(n_tracks)
    assert steps >= settings.least_steps
    assert steps < settings.most_steps + settings.epoch_steps(n_tracks)


def test_window_is_a_multiple_of_16_and_fits_most_tracks():
    settings = CnnSettings(window=256)
    assert settings.window_for(2048) == 256
    assert settings.window_for(256) == 256
    assert settings.window_for(100) == 96
    assert settings.window_for(3) == 16


@pytest.mark.parametrize("kind", SETTINGS)
def test_settings_survive_json(kind):
    settings = SETTINGS[kind](window=99)
    values = json.loads(json.dumps(settings.to_dict()))
    remade = {n: tuple(v) if isinstance(v, list) else v for n, v in values.items()}
    assert SETTINGS[kind](**remade) == settings
