"""Recordings: length, level, fades and what is refused."""

import io

import numpy as np
import pytest
import soundfile

from segue.demo_data.midi import Sound, write_midi
from segue.demo_data.passages import UnusableScoreError
from segue.demo_data.rendering import (
    SAMPLE_RATE,
    encode_flac,
    finish,
    render,
    sound_font,
)


def tone(seconds: float) -> np.ndarray:
    time = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    return np.sin(2 * np.pi * 440 * time).astype(np.float32)


def test_finish_sets_length_level_and_fades() -> None:
    recording = finish(0.2 * tone(5.0), seconds=4.0, level=3.0)
    assert recording.shape == (4 * SAMPLE_RATE,)
    assert np.max(np.abs(recording)) == pytest.approx(10 ** (-3 / 20), rel=1e-3)
    np.testing.assert_allclose(recording[[0, -1]], 0.0, atol=1e-6)
    middle, end = recording[SAMPLE_RATE : 2 * SAMPLE_RATE], recording[-SAMPLE_RATE // 10 :]
    assert np.std(end) < 0.1 * np.std(middle)


@pytest.mark.parametrize(
    ("signal", "message"),
    [
        (tone(1.0), r"only 1\.0 s"),
        (np.zeros(3 * SAMPLE_RATE, np.float32), "silent rendering"),
        (np.full(3 * SAMPLE_RATE, np.nan, np.float32), "silent rendering"),
        (np.concatenate([tone(1.0), np.zeros(2 * SAMPLE_RATE, np.float32)]), "is silent"),
    ],
)
def test_finish_refuses_short_and_silent_renderings(signal: np.ndarray, message: str) -> None:
    with pytest.raises(UnusableScoreError, match=message):
        finish(signal, seconds=2.0 if len(signal) < 2 * SAMPLE_RATE else 3.0, level=3.0)


def test_encode_flac_round_trip() -> None:
    recording = 0.5 * tone(0.5)
    read, rate = soundfile.read(io.BytesIO(encode_flac(recording)), dtype="float32")
    assert rate == SAMPLE_RATE
    np.testing.assert_allclose(read, recording, atol=1 / 32_768)


def test_render_note_has_its_pitch_and_tuning(corpus) -> None:
    font = sound_font().read_bytes()

    def pitch_of(cents: float) -> float:
        midi = write_midi([Sound(0, 2, 69, 90, 0)], {0: 74}, length=2.5, cents=cents)
        signal = render(midi, font)[SAMPLE_RATE // 2 : SAMPLE_RATE // 2 + SAMPLE_RATE]
        spectrum = np.abs(np.fft.rfft(signal * np.hanning(len(signal)), 8 * len(signal)))
        return float(np.argmax(spectrum)) / 8

    assert pitch_of(0.0) == pytest.approx(440.0, rel=0.005)
    assert 1200 * np.log2(pitch_of(40.0) / pitch_of(0.0)) == pytest.approx(40.0, abs=5.0)


def test_render_refuses_clipping(corpus) -> None:
    loud = [Sound(0, 1, 36 + place % 60, 127, channel) for place in range(60) for channel in (0, 1)]
    with pytest.raises(UnusableScoreError, match="clips"):
        render(write_midi(loud, {0: 56, 1: 61}, volume=127), sound_font().read_bytes())
