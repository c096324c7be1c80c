"""Statistics of crops equal their definitions in numpy and scipy."""

import numpy as np
import pytest
from scipy.stats import kurtosis, skew

pytest.importorskip("keras")
pytestmark = pytest.mark.slow
WINDOW, BANDS = 64, 6


def test_crop_statistics_are_moments_correlations_and_modulations(rng):
    import keras

    from segue.encoders.correlations import crop_statistics

    crops = rng.normal(0, 3, (3, WINDOW, BANDS)).cumsum(axis=1).astype(np.float32)
    values, changes = keras.Input((WINDOW, BANDS)), keras.Input((WINDOW, BANDS))
    model = keras.Model([values, changes], crop_statistics(values, changes, 99))
    given = np.diff(crops, axis=1, append=crops[:, -1:])
    # the normalization of a new layer divides by the root of 1.001
    found = np.asarray(model.predict_on_batch([crops, given])) * np.sqrt(1.001)
    pairs = np.triu_indices(BANDS, 1)
    for row, (crop, change) in enumerate(zip(crops, given, strict=True)):
        parts = [
            crop.mean(axis=0),
            np.log(crop.std(axis=0)),
            np.log(change.std(axis=0)),
            np.corrcoef(crop.T)[pairs],
            np.corrcoef(change.T)[pairs],
            skew(crop),
            np.log(kurtosis(crop, fisher=False) + 0.01),
        ]
        expected = np.concatenate(parts)
        np.testing.assert_allclose(found[row, : len(expected)], expected, rtol=2e-3, atol=2e-3)
        power = np.abs(np.fft.rfft(crop - crop.mean(axis=0), axis=0)) ** 2 * 2 / WINDOW
        periods = np.unique(np.geomspace(1, WINDOW // 4, 12).round()).astype(int)
        logs = np.log(power[periods] + 0.05).T.reshape(BANDS // 2, 2, -1).mean(axis=1)
        np.testing.assert_allclose(found[row, len(expected) :], logs.ravel(), rtol=2e-3, atol=2e-3)


@pytest.mark.parametrize(
    "n_bands", [1, *(pytest.param(n, marks=pytest.mark.nightly) for n in (2, 3))]
)
def test_encoder_of_few_bands_is_saved_and_loaded(n_bands, small, rng, tmp_path):
    from segue.encoders import Encoder, train_encoder

    frames = [rng.integers(0, 99, (40, n_bands)).astype(np.uint8) for _ in range(8)]
    settings = small("cnn", window=8, least_steps=2, least_epoch_steps=2, bands=n_bands)
    labels, parts = [0, 1] * 4, ["train"] * 6 + ["valid"] * 2
    trained = train_encoder("cnn", frames, labels, parts, ("a", "b"), settings=settings)
    trained.save(tmp_path)
    ours, theirs = Encoder.load(tmp_path).encode_many(frames)[0], trained.predict(frames)[0]
    assert np.isfinite(ours).all()
    np.testing.assert_allclose(ours, theirs, atol=1e-4)


def test_neighboring_bands_are_averaged():
    import keras

    from segue.encoders.correlations import average_bands

    x = np.arange(20, dtype=np.float32).reshape(1, 2, 10)
    bands = keras.Input((2, 10))
    found = keras.Model(bands, average_bands(bands, 5)).predict_on_batch(x)
    np.testing.assert_allclose(found, x.reshape(1, 2, 5, 2).mean(axis=3))
