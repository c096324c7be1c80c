"""Statistics equal scipy's, and are 0 where a band is constant."""

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.typing import NDArray

from segue.audio import STATISTICS, descriptor_bands, given_summary_names, summarise, summary_names
from segue.errors import FramesError


def by_scipy(frames: NDArray[np.float64]) -> NDArray[np.float64]:
    """Ask numpy and scipy for each statistic."""
    return np.concatenate(
        (
            frames.mean(axis=0),
            frames.std(axis=0),
            scipy.stats.skew(frames, axis=0),
            scipy.stats.kurtosis(frames, axis=0),
            np.median(frames, axis=0),
            frames.min(axis=0),
            frames.max(axis=0),
            np.abs(np.diff(frames, axis=0)).mean(axis=0),
            np.diff(frames, axis=0).std(axis=0),
        )
    )


@pytest.mark.parametrize("n_frames", [2, 3, 100, 1_001])
def test_statistics_equal_scipy(n_frames: int, rng: np.random.Generator) -> None:
    frames = np.column_stack(
        (rng.normal(-40.0, 12.0, n_frames), rng.gamma(0.5, 3.0, n_frames), rng.random(n_frames))
    )
    np.testing.assert_allclose(summarise(frames), by_scipy(frames), rtol=1e-5, atol=1e-5)


def test_uint8_frames_are_summarised_as_numbers(rng: np.random.Generator) -> None:
    frames = rng.integers(0, 256, (256, 128), dtype=np.uint8)
    expected = by_scipy(frames.astype(np.float64))
    np.testing.assert_allclose(summarise(frames), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("value", [0.0, 0.1, -100.0, 1e-30, 1e30])
def test_constant_band_has_no_spread(value: float) -> None:
    mean, std, skew, kurtosis, median, lowest, highest, *change = summarise(np.full((7, 1), value))
    assert (std, skew, kurtosis, *change) == (0.0, 0.0, 0.0, 0.0, 0.0)
    assert mean == pytest.approx(value)
    assert median == lowest == highest == np.float32(value)


def test_rounding_noise_has_no_spread(rng: np.random.Generator) -> None:
    frames = np.float32(1_000.0) + rng.normal(0, 1e-4, (50, 1)).astype(np.float32)
    assert frames.min() < frames.max()
    assert summarise(frames)[1:4].tolist() == [0.0, 0.0, 0.0]


def test_summary_is_ordered_by_statistic() -> None:
    frames = np.array([[0.0, 10.0], [2.0, 30.0]])
    values = dict(zip(given_summary_names(2), summarise(frames).tolist(), strict=True))
    assert values["frames[0].mean"] == 1.0
    assert values["frames[1].mean"] == 20.0
    assert values["frames[1].std"] == 10.0
    assert values["frames[0].max"] == 2.0
    assert values["frames[1].min"] == 10.0


def test_summary_names_are_unique_and_complete() -> None:
    names = summary_names()
    assert len(names) == len(set(names)) == len(STATISTICS) * sum(descriptor_bands().values()) + 5
    assert names[-4] == "tempo"
    assert {"mfcc[3].mean", "chroma[11].kurtosis", "rms.median"} <= set(names)


@settings(max_examples=100, deadline=None)
@given(
    arrays(
        np.float32,
        array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=20),
        elements=st.floats(-(2.0**50), 2.0**50, width=32),
    )
)
def test_statistics_of_any_frames_are_finite_and_ordered(frames: NDArray[np.float32]) -> None:
    mean, std, _, kurtosis, median, lowest, highest, change, change_std = summarise(frames).reshape(
        len(STATISTICS), -1
    )
    assert np.all((change >= 0) & (change_std >= 0))
    assert np.isfinite(summarise(frames)[: 2 * frames.shape[1]]).all()
    assert np.all(std >= 0)
    assert np.all(kurtosis >= -3)
    room = 1e-6 * np.maximum(np.abs(lowest), np.abs(highest))
    assert np.all((lowest - room <= mean) & (mean <= highest + room))
    assert np.all((lowest - room <= median) & (median <= highest + room))


@pytest.mark.parametrize(
    ("frames", "sentence"),
    [
        (np.zeros((0, 3)), r"shape \(0, 3\) but must be \[n_frames, n_bands\]"),
        (np.zeros(3), r"shape \(3,\)"),
        (np.array([[1.0], [np.nan]]), "NaN, infinite or beyond single"),
    ],
)
def test_summarise_refuses_invalid_frames(frames: NDArray[np.float64], sentence: str) -> None:
    with pytest.raises(FramesError, match=sentence):
        summarise(frames)
