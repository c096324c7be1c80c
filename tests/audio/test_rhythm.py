"""Tempo of clicks, drums and librosa's beats; uncertain tempi are marked."""

import numpy as np
import pytest
from numpy.typing import NDArray

from segue.audio import (
    MIN_TEMPO_CONFIDENCE,
    AnalysisSettings,
    Tempo,
    analyse,
    describe,
    estimate_tempo,
    level_rises,
    onset_curves,
)
from segue.audio.beats import TIGHTNESS, beat_strength, find_beats
from segue.audio.onsets import N_CURVES
from segue.audio.rhythm import ALL
from segue.audio.settings import DEFAULT_SETTINGS

RATE = 22_050
BACKBEAT = ("x...x...", "..x...x.", "xxxxxxxx")
FOUR_ON_THE_FLOOR = ("x.x.x.x.", "..x...x.", ".x.x.x.x")
SPARSE = ("x....x..", "..x...x.", "x.x.x.x.")


def tempo(log_mel: NDArray[np.float32], settings: AnalysisSettings | None = None) -> Tempo | None:
    settings = settings or DEFAULT_SETTINGS
    return estimate_tempo([onset_curves(level_rises(log_mel), settings)], settings)


def clicks(bpm: float, seconds: float = 20.0) -> NDArray[np.float32]:
    signal = np.zeros(round(RATE * seconds), dtype=np.float32)
    signal[np.rint(np.arange(0, seconds, 60 / bpm) * RATE).astype(int)] = 1.0
    return signal


def drums(bpm: float, pattern: tuple[str, str, str], seconds: float = 15.0) -> NDArray[np.float32]:
    """Play kick, snare and hat, whose patterns are eighths of a bar of four beats."""
    rng = np.random.default_rng(3)
    time = np.arange(RATE // 5) / RATE
    noise = rng.standard_normal((2, len(time)))
    sounds = (
        np.sin(2 * np.pi * 60 * time) * np.exp(-15 * time),
        0.5 * noise[0] * np.exp(-20 * time),
        0.15 * noise[1] * np.exp(-60 * time),
    )
    signal = np.zeros(round((seconds + 1) * RATE))
    for step in range(int(seconds * bpm / 30)):
        start = round(step * 30 / bpm * RATE)
        for sound, marks in zip(sounds, pattern, strict=True):
            signal[start : start + len(time)] += sound * (marks[step % 8] == "x")
    return (0.5 * signal).astype(np.float32)


def test_beats_of_real_music_equal_librosa(music: NDArray[np.float32]) -> None:
    import librosa

    envelope = beat_strength(onset_curves(level_rises(describe(music)["log_mel"])))
    for bpm in (70.0, 97.0, 123.0, 181.0):
        _, theirs = librosa.beat.beat_track(
            onset_envelope=envelope, sr=RATE, bpm=bpm, tightness=TIGHTNESS
        )
        np.testing.assert_array_equal(find_beats(envelope, bpm), theirs)


def test_rises_of_real_music_equal_librosa(music: NDArray[np.float32]) -> None:
    import librosa

    log_mel = describe(music)["log_mel"]
    rises = level_rises(log_mel)
    onsets = librosa.onset.onset_strength(y=music, sr=RATE)
    np.testing.assert_allclose(rises[1:-2, ALL], onsets[3:], atol=1e-4)
    low = librosa.onset.onset_strength(S=log_mel[:, :7].T, sr=RATE)
    np.testing.assert_allclose(rises[1:-2, 0], low[3:], atol=1e-4)


def test_rises_of_two_blocks_equal_the_whole(rng: np.random.Generator) -> None:
    log_mel = rng.normal(0, 10, (50, 128)).astype(np.float32)
    parts = [level_rises(log_mel[:20]), level_rises(log_mel[20:], log_mel[19])]
    np.testing.assert_array_equal(np.concatenate(parts), level_rises(log_mel))


@pytest.mark.parametrize("bpm", [80, 97, 120, 133, 150])
def test_clicks_have_their_tempo_and_beats(bpm: int) -> None:
    analysis = analyse(clicks(bpm))
    assert analysis.tempo is not None
    assert analysis.tempo.bpm == pytest.approx(bpm, abs=0.5)
    assert analysis.tempo.confidence > MIN_TEMPO_CONFIDENCE
    gaps = np.diff(analysis.beats)
    assert np.median(gaps) == pytest.approx(60 / bpm, abs=512 / RATE)
    # Every beat is a click; the chain may go on for one beat after the last.
    clicked = analysis.beats[:-1] * bpm / 60
    assert np.abs(clicked - np.rint(clicked)).max() < 0.1


@pytest.mark.parametrize("pattern", [BACKBEAT, FOUR_ON_THE_FLOOR, SPARSE])
@pytest.mark.parametrize("bpm", [88, 103, 120, 138, 152])
def test_drums_have_the_tempo_of_their_beat(bpm: int, pattern: tuple[str, str, str]) -> None:
    found = tempo(describe(drums(bpm, pattern))["log_mel"])
    assert found is not None
    assert found.bpm == pytest.approx(bpm, rel=0.01)


@pytest.mark.parametrize("bpm", [66, 74, 165, 176])
def test_backbeat_has_its_tempo_at_extremes(bpm: int) -> None:
    found = tempo(describe(drums(bpm, BACKBEAT))["log_mel"])
    assert found is not None
    assert found.bpm == pytest.approx(bpm, rel=0.01)


def test_beats_of_a_backbeat_are_its_kicks_and_snares() -> None:
    """Eighths of a hat lie between the beats."""
    analysis = analyse(drums(112, BACKBEAT))
    places = analysis.beats * 112 / 60
    assert np.abs(places - np.rint(places)).max() < 0.1
    assert np.median(np.diff(analysis.beats)) == pytest.approx(60 / 112, abs=512 / RATE)


def test_confidence_falls_where_the_octave_is_open() -> None:
    """Bare clicks at 45 may as well be every second beat at 90."""
    moderate, slow = (tempo(describe(clicks(bpm))["log_mel"]) for bpm in (97, 45))
    assert moderate is not None
    assert slow is not None
    assert slow.confidence < MIN_TEMPO_CONFIDENCE < 0.8 < moderate.confidence


def test_tempo_without_recurrence_has_low_confidence(
    signals: dict[str, NDArray[np.float32]],
) -> None:
    for name in ("noise", "mistuned chord", "chirp", "sine"):
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
    assert level_rises(np.zeros((1, 128), dtype=np.float32)).shape == (1, N_CURVES)


def test_tempo_does_not_depend_on_hop_or_level() -> None:
    signal = drums(112, BACKBEAT)
    settings = AnalysisSettings(hop_length=256)
    for found in (
        tempo(describe(signal, settings)["log_mel"], settings),
        tempo(describe(signal * np.float32(0.02))["log_mel"]),
    ):
        assert found is not None
        assert found.bpm == pytest.approx(112.0, rel=0.01)
