"""Attentive model: parity of numpy with Keras, and its use in the mixture."""

import numpy as np
import pytest

from segue.encoders.backend import load_keras
from segue.encoders.histories import HistorySettings
from segue.errors import MissingExtraError
from segue.listening.sequences import SequenceModel, SequenceSettings, attentive, fit_sequences
from segue.listening.sequences.attentive import Attentive, AttentiveSettings

pytestmark = pytest.mark.slow

CYCLE, N_ITEMS = 12, 13
ARTISTS = np.arange(N_ITEMS) // 3
NETWORK = HistorySettings(
    length=8,
    width=16,
    negatives=16,
    steps=60,
    epoch_steps=20,
    dropout=0.0,
    learning_rate=1e-2,
    weight_decay=0.01,
)
SETTINGS = AttentiveSettings(network=NETWORK, seed=3)


def sequences():
    return [(start + np.arange(40)) % CYCLE for start in range(CYCLE)]


@pytest.fixture(scope="module")
def model():
    return Attentive(SETTINGS).fit(sequences(), N_ITEMS, ARTISTS)


@pytest.mark.slow
def test_next_item_of_the_cycle_ranks_first(model):
    for start in range(CYCLE):
        assert model.score((start + np.arange(9)) % CYCLE).argmax() == (start + 9) % CYCLE


def test_numpy_scores_equal_keras(model):
    load_keras()
    from segue.encoders.histories.network import build_networks

    reader, _, named = build_networks(N_ITEMS, int(ARTISTS.max()) + 1, NETWORK)
    for name, layer in named.items():
        if name not in ("items", "artists", "bias"):
            kept = [n for n in model.arrays_ if n.rsplit(".", 1)[0] == name]
            layer.set_weights([model.arrays_[f"{name}.{i}"] for i in range(len(kept))])
    # what is kept is the sum of an item and its artist
    named["items"].set_weights([model.arrays_["embedded"]])
    named["artists"].set_weights([np.zeros_like(named["artists"].get_weights()[0])])
    rng = np.random.default_rng(0)
    for n in (1, 5, 8):
        history = rng.integers(0, N_ITEMS, n)
        window = np.zeros((1, NETWORK.length), np.int32)
        window[0, :n] = history
        read = reader.predict_on_batch([window, ARTISTS[window].astype(np.int32)])
        np.testing.assert_allclose(model.read(history), read[0, n - 1], atol=1e-4)


def test_attentive_model_passes_the_contract(model, tmp_path):
    scores = model.score([1, 2])
    assert scores.shape == (N_ITEMS,)
    assert scores.dtype == np.float32
    assert scores.sum() == pytest.approx(1, abs=1e-4)
    assert np.isnan(model.score([])).all()
    np.testing.assert_array_equal(model.score([1, -1, 2, 99]), scores)
    np.testing.assert_array_equal(model.score_many([[1, 2], [3]])[0], scores)
    model.save(tmp_path)
    again = Attentive.load(tmp_path)
    assert again.settings == SETTINGS
    np.testing.assert_array_equal(again.score([1, 2]), scores)


@pytest.mark.slow
def test_mixture_uses_and_saves_the_network_if_it_gains(tmp_path):
    mixture = SequenceModel(SequenceSettings(attentive=SETTINGS))
    mixture.fit(sequences(), N_ITEMS, ARTISTS)
    used = "attentive" in mixture.components_
    assert used == (mixture.attentive_gain_ > 0)
    mixture.save(tmp_path)
    again = SequenceModel.load(tmp_path)
    assert again.settings == mixture.settings
    np.testing.assert_array_equal(again.score([3, 4]), mixture.score([3, 4]))


def test_mixture_without_keras_fits_the_other_models(monkeypatch):
    def missing(*_args, **_kwargs):
        raise MissingExtraError("Training", "train")

    monkeypatch.setattr(attentive, "train_history_network", missing)
    mixture = fit_sequences(sequences(), N_ITEMS, ARTISTS)
    assert "attentive" not in mixture.components_
    assert np.isnan(mixture.attentive_gain_)
    assert mixture.score(np.arange(30) % CYCLE).argmax() == 30 % CYCLE
