"""Patches: librosa's log-mel spectrogram in pieces, for signals of any length."""

import librosa
import numpy as np
import pytest
import soundfile

from segue.audio.patches import (
    PATCH_FRAMES,
    PATCH_SECONDS,
    PATCH_SETTINGS,
    patch_spectrogram,
    patches,
    patches_of_file,
)
from segue.errors import AudioError

RATE = PATCH_SETTINGS.sample_rate


def by_librosa(signal):
    power = librosa.feature.melspectrogram(y=signal, sr=RATE, n_fft=512, hop_length=256, n_mels=96)
    return np.log10(10_000 * power + 1).T


@pytest.fixture
def music(rng):
    """Twenty seconds of a tone that glides, with noise, then a second of silence."""
    time = np.arange(20 * RATE) / RATE
    tone = 0.3 * np.sin(2 * np.pi * (200 + 30 * time) * time) + rng.normal(0, 0.01, len(time))
    return np.concatenate((tone, np.zeros(RATE))).astype(np.float32)


def test_spectrogram_equals_librosa(music):
    np.testing.assert_allclose(patch_spectrogram(music), by_librosa(music), atol=1e-5)


def test_patches_are_pieces_of_the_spectrogram(music):
    found = patches([music], max_patches=20)
    n_whole = len(by_librosa(music)) // PATCH_FRAMES
    wanted = by_librosa(music)[: n_whole * PATCH_FRAMES].reshape(n_whole, PATCH_FRAMES, 96)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, wanted, atol=1e-5)


@pytest.mark.parametrize("size", [700, 16_000, 100_000])
def test_block_size_does_not_change_patches(music, size):
    blocks = [music[start : start + size] for start in range(0, len(music), size)]
    np.testing.assert_array_equal(patches(blocks, max_patches=20), patches([music], max_patches=20))


@pytest.mark.parametrize("seconds", [0.01, 1.0, 2.9])
def test_short_signal_is_repeated(music, seconds):
    (found,) = patches([music[: round(seconds * RATE)]], max_patches=20)
    # every part of it sounds: silence was not taken for music
    assert found.shape == (PATCH_FRAMES, 96)
    assert found.mean(axis=1).min() > 0.1


def test_patches_of_a_long_signal_span_it():
    """Of 200 patches that get louder and louder, those kept are spread evenly over all."""
    step = round(PATCH_SECONDS * RATE)
    tone = np.sin(2 * np.pi * 500 * np.arange(step) / RATE).astype(np.float32)
    levels = np.geomspace(0.01, 1.0, 200).astype(np.float32)
    loudness = patches((tone * level for level in levels), max_patches=10).mean(axis=(1, 2))
    assert len(loudness) == 10
    steps = np.diff(loudness)
    assert (steps > 0).all()
    assert steps.max() < 2 * steps.min()


def test_loud_music_does_not_overflow():
    """In half precision its power would be infinite."""
    loud = np.sign(np.sin(np.arange(4 * RATE) / 5)).astype(np.float32) * 50
    found = patches([loud], max_patches=20)
    assert np.isfinite(found).all()
    assert found.max() > np.log10(10_000 * 65_504)


def test_patches_of_silence_are_zero():
    assert patches([np.zeros(5 * RATE, np.float32)], max_patches=20).max() == 0


def test_empty_signal_is_refused():
    with pytest.raises(AudioError, match="empty"):
        patches([], max_patches=20)


def test_file_is_resampled_to_the_rate_of_patches(tmp_path, music):
    soundfile.write(tmp_path / "a.wav", music, RATE, subtype="FLOAT")
    np.testing.assert_allclose(
        patches_of_file(tmp_path / "a.wav", 20), patches([music], 20), atol=1e-5
    )


@pytest.mark.parametrize("ending", ["flac", "ogg"])
def test_long_file_is_read_by_seeking(tmp_path, ending):
    """A rising tone has as many heights as patches, the lowest first."""
    rate = 22_050
    time = np.arange(90 * rate) / rate
    tone = 0.3 * np.sin(2 * np.pi * (300 + 20 * time) * time)
    soundfile.write(tmp_path / f"a.{ending}", tone, rate)
    found = patches_of_file(tmp_path / f"a.{ending}", 4)
    assert found.shape == (4, PATCH_FRAMES, 96)
    heights = found.mean(axis=1).argmax(axis=1)
    assert (np.diff(heights) > 0).all()


def test_file_with_a_wrong_duration_has_patches(tmp_path, music):
    """A header of an hour, a minute of sound: the places that it promises are not there."""
    path = tmp_path / "a.wav"
    soundfile.write(path, np.tile(music, 3), RATE, subtype="PCM_16")
    content = bytearray(path.read_bytes())
    content[40:44] = (2 * RATE * 3_600).to_bytes(4, "little")
    path.write_bytes(content)
    found = patches_of_file(path, 4)
    assert found.shape == (4, PATCH_FRAMES, 96)
    assert found.max() > 1
