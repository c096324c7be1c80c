"""Keys: scales have theirs; sound without a key has none with confidence."""

import numpy as np
import pytest
from numpy.typing import NDArray

from segue.audio import MIN_KEY_CONFIDENCE, N_KEYS, analyse, estimate_key, key_name
from segue.audio.harmony import find_tones, key_place, tone_chroma
from segue.audio.settings import AnalysisSettings
from segue.audio.spectrum import frames_of, magnitudes

RATE = 22_050
MAJOR, NATURAL_MINOR, HARMONIC_MINOR = (
    (0, 2, 4, 5, 7, 9, 11, 12),
    (0, 2, 3, 5, 7, 8, 10, 12),
    (0, 2, 3, 5, 7, 8, 11, 12),
)


def tone(pitch: float) -> NDArray[np.float64]:
    """Make half a second of a decaying tone with two overtones; `pitch` is MIDI's number."""
    time = np.arange(RATE // 2) / RATE
    hertz = 440.0 * 2 ** ((pitch - 69) / 12)
    partials = sum(np.sin(2 * np.pi * hertz * n * time) / n for n in (1, 2, 3))
    return np.asarray(partials * np.exp(-2 * time))


@pytest.mark.parametrize(
    ("tonic", "steps", "name"),
    [
        (57, NATURAL_MINOR, "A minor"),
        (57, HARMONIC_MINOR, "A minor"),
        (60, MAJOR, "C major"),
        (66, MAJOR, "F# major"),
        (63, HARMONIC_MINOR, "D# minor"),
    ],
)
def test_scale_has_its_key(tonic: int, steps: tuple[int, ...], name: str) -> None:
    notes = [tonic + step for step in (*steps, *steps[::-1])]
    signal = 0.2 * np.concatenate([tone(note) for note in notes])
    found = analyse(signal.astype(np.float32)).key
    assert found is not None
    assert found.name == name
    assert found.confidence > MIN_KEY_CONFIDENCE


@pytest.mark.parametrize("steps", [2, 7, 11])
@pytest.mark.parametrize("cents", [-30, 0, 40])
def test_transposed_and_mistuned_scale_moves_its_key(steps: int, cents: int) -> None:
    notes = [57 + steps + cents / 100 + step for step in (*NATURAL_MINOR, *NATURAL_MINOR[::-1])]
    signal = 0.2 * np.concatenate([tone(note) for note in notes])
    found = analyse(signal.astype(np.float32)).key
    assert found is not None
    assert found.name == key_name(12 + (9 + steps) % 12)


def test_tones_of_a_chord_are_its_pitch_classes() -> None:
    """A minor triad, 20 cents high, with a soft overtone each and some noise."""
    settings = AnalysisSettings()
    signal = sum(tone(note + 0.2) for note in (57, 60, 64))
    signal = signal + np.random.default_rng(0).normal(0, 0.003, len(signal))
    magnitude = magnitudes(frames_of(signal.astype(np.float32), settings))
    blocks = [find_tones(part, settings) for part in (magnitude[:5], magnitude[5:])]
    chroma = tone_chroma(blocks)
    assert chroma.shape == (len(magnitude), 12)
    assert set(np.argsort(chroma.mean(axis=0))[-3:].tolist()) == {9, 0, 4}
    whole = tone_chroma([find_tones(magnitude, settings)])
    np.testing.assert_allclose(chroma, whole, atol=1e-6)


def test_equal_chroma_has_no_key() -> None:
    assert estimate_key(np.ones((10, 12), dtype=np.float32)) is None
    assert estimate_key(np.zeros((10, 12), dtype=np.float32)) is None


def test_key_of_noise_has_low_confidence(rng: np.random.Generator) -> None:
    found = analyse(rng.normal(0, 0.1, 20 * RATE).astype(np.float32)).key
    assert found is None or found.confidence < MIN_KEY_CONFIDENCE


def test_keys_have_names_and_coordinates() -> None:
    names = [key_name(number) for number in range(N_KEYS)]
    assert len(set(names)) == N_KEYS
    # A fifth apart is nearer than a semitone.
    distance = [np.hypot(*np.subtract(key_place(0)[:2], key_place(other)[:2])) for other in (7, 1)]
    assert distance[0] < distance[1]
