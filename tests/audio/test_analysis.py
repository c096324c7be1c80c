"""What is kept of a track: quantised, pooled, capped, summarised."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from segue.audio import (
    AnalysisSettings,
    analyse,
    dequantise,
    describe,
    kept_frames,
    quantise,
    summarise,
    summary_names,
)


def test_analysis_keeps_what_describe_gives(signals: dict[str, NDArray[np.float32]]) -> None:
    signal = signals["noise"]
    described, analysis = describe(signal), analyse(signal)
    assert np.abs(dequantise(analysis.log_mel) - described["log_mel"]).max() <= 0.25
    steps = np.concatenate(
        [described[name] for name in ("mfcc", "chroma", "spectral_contrast")], axis=1
    )
    whole = len(steps) // 4 * 4
    expected = steps[:whole].reshape(-1, 4, 39).mean(axis=1)
    np.testing.assert_allclose(analysis.sequence[: whole // 4], expected, rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(analysis.sequence[-1], steps[whole:].mean(axis=0), rtol=1e-3)
    assert analysis.duration == 4.0


def test_summary_is_of_every_descriptor_then_the_tempo(
    signals: dict[str, NDArray[np.float32]],
) -> None:
    described, analysis = describe(signals["clicks"]), analyse(signals["clicks"])
    values = dict(zip(summary_names(), analysis.summary, strict=True))
    centroid = summarise(described["centroid"])
    assert [values[f"centroid.{name}"] for name in ("mean", "std", "skew")] == [*centroid[:3]]
    assert values["mfcc[3].max"] == described["mfcc"][:, 3].max()
    assert values["tempo"] == pytest.approx(analysis.tempo)
    assert analysis.summary.dtype == np.float32


def test_silence_is_analysed(signals: dict[str, NDArray[np.float32]]) -> None:
    analysis = analyse(signals["silence"])
    assert analysis.tempo is None
    assert np.isnan(analysis.summary[-1])
    assert np.isfinite(analysis.summary[:-1]).all()
    assert np.isfinite(analysis.sequence).all()
    assert not analysis.log_mel.any()


def test_analysis_is_repeatable(signals: dict[str, NDArray[np.float32]]) -> None:
    first, second = analyse(signals["chirp"]), analyse(signals["chirp"])
    for name in ("log_mel", "sequence", "summary"):
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name))


def test_a_long_track_is_kept_in_windows_of_frames_in_a_row(rng: np.random.Generator) -> None:
    settings = AnalysisSettings(max_frames=64, window_frames=16)
    signal = rng.normal(0, 0.1, 512 * 200).astype(np.float32)
    analysis, all_frames = analyse(signal, settings), quantise(describe(signal)["log_mel"])
    assert analysis.log_mel.shape == (64, 128)
    assert analysis.sequence.shape == (16, 39)
    np.testing.assert_array_equal(analysis.log_mel[:16], all_frames[:16])
    np.testing.assert_array_equal(analysis.log_mel[-16:], all_frames[-16:])


@given(st.integers(1, 10_000), st.integers(1, 8), st.integers(1, 64))
def test_kept_frames_are_windows_spread_evenly(n_frames: int, n_windows: int, n_steps: int) -> None:
    size = 4 * n_steps
    settings = AnalysisSettings(max_frames=n_windows * size, window_frames=size)
    kept = kept_frames(n_frames, settings)
    assert len(kept) == min(n_frames, settings.max_frames)
    assert np.all(np.diff(kept) >= 1)
    assert kept[0] >= 0
    assert kept[-1] < n_frames
    if n_frames > settings.max_frames:
        starts = kept.reshape(n_windows, size)[:, 0]
        assert np.ptp(np.diff(starts)) <= 1 if n_windows > 1 else True


@given(st.floats(-80.0, 47.5))
def test_quantising_loses_at_most_a_quarter_of_a_decibel(level: float) -> None:
    decibels = np.array([level], dtype=np.float32)
    assert abs(dequantise(quantise(decibels))[0] - decibels[0]) <= 0.25


def test_levels_out_of_range_saturate() -> None:
    beyond = np.array([-100.0, 1_000.0], dtype=np.float32)
    assert dequantise(quantise(beyond)).tolist() == [-80.0, 47.5]


def test_all_codes_survive_a_round_trip() -> None:
    codes = np.arange(256, dtype=np.uint8)
    np.testing.assert_array_equal(quantise(dequantise(codes)), codes)
