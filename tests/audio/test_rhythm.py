"""The tempo is librosa's, and that of the clicks."""

import numpy as np
import pytest
from numpy.typing import NDArray

from segue.audio import AnalysisSettings, describe, onset_strength, tempo


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
def test_tempo_of_generated_signals_is_librosas(
    name: str, signals: dict[str, NDArray[np.float32]]
) -> None:
    import librosa

    theirs = librosa.feature.tempo(y=signals[name], sr=22_050)[0]
    assert tempo(describe(signals[name])["log_mel"]) == pytest.approx(theirs, rel=1e-9)


def test_tempo_and_onsets_of_real_music_are_librosas(music: NDArray[np.float32]) -> None:
    import librosa

    log_mel = describe(music)["log_mel"]
    onsets = librosa.onset.onset_strength(y=music, sr=22_050)
    np.testing.assert_allclose(onset_strength(log_mel), onsets, atol=1e-4)
    theirs = librosa.feature.tempo(y=music, sr=22_050)[0]
    assert tempo(log_mel) == pytest.approx(theirs, rel=1e-9)


@pytest.mark.parametrize("bpm", [80, 97, 120, 140])
def test_clicks_have_their_tempo(bpm: int) -> None:
    from_start = np.zeros(22_050 * 12, dtype=np.float32)
    from_start[np.arange(0, len(from_start), round(22_050 * 60 / bpm))] = 1.0
    found = tempo(describe(from_start)["log_mel"])
    # Tempi stand on a grid of whole frames: 4% apart at 97 bpm.
    assert found == pytest.approx(bpm, rel=0.04)


def test_silence_and_a_lone_click_have_no_tempo(signals: dict[str, NDArray[np.float32]]) -> None:
    lone = np.zeros(22_050 * 3, dtype=np.float32)
    lone[22_050] = 1.0
    assert tempo(describe(signals["silence"])["log_mel"]) is None
    assert tempo(describe(signals["constant"])["log_mel"]) is None
    assert tempo(describe(lone)["log_mel"]) is None


def test_a_single_frame_has_no_tempo() -> None:
    assert tempo(np.zeros((1, 128), dtype=np.float32)) is None


def test_another_hop_is_counted_in_beats_a_minute() -> None:
    signal = np.zeros(22_050 * 12, dtype=np.float32)
    signal[:: 22_050 // 2] = 1.0
    settings = AnalysisSettings(hop_length=256)
    found = tempo(describe(signal, settings)["log_mel"], settings)
    assert found == pytest.approx(120.0, rel=0.02)
