"""Analysis of a track: quantized, pooled, limited in size and summarized."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from segue.audio import (
    STATISTICS,
    Analysis,
    AnalysisSettings,
    analyse,
    analyse_file,
    dequantise,
    describe,
    quantise,
    summarise,
    summary_names,
)
from segue.audio.accumulation import RUN_FRAMES
from segue.audio.windows import window_bounds


def test_analysis_stores_the_descriptors_of_describe(
    signals: dict[str, NDArray[np.float32]],
) -> None:
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


def test_summary_has_every_descriptor_then_the_track_values(
    signals: dict[str, NDArray[np.float32]],
) -> None:
    described, analysis = describe(signals["clicks"]), analyse(signals["clicks"])
    values = dict(zip(summary_names(), analysis.summary, strict=True))
    centroid = summarise(described["centroid"])
    assert [values[f"centroid.{name}"] for name in ("mean", "std", "skew")] == [*centroid[:3]]
    assert values["mfcc[3].max"] == described["mfcc"][:, 3].max()
    assert analysis.tempo is not None
    assert values["tempo"] == pytest.approx(analysis.tempo.bpm)
    assert values["loudness"] == pytest.approx(analysis.loudness)
    assert analysis.summary.dtype == np.float32


def test_silence_can_be_analysed(signals: dict[str, NDArray[np.float32]]) -> None:
    analysis = analyse(signals["silence"])
    assert analysis.tempo is None
    assert (analysis.key, analysis.loudness, len(analysis.beats)) == (None, None, 0)
    assert np.isnan(analysis.summary[-5:]).all()
    assert np.isfinite(analysis.summary[:-5]).all()
    assert np.isfinite(analysis.sequence).all()
    assert not analysis.log_mel.any()


def test_analysis_is_repeatable(signals: dict[str, NDArray[np.float32]]) -> None:
    first, second = analyse(signals["chirp"]), analyse(signals["chirp"])
    for name in ("log_mel", "sequence", "summary"):
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name))


def test_long_track_is_stored_in_windows_of_frames(rng: np.random.Generator) -> None:
    settings = AnalysisSettings(max_frames=64, window_frames=16)
    signal = rng.normal(0, 0.1, 512 * 200).astype(np.float32)
    analysis, all_frames = analyse(signal, settings), quantise(describe(signal)["log_mel"])
    assert analysis.log_mel.shape == (64, 128)
    assert analysis.sequence.shape == (16, 39)
    np.testing.assert_array_equal(analysis.log_mel[:16], all_frames[:16])
    np.testing.assert_array_equal(analysis.log_mel[-16:], all_frames[-16:])


@given(st.integers(1, 10_000), st.integers(1, 8), st.integers(1, 64))
def test_stored_windows_are_spread_evenly(n_frames: int, n_windows: int, n_steps: int) -> None:
    size = 4 * n_steps
    settings = AnalysisSettings(max_frames=n_windows * size, window_frames=size)
    bounds = window_bounds(n_frames, settings)
    kept = np.concatenate([np.arange(first, end) for first, end in bounds])
    assert len(kept) == min(n_frames, settings.max_frames)
    assert np.all(np.diff(kept) >= 1)
    assert kept[0] >= 0
    assert kept[-1] < n_frames
    if n_frames > settings.max_frames:
        starts = kept.reshape(n_windows, size)[:, 0]
        assert np.ptp(np.diff(starts)) <= 1 if n_windows > 1 else True


def assert_same_analysis(one: Analysis, other: Analysis) -> None:
    """Products over other runs of frames differ by single-precision rounding, and by no more."""
    for name in ("log_mel", "beats", "fingerprint"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)
    np.testing.assert_allclose(one.sequence, other.sequence, rtol=2e-3, atol=1e-3)
    np.testing.assert_allclose(one.summary, other.summary, rtol=2e-5, atol=1e-4)
    assert one.duration == other.duration
    assert one.loudness == pytest.approx(other.loudness, abs=0.02)
    assert (one.tempo is None) == (other.tempo is None)  # a tenth of a second has none
    if one.tempo is not None and other.tempo is not None:
        assert one.tempo.bpm == pytest.approx(other.tempo.bpm, rel=1e-5)
        assert one.tempo.confidence == pytest.approx(other.tempo.confidence, abs=1e-5)
    assert one.key is not None
    assert other.key is not None
    assert one.key.number == other.key.number
    assert one.key.confidence == pytest.approx(other.key.confidence, abs=1e-5)


@pytest.mark.parametrize("seconds", [0.1, 1.0, 11.3, 47.55, 60.0])
def test_blocks_of_a_file_equal_the_whole_signal(
    seconds: float, tmp_path: Path, rng: np.random.Generator
) -> None:
    """The file is read in blocks of three seconds; `analyse` gets all samples at once."""
    samples = np.cumsum(rng.normal(0, 0.02, round(seconds * 22_050))) * 0.05
    samples = np.clip(samples - samples.mean(), -0.9, 0.9).astype(np.float32)
    samples[-2_000:] -= 0.05  # ends below zero: the end's crossings count as librosa counts them
    path = tmp_path / "walk.wav"
    soundfile.write(path, samples, 22_050, subtype="FLOAT")
    assert_same_analysis(analyse_file(path), analyse(samples))


def test_long_track_is_described_in_sections(rng: np.random.Generator) -> None:
    settings = AnalysisSettings(max_frames=64, window_frames=16, section_frames=100)
    signal = rng.normal(0, 0.1, 512 * 249).astype(np.float32)  # 250 frames: 100, 100, 50
    # Noise has one level throughout: only the tuning could differ between sections.
    whole = describe(signal)
    analysis = analyse(signal, settings)
    centroid = summarise(whole["centroid"])
    values = dict(zip(summary_names(settings), analysis.summary, strict=True))
    assert [values[f"centroid.{name}"] for name in STATISTICS] == [*centroid]
    assert analysis.log_mel.shape == (64, 128)
    np.testing.assert_array_equal(analysis.log_mel[:16], quantise(whole["log_mel"][:16]))
    np.testing.assert_array_equal(analysis.log_mel[-16:], quantise(whole["log_mel"][232:248]))


def test_very_long_track_is_summarised_from_thinned_frames(
    rng: np.random.Generator,
) -> None:
    settings = AnalysisSettings(
        max_frames=64, window_frames=16, section_frames=100, summary_frames=150
    )
    signal = rng.normal(0, 0.1, 512 * 340).astype(np.float32)  # 341 frames in runs of 64
    described = describe(signal)["zero_crossing_rate"]
    values = dict(zip(summary_names(settings), analyse(signal, settings).summary, strict=True))
    every_fourth_run = np.arange(341) // RUN_FRAMES % 4 == 0
    assert every_fourth_run.sum() == 128
    expected = summarise(described[every_fourth_run])
    assert [values[f"zero_crossing_rate.{name}"] for name in STATISTICS] == [*expected]


def test_fast_analysis_reads_stretches_of_a_long_track(tmp_path: Path) -> None:
    fast = AnalysisSettings(fast=True)
    signal = np.tile(music_like(8.0), 20)  # 160 s that repeat
    path = tmp_path / "long.flac"
    soundfile.write(path, signal, 22_050)
    stretches, whole = analyse_file(path, fast), analyse_file(path)
    assert stretches.duration == pytest.approx(160.0, abs=0.01)
    assert stretches.log_mel.shape == whole.log_mel.shape
    assert len(stretches.beats) == 0
    assert stretches.key is not None
    assert whole.key is not None
    assert stretches.key.number == whole.key.number
    assert stretches.tempo is not None
    assert whole.tempo is not None
    assert stretches.tempo.bpm == pytest.approx(whole.tempo.bpm, rel=0.01)
    assert stretches.loudness == pytest.approx(whole.loudness, abs=0.5)
    means = slice(0, 178)
    np.testing.assert_allclose(stretches.summary[means], whole.summary[means], rtol=0.1, atol=1.0)


def test_fast_analysis_of_a_short_track_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "short.wav"
    soundfile.write(path, music_like(20.0), 22_050)
    assert_same_analysis(analyse_file(path, AnalysisSettings(fast=True)), analyse_file(path))


def music_like(seconds: float) -> NDArray[np.float32]:
    """Make the notes of a C major chord, struck in turn 120 times a minute."""
    time = np.arange(round(seconds * 22_050)) / 22_050
    pitch = np.choose((time * 2).astype(int) % 4, [261.63, 329.63, 392.0, 523.25])
    struck = np.sin(2 * np.pi * pitch * time) * np.exp(-4.0 * np.mod(time, 0.5))
    return (0.3 * struck).astype(np.float32)


@given(st.floats(-80.0, 47.5))
def test_quantise_loses_at_most_a_quarter_of_a_decibel(level: float) -> None:
    decibels = np.array([level], dtype=np.float32)
    assert abs(dequantise(quantise(decibels))[0] - decibels[0]) <= 0.25 + 1e-5  # rounded to single


def test_quantise_saturates_levels_out_of_range() -> None:
    beyond = np.array([-100.0, 1_000.0], dtype=np.float32)
    assert dequantise(quantise(beyond)).tolist() == [-80.0, 47.5]


def test_quantise_restores_every_code() -> None:
    codes = np.arange(256, dtype=np.uint8)
    np.testing.assert_array_equal(quantise(dequantise(codes)), codes)


def test_fast_analysis_without_seeking_reads_the_whole(tmp_path: Path) -> None:
    path = tmp_path / "cut.flac"
    soundfile.write(path, music_like(200.0), 22_050)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])  # and the header still says 200 s
    assert_same_analysis(analyse_file(path, AnalysisSettings(fast=True)), analyse_file(path))
