"""Descriptors equal librosa's, and values that can be computed by hand."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from segue.audio import AnalysisSettings, describe, descriptor_bands
from segue.audio.spectrum import Framer, frames_of, magnitudes
from segue.audio.tuning import spectral_peaks, tuning_of_peaks
from segue.errors import AudioError, SegueError

Oracle = Callable[..., dict[str, NDArray[np.float32]]]

# The greatest difference from librosa that is allowed anywhere, in each descriptor's unit.
TOLERANCES = {
    "log_mel": 1e-4,  # dB
    "mfcc": 5e-4,  # of values up to 1,131, where single precision has steps of 1e-4
    "chroma": 1e-5,
    "spectral_contrast": 1e-4,  # dB
    "tonnetz": 1e-5,
    "centroid": 2e-3,  # Hz
    "bandwidth": 2e-3,  # Hz
    "rolloff": 1e-3,  # Hz, so it is the same bin
    "zero_crossing_rate": 1e-7,
    "rms": 1e-6,
}

SIGNALS = (
    "sine",
    "chirp",
    "clicks",
    "noise",
    "silence",
    "noise between silences",
    "very quiet noise",
    "constant",
    "mistuned chord",
    "one frame",
    "odd length",
)


def assert_equal_to_librosa(
    signal: NDArray[np.float32], oracle: Oracle, analysis: AnalysisSettings | None = None
) -> None:
    analysis = analysis or AnalysisSettings()
    ours = describe(signal, analysis)
    theirs = oracle(signal, n_fft=analysis.n_fft, hop_length=analysis.hop_length)
    assert list(ours) == list(theirs) == list(descriptor_bands(analysis))
    for name, tolerance in TOLERANCES.items():
        assert ours[name].shape == theirs[name].shape, name
        np.testing.assert_allclose(ours[name], theirs[name], rtol=0, atol=tolerance, err_msg=name)


@pytest.mark.parametrize("name", SIGNALS)
def test_descriptors_of_generated_signals_equal_librosa(
    name: str, signals: dict[str, NDArray[np.float32]], librosa_descriptors: Oracle
) -> None:
    assert_equal_to_librosa(signals[name], librosa_descriptors)


def test_descriptors_of_real_music_equal_librosa(
    music: NDArray[np.float32], librosa_descriptors: Oracle
) -> None:
    assert_equal_to_librosa(music, librosa_descriptors)


def test_descriptors_of_other_sizes_equal_librosa(
    signals: dict[str, NDArray[np.float32]], librosa_descriptors: Oracle
) -> None:
    analysis = AnalysisSettings(n_fft=1_024, hop_length=256)
    assert_equal_to_librosa(signals["noise"], librosa_descriptors, analysis)


def estimated_tuning(signal: NDArray[np.float32]) -> float:
    analysis = AnalysisSettings()
    framer = Framer(analysis)
    runs = [*framer.push(signal), *framer.finish()]
    magnitude = np.concatenate([magnitudes(frames_of(run, analysis)) for run in runs])
    return tuning_of_peaks(*spectral_peaks(magnitude**2, analysis))


def test_tuning_equals_librosa(music: NDArray[np.float32]) -> None:
    import librosa

    power = np.abs(librosa.stft(music)) ** 2
    assert estimated_tuning(music) == librosa.estimate_tuning(S=power, sr=22_050)


def test_tuning_of_a_mistuned_chord_is_found(signals: dict[str, NDArray[np.float32]]) -> None:
    assert estimated_tuning(signals["mistuned chord"]) == pytest.approx(0.23, abs=0.03)


def test_sine_has_its_frequency_as_centroid_and_rolloff(
    signals: dict[str, NDArray[np.float32]],
) -> None:
    described = {name: frames[10:-10] for name, frames in describe(signals["sine"]).items()}
    np.testing.assert_allclose(described["centroid"], 1_000.0, atol=1.0)
    np.testing.assert_allclose(described["rolloff"], 1_000.0, atol=2 * 22_050 / 2_048)
    np.testing.assert_allclose(described["rms"], np.sqrt(0.5), atol=1e-3)
    np.testing.assert_allclose(described["zero_crossing_rate"], 2_000 / 22_050, atol=1e-3)
    # 1 kHz is nearest to B5, the last pitch class from C.
    assert set(described["chroma"].argmax(axis=1)) == {11}


def test_centroid_of_a_chirp_rises(signals: dict[str, NDArray[np.float32]]) -> None:
    centroid = describe(signals["chirp"])["centroid"][5:-5, 0]
    assert np.all(np.diff(centroid) > 0)


def test_silence_has_finite_descriptors(signals: dict[str, NDArray[np.float32]]) -> None:
    described = describe(signals["silence"])
    # how a processor rounds the logarithm of 1e-10 is its own affair
    assert np.all(np.abs(described["log_mel"] + 100.0) < 1e-4)
    assert np.ptp(described["log_mel"]) == 0.0
    assert np.all(described["mfcc"][:, 1:] == 0.0)
    for name in described.keys() - {"log_mel", "mfcc"}:
        assert np.all(described[name] == 0.0), name


@settings(max_examples=40, deadline=None)
@given(
    arrays(
        np.float32,
        st.integers(2_048, 4_000),
        elements=st.floats(-1, 1, width=32) | st.floats(-1e8, 1e8, width=32),
        fill=st.sampled_from([0.0, 0.25]),
    )
)
def test_descriptors_of_any_signal_are_finite_and_in_range(signal: NDArray[np.float32]) -> None:
    described = describe(signal)
    for name, n_bands in descriptor_bands().items():
        frames = described[name]
        assert frames.shape == (1 + len(signal) // 512, n_bands)
        assert frames.dtype == np.float32
        assert np.isfinite(frames).all(), name
    assert described["chroma"].min() >= 0
    assert described["chroma"].max() <= 1
    for name in ("centroid", "bandwidth", "rolloff"):
        assert described[name].min() >= 0
        assert described[name].max() <= 11_025.5
    assert described["spectral_contrast"].min() >= 0
    assert described["zero_crossing_rate"].max() <= 1


def test_gain_changes_only_level_descriptors(signals: dict[str, NDArray[np.float32]]) -> None:
    soft, loud = describe(signals["noise"]), describe(signals["noise"] * np.float32(4.0))
    np.testing.assert_allclose(loud["log_mel"] - soft["log_mel"], 20 * np.log10(4), atol=1e-3)
    np.testing.assert_allclose(loud["rms"], 4 * soft["rms"], rtol=1e-5)
    for name in ("chroma", "tonnetz", "zero_crossing_rate"):
        np.testing.assert_allclose(loud[name], soft[name], atol=1e-5)


def test_describe_does_not_modify_the_signal(signals: dict[str, NDArray[np.float32]]) -> None:
    signal = signals["noise"].copy()
    signal.flags.writeable = False
    describe(signal)
    np.testing.assert_array_equal(signal, signals["noise"])


@pytest.mark.parametrize(
    ("signal", "sentence"),
    [
        (np.zeros(0), "shorter than 0.09 s .*: use a longer recording"),
        (np.zeros(2_047), "shorter than 0.09 s .0.093 s."),
        (np.zeros((2, 4_000)), r"shape \(2, 4000\) but must be mono"),
        (np.full(4_000, np.nan), "NaN"),
        (np.r_[np.zeros(4_000), np.inf], "infinite"),
        (np.full(4_000, 1e12), "above 1e9"),
    ],
)
def test_describe_refuses_invalid_signals(signal: NDArray[np.float32], sentence: str) -> None:
    with pytest.raises(AudioError, match=sentence):
        describe(signal)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"hop_length": 0}, "hop_length is 0 but must be at least 1"),
        ({"sample_rate": 8_000}, "sample_rate is 8000 but must be above 12800 Hz"),
        ({"n_fft": 2_047}, "n_fft is 2047 but must be even"),
        ({"n_fft": 64}, "n_fft is 64 but must be even and span at least 10 ms"),
        ({"n_mfcc": 129}, "n_mfcc is 129 but must not exceed n_mels, 128"),
        ({"max_frames": 1_000}, "must be a multiple of window_frames"),
        ({"pool": 3}, "that of pool, 3"),
    ],
)
def test_contradictory_settings_are_refused(wrong: dict[str, int], sentence: str) -> None:
    with pytest.raises(SegueError, match=sentence):
        AnalysisSettings(**wrong)
