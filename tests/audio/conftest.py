"""Signals with known properties, and librosa's answers for them."""

import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

RATE = 22_050
REAL_MUSIC = (
    "asc--games__asc__music__frontiers.ogg",
    "colobot-common-sounds--games__colobot__music__Constructive.ogg",
    "drascula--scummvm__drascula__audio__track10.ogg",
)


def clicks(bpm: float, seconds: float) -> NDArray[np.float32]:
    """Make short bursts of a decaying tone, `bpm` of them a minute."""
    signal = np.zeros(round(RATE * seconds), dtype=np.float32)
    burst = np.exp(-np.arange(2_000) / 200.0) * np.sin(np.arange(2_000) * 0.3)
    for start in np.arange(0.0, seconds - 0.2, 60.0 / bpm):
        first = round(start * RATE)
        signal[first : first + len(burst)] += burst.astype(np.float32)
    return signal


@pytest.fixture(scope="session")
def signals() -> dict[str, NDArray[np.float32]]:
    """Signals by name, mono at 22,050 Hz."""
    rng = np.random.default_rng(97)
    time = np.arange(6 * RATE) / RATE
    noise = rng.normal(0.0, 0.1, 4 * RATE)
    chord = sum(np.sin(2 * np.pi * 440.0 * 2 ** ((n + 0.23) / 12) * time) for n in (0, 4, 7))
    made = {
        "sine": np.sin(2 * np.pi * 1_000.0 * time),
        "chirp": np.sin(2 * np.pi * (50.0 + 0.5 * 1_600.0 * time) * time),
        "clicks": clicks(97.0, 12.0),
        "noise": noise,
        "silence": np.zeros(3 * RATE),
        "noise between silences": np.concatenate((np.zeros(RATE), noise, np.zeros(RATE))),
        "very quiet noise": noise * 1e-5,
        "constant": np.full(2 * RATE, 0.5),
        "mistuned chord": chord,
        "one frame": noise[:2_048],
        "odd length": noise[:12_345],
    }
    return {name: np.asarray(signal, dtype=np.float32) for name, signal in made.items()}


@pytest.fixture(scope="session")
def librosa_descriptors() -> Callable[..., dict[str, NDArray[np.float32]]]:
    """Give the function that asks librosa for each descriptor on its own."""
    import librosa

    def describe(signal: NDArray[np.float32], **sizes: int) -> dict[str, NDArray[np.float32]]:
        feature = librosa.feature
        frame = {
            "frame_length": sizes.get("n_fft", 2_048),
            "hop_length": sizes.get("hop_length", 512),
        }
        with warnings.catch_warnings():
            # librosa warns that it cannot tune silence.
            warnings.simplefilter("ignore", UserWarning)
            chroma = feature.chroma_stft(y=signal, **sizes)
        answers = {
            "log_mel": librosa.power_to_db(feature.melspectrogram(y=signal, **sizes)),
            "mfcc": feature.mfcc(y=signal, **sizes),
            "chroma": chroma,
            "spectral_contrast": feature.spectral_contrast(y=signal, **sizes),
            "tonnetz": feature.tonnetz(chroma=chroma),
            "centroid": feature.spectral_centroid(y=signal, **sizes),
            "bandwidth": feature.spectral_bandwidth(y=signal, **sizes),
            "rolloff": feature.spectral_rolloff(y=signal, **sizes),
            "zero_crossing_rate": feature.zero_crossing_rate(signal, **frame),
            "rms": feature.rms(y=signal, **frame),
        }
        return {name: answer.T for name, answer in answers.items()}

    return describe


@pytest.fixture(scope="session", params=REAL_MUSIC)
def music(request: pytest.FixtureRequest, shared_data: Path) -> NDArray[np.float32]:
    """Ten seconds of real music."""
    from segue.audio import decode

    return decode(shared_data / "soundtracks" / "audio" / request.param, max_seconds=10.0)
