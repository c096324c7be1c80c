import numpy as np
import pytest

from segue.encoders.backend import load_keras, quietly
from segue.encoders.histories import HistorySettings, train_history_network
from segue.errors import ModelError

pytestmark = pytest.mark.slow

SMALL = {
    "length": 8,
    "width": 16,
    "negatives": 16,
    "steps": 60,
    "epoch_steps": 20,
    "dropout": 0.0,
    "learning_rate": 1e-2,
    "weight_decay": 0.01,
}
ARTISTS = np.arange(13) // 3


def sequences():
    return [(start + np.arange(30)) % 12 for start in range(12)]


def train(**changes):
    settings = HistorySettings(**{**SMALL, **changes})
    return train_history_network(sequences(), 13, ARTISTS, settings, seed=3, judged_from=[20] * 12)


def test_validation_loss_falls_and_the_best_is_kept():
    trained = train()
    assert trained.losses[-1] < 1.0 < np.log(13)  # what is right next is known exactly
    assert trained.steps == 20 * (int(np.argmin(trained.losses)) + 1)


@pytest.mark.nightly
def test_the_same_seed_gives_the_same_network():
    first, second = train(steps=10), train(steps=10)
    for name, array in first.arrays.items():
        # threads add up in any order: alike, not equal to the last bit
        np.testing.assert_allclose(array, second.arrays[name], rtol=1e-3, atol=1e-3)


@pytest.mark.nightly
def test_training_stops_when_validation_stagnates():
    trained = train(steps=400, epoch_steps=5, patience=1, learning_rate=0.3)
    assert len(trained.losses) < 80


@pytest.mark.nightly
def test_training_without_validation_uses_the_budget():
    settings = HistorySettings(**{**SMALL, "steps": 7})
    trained = train_history_network(sequences(), 13, ARTISTS, settings, seed=0)
    assert trained.losses == []
    assert trained.steps == 7


def test_histories_without_two_plays_are_refused():
    with pytest.raises(ModelError, match="two plays in order"):
        train_history_network([np.array([1])], 3, np.zeros(3, np.int64), HistorySettings(), seed=0)


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"length": 1}, "at least 2"),
        ({"heads": 3}, "divide"),
        ({"dropout": 1.0}, "in"),
        ({"steps": 0}, "1"),
    ],
)
def test_invalid_settings_are_refused(changes, rule):
    with pytest.raises(ValueError, match=rule):
        HistorySettings(**changes)


def test_plays_attend_to_earlier_plays_only():
    load_keras()
    from segue.encoders.histories.network import build_networks

    with quietly():
        reader, _, _ = build_networks(13, 5, HistorySettings(**SMALL))
    items = np.arange(8, dtype=np.int32)[None]
    other = items.copy()
    other[0, 5:] = 11
    first = reader.predict_on_batch([items, ARTISTS[items].astype(np.int32)])
    second = reader.predict_on_batch([other, ARTISTS[other].astype(np.int32)])
    np.testing.assert_allclose(first[0, :5], second[0, :5], atol=1e-6)
    assert np.abs(first[0, 5:] - second[0, 5:]).max() > 1e-3
