"""Onsets, tempo and beats equal librosa's and those of clicks; uncertain tempi are marked."""

import numpy as np
import pytest
from numpy.typing import NDArray

from segue.audio import (
    DEFAULT_SETTINGS,
    MIN_TEMPO_CONFIDENCE,
    AnalysisSettings,
    Tempo,
    analyse,
    describe,
    estimate_tempo,
    onset_strength,
    spectral_flux,
)
from segue.audio.beats import find_beats

RATE = 22_050


def tempo(log_mel: NDArray[np.float32], settings: AnalysisSettings | None = None) -> Tempo | None:
    settings = settings or DEFAULT_SETTINGS
    return estimate_tempo([onset_strength(spectral_flux(log_mel), settings)], settings)


def assert_librosas(found: Tempo | None, theirs: float) -> None:
    """Theirs is a whole number of frames a beat; ours lies at most one frame from it."""
    assert found is not None
    frames_a_minute = 60 * RATE / 512
    assert abs(frames_a_minute / found.bpm - frames_a_minute / theirs) < 1.0


def clicks(bpm: float, seconds: float = 20.0) -> NDArray[np.float32]:
    signal = np.zeros(round(RATE * seconds), dtype=np.float32)
    signal[np.rint(np.arange(0, seconds, 60 / bpm) * RATE).astype(int)] = 1.0
    return signal


@pytest.mark.parametrize(
    "name",
    [
        "sine",
        "chirp",
        "clicks",
        "noise",
        "noise between silences",
        "very quiet noise",
        "mistuned chord",
        "one frame",
        "odd length",
    ],
)
def test_tempo_of_generated_signals_equals_librosa(
    name: str, signals: dict[str, NDArray[np.float32]]
) -> None:
    import librosa

    theirs = librosa.feature.tempo(y=signals[name], sr=22_050)[0]
    assert_librosas(tempo(describe(signals[name])["log_mel"]), theirs)


def test_tempo_and_onsets_of_real_music_equal_librosa(music: NDArray[np.float32]) -> None:
    import librosa

    log_mel = describe(music)["log_mel"]
    onsets = librosa.onset.onset_strength(y=music, sr=22_050)
    np.testing.assert_allclose(onset_strength(spectral_flux(log_mel)), onsets, atol=1e-4)
    theirs = librosa.feature.tempo(y=music, sr=22_050)[0]
    assert_librosas(tempo(log_mel), theirs)


def test_beats_of_real_music_equal_librosa(music: NDArray[np.float32]) -> None:
    import librosa

    envelope = onset_strength(spectral_flux(describe(music)["log_mel"]))
    for bpm in (70.0, 97.0, 123.0, 181.0):
        _, theirs = librosa.beat.beat_track(onset_envelope=envelope, sr=RATE, bpm=bpm)
        np.testing.assert_array_equal(find_beats(envelope, bpm), theirs)


@pytest.mark.parametrize("bpm", [60, 80, 97, 120, 133, 150])
def test_clicks_have_their_tempo_and_beats(bpm: int) -> None:
    analysis = analyse(clicks(bpm))
    assert analysis.tempo is not None
    assert analysis.tempo.bpm == pytest.approx(bpm, abs=0.5)
    assert analysis.tempo.confidence > 0.9
    gaps = np.diff(analysis.beats)
    assert np.median(gaps) == pytest.approx(60 / bpm, abs=512 / RATE)
    # Every beat is a click; the chain may go on for one beat after the last.
    clicked = analysis.beats[:-1] * bpm / 60
    assert np.abs(clicked - np.rint(clicked)).max() < 0.1


def test_tempo_without_recurrence_has_low_confidence(
    signals: dict[str, NDArray[np.float32]],
) -> None:
    for name in ("noise", "mistuned chord", "chirp"):
        found = tempo(describe(signals[name])["log_mel"])
        assert found is None or found.confidence < MIN_TEMPO_CONFIDENCE, name


def test_silence_and_a_single_click_have_no_tempo(signals: dict[str, NDArray[np.float32]]) -> None:
    lone = np.zeros(22_050 * 3, dtype=np.float32)
    lone[22_050] = 1.0
    assert tempo(describe(signals["silence"])["log_mel"]) is None
    assert tempo(describe(signals["constant"])["log_mel"]) is None
    assert tempo(describe(lone)["log_mel"]) is None


def test_single_frame_has_no_tempo() -> None:
    assert tempo(np.zeros((1, 128), dtype=np.float32)) is None


def test_tempo_does_not_depend_on_the_hop() -> None:
    signal = np.zeros(22_050 * 12, dtype=np.float32)
    signal[:: 22_050 // 2] = 1.0
    settings = AnalysisSettings(hop_length=256)
    found = tempo(describe(signal, settings)["log_mel"], settings)
    assert found is not None
    assert found.bpm == pytest.approx(120.0, rel=0.01)
