"""Patterns equal numpy's, scipy's and librosa's definitions, and are finite for any frames."""

import numpy as np
import pytest
import scipy.fft
import scipy.signal
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.typing import NDArray

from segue.audio import STATISTICS, PatternDescriptor, analyse, given_descriptors, summarise
from segue.audio.patterns import (
    CEPSTRAL_STATISTICS,
    MODULATION_EDGES,
    WINDOW,
    cepstrum,
    correlations,
    modulations,
    n_pooled,
    peaks,
)
from segue.audio.spectrum import Floats
from segue.errors import FramesError

PATTERNS = given_descriptors()
every_pattern = pytest.mark.parametrize("pattern", PATTERNS, ids=lambda one: one.name)


@pytest.fixture
def frames(rng: np.random.Generator) -> NDArray[np.float64]:
    """Return frames of 128 bands, of which neighbors are alike."""
    walk = rng.normal(0.0, 1.0, (700, 128)).cumsum(axis=1)
    return -40.0 + walk + rng.normal(0.0, 3.0, (700, 1))


def pooled(frames: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the means of groups of eight of 128 bands."""
    return frames.reshape(len(frames), 16, 8).mean(axis=2)


def test_correlations_equal_numpy(frames: NDArray[np.float64]) -> None:
    pairs = np.triu_indices(16, 1)
    bands = pooled(frames)
    expected = [np.corrcoef(x.T)[pairs] for x in (bands, np.diff(bands, axis=0))]
    np.testing.assert_allclose(correlations(frames), np.concatenate(expected), atol=1e-6)


def test_modulations_equal_welch_of_scipy(frames: NDArray[np.float64]) -> None:
    power = scipy.signal.welch(
        pooled(frames), nperseg=WINDOW, noverlap=WINDOW // 2, window="hann", axis=0
    )[1]
    power[-1] *= 2  # scipy doubles the others, which have a negative frequency as well
    ranges = np.add.reduceat(power, MODULATION_EDGES[:-1], axis=0)
    shares = (ranges / ranges.sum(axis=0)).ravel()
    bands = ranges.sum(axis=0) / ranges.sum()
    expected = np.log(np.concatenate((shares, bands)) + 1e-4)
    np.testing.assert_allclose(modulations(frames), expected, rtol=1e-5)


def test_peaks_equal_highest_and_lowest_minus_mean(frames: NDArray[np.float64]) -> None:
    groups = frames.reshape(len(frames), 16, 8)
    crest = groups.max(axis=2) - groups.mean(axis=2)
    valley = groups.mean(axis=2) - groups.min(axis=2)
    expected = [f for x in (crest, valley) for f in (x.mean(axis=0), x.std(axis=0))]
    np.testing.assert_allclose(peaks(frames), np.concatenate(expected), rtol=1e-5)


def test_cepstrum_equals_the_cosine_transform(frames: NDArray[np.float64]) -> None:
    coefficients = scipy.fft.dct(frames, type=2, norm="ortho", axis=1)[:, :20]
    statistics = summarise(coefficients).reshape(len(STATISTICS), 20)
    expected = statistics[[STATISTICS.index(name) for name in CEPSTRAL_STATISTICS]].ravel()
    np.testing.assert_allclose(cepstrum(frames), expected, rtol=1e-4, atol=1e-4)


def test_modulation_of_a_beat_lies_in_its_range() -> None:
    beat = np.sin(2 * np.pi * 10 / WINDOW * np.arange(1_000))[:, None] * np.ones(4)
    shares = np.exp(modulations(beat))[:-4].reshape(-1, 4)
    assert (shares.argmax(axis=0) == MODULATION_EDGES.index(8)).all()
    assert shares.max() > 0.95


@every_pattern
@pytest.mark.parametrize("n_bands", [1, 2, 3, 17, 31, 128])
@pytest.mark.parametrize("n_frames", [1, 2, 127, 200])
def test_pattern_has_its_number_of_values(
    pattern: PatternDescriptor, n_frames: int, n_bands: int, rng: np.random.Generator
) -> None:
    values = pattern.measure(rng.integers(0, 256, (n_frames, n_bands), dtype=np.uint8))
    assert values.dtype == np.float32
    assert values.shape == (pattern.n_values(n_bands),)
    assert np.isfinite(values).all()


@every_pattern
@given(
    frames=arrays(
        np.float32,
        array_shapes(min_dims=2, max_dims=2, max_side=9),
        elements=st.floats(-(2.0**126), 2.0**126, width=32),
    )
)
@settings(max_examples=25)
def test_pattern_of_any_frames_is_finite(pattern: PatternDescriptor, frames: Floats) -> None:
    assert np.isfinite(pattern.measure(frames)).all()


@every_pattern
def test_pattern_refuses_what_is_not_finite(pattern: PatternDescriptor) -> None:
    with pytest.raises(FramesError, match="NaN"):
        pattern.measure(np.full((3, 2), np.nan, np.float32))
    with pytest.raises(FramesError, match="at least one"):
        pattern.measure(np.zeros((0, 2), np.float32))


def test_constant_frames_have_no_patterns() -> None:
    still = np.full((300, 8), 7.0, np.float32)
    assert not correlations(still).any()
    assert not peaks(still).any()
    shares = np.exp(modulations(still))
    np.testing.assert_allclose(shares, np.repeat([0.125, 0.125], [64, 8]) + 1e-4, rtol=1e-5)


def test_patterns_ignore_the_scale_of_a_clip(frames: NDArray[np.float64]) -> None:
    np.testing.assert_allclose(
        correlations(3.0 * frames + 20.0), correlations(frames), rtol=1e-4, atol=1e-5
    )
    np.testing.assert_allclose(modulations(3.0 * frames + 20.0), modulations(frames), rtol=1e-4)


def test_patterns_of_audio_ignore_gain(rng: np.random.Generator) -> None:
    signal = rng.normal(0.0, 0.1, 44_100).astype(np.float32).cumsum()
    signal -= signal.mean()
    signal /= np.abs(signal).max() * 2
    loud, quiet = (analyse(signal * np.float32(gain)).added for gain in (1.0, 0.25))
    assert list(loud) == ["band_correlations", "modulations", "band_peaks"]
    for name, values in loud.items():
        np.testing.assert_allclose(quiet[name], values, rtol=1e-3, atol=1e-3)


def test_silence_has_no_patterns() -> None:
    added = analyse(np.zeros(44_100, np.float32)).added
    assert not added["band_correlations"].any()
    assert not added["band_peaks"].any()
    assert n_pooled(128) == 16
