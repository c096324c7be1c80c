"""Decoding: every format becomes the same mono signal; other files are refused."""

import os
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from segue.audio import SAMPLE_RATE, decode
from segue.errors import AudioError

SECONDS = 1.0
LEFT, RIGHT = 440.0, 1_500.0  # Hz


def stereo(rate: int, seconds: float = SECONDS) -> NDArray[np.float32]:
    """Make a tone on the left and another on the right ``[n_samples, 2]``."""
    time = np.arange(round(rate * seconds)) / rate
    tones = [0.4 * np.sin(2 * np.pi * hertz * time) for hertz in (LEFT, RIGHT)]
    return np.stack(tones, axis=1).astype(np.float32)


def write_with_av(path: Path, codec: str, rate: int, container: str | None = None) -> None:
    """Encode the two tones with FFmpeg."""
    import av

    with av.open(str(path), "w", format=container) as output:
        stream = output.add_stream(codec, rate=rate, layout="stereo")
        stream.bit_rate = 128_000
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(stereo(rate).T), format="fltp", layout="stereo"
        )
        frame.sample_rate = rate
        to_codec = av.AudioResampler(
            format=stream.format.name, layout="stereo", rate=rate, frame_size=stream.frame_size
        )
        for converted in (*to_codec.resample(frame), *to_codec.resample(None)):
            output.mux(stream.encode(converted))
        output.mux(stream.encode(None))


def strength(signal: NDArray[np.float32], hertz: float) -> float:
    """Measure the amplitude of one tone in the middle half of `signal`."""
    middle = signal[len(signal) // 4 : -len(signal) // 4].astype(np.float64)
    window = np.hanning(len(middle))
    turning = np.exp(-2j * np.pi * hertz * np.arange(len(middle)) / SAMPLE_RATE)
    return float(2 * abs((middle * window * turning).sum()) / window.sum())


@pytest.mark.parametrize(
    ("suffix", "subtype"),
    [
        ("wav", "PCM_16"),
        ("wav", "PCM_U8"),
        ("wav", "PCM_24"),
        ("wav", "FLOAT"),
        ("wav", "DOUBLE"),
        ("flac", "PCM_16"),
        ("aiff", "PCM_16"),
        ("au", "PCM_16"),
        ("au", "ULAW"),
        ("caf", "PCM_16"),
        ("ogg", "VORBIS"),
        ("opus", "OPUS"),
        ("mp3", "MPEG_LAYER_III"),
    ],
)
def test_libsndfile_formats_decode_to_the_same_signal(
    suffix: str, subtype: str, tmp_path: Path
) -> None:
    path = tmp_path / f"tones.{suffix}"
    rate = 48_000 if suffix == "opus" else 44_100
    container = {"opus": "OGG"}.get(suffix)
    soundfile.write(path, stereo(rate), rate, subtype=subtype, format=container)
    assert_is_the_mean_of_the_tones(decode(path))


@pytest.mark.parametrize(
    ("suffix", "codec", "container"),
    [
        ("m4a", "aac", "ipod"),
        ("m4a", "alac", "ipod"),
        ("aac", "aac", "adts"),
        ("wma", "wmav2", "asf"),
        ("mp3", "libmp3lame", None),
        ("opus", "libopus", None),
        ("webm", "libopus", None),
        ("mka", "ac3", "matroska"),
    ],
)
def test_ffmpeg_formats_decode_to_the_same_signal(
    suffix: str, codec: str, container: str | None, tmp_path: Path
) -> None:
    path = tmp_path / f"tones.{suffix}"
    write_with_av(path, codec, 48_000, container)
    assert_is_the_mean_of_the_tones(decode(path))


def assert_is_the_mean_of_the_tones(signal: NDArray[np.float32]) -> None:
    assert signal.dtype == np.float32
    assert signal.ndim == 1
    assert signal.flags.c_contiguous
    # Lossy encoders pad to whole packets of their own.
    assert len(signal) == pytest.approx(SECONDS * SAMPLE_RATE, rel=0.1)
    assert strength(signal, LEFT) == pytest.approx(0.2, abs=0.02)
    assert strength(signal, RIGHT) == pytest.approx(0.2, abs=0.02)


def test_file_at_the_target_rate_is_not_resampled(tmp_path: Path) -> None:
    path = tmp_path / "mono.wav"
    samples = stereo(SAMPLE_RATE)[:, 0]
    soundfile.write(path, samples, SAMPLE_RATE, subtype="FLOAT")
    np.testing.assert_array_equal(decode(path), samples)


def test_channels_have_equal_weight(tmp_path: Path) -> None:
    path = tmp_path / "six.wav"
    samples = np.random.default_rng(5).normal(0, 0.1, (5_000, 6)).astype(np.float32)
    soundfile.write(path, samples, SAMPLE_RATE, subtype="FLOAT")
    np.testing.assert_allclose(decode(path), samples.mean(axis=1), atol=1e-7)


def test_resampling_equals_librosa(tmp_path: Path) -> None:
    import librosa

    path = tmp_path / "tones.wav"
    soundfile.write(path, stereo(44_100), 44_100, subtype="FLOAT")
    mono = stereo(44_100).mean(axis=1)
    theirs = librosa.resample(mono, orig_sr=44_100, target_sr=SAMPLE_RATE)
    np.testing.assert_allclose(decode(path), theirs, atol=1e-6)


def test_blocks_of_a_long_file_join_without_seams(tmp_path: Path) -> None:
    path = tmp_path / "long.wav"
    samples = np.random.default_rng(6).normal(0, 0.1, 14_000 * 65).astype(np.float32)
    soundfile.write(path, samples, 14_000, subtype="FLOAT")
    np.testing.assert_array_equal(decode(path, sample_rate=14_000), samples)


@pytest.mark.parametrize("suffix", ["wav", "m4a"])
def test_max_seconds_limits_the_signal(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"tones.{suffix}"
    if suffix == "wav":
        soundfile.write(path, stereo(44_100), 44_100)
    else:
        write_with_av(path, "aac", 44_100, "ipod")
    whole, part = decode(path), decode(path, max_seconds=0.25)
    assert len(part) == pytest.approx(0.25 * SAMPLE_RATE, abs=2)
    inner = slice(0, len(part) - 200)  # the resampler changes samples near the end
    np.testing.assert_allclose(part[inner], whole[: len(part)][inner], atol=1e-3)


def test_silence_decodes(tmp_path: Path) -> None:
    path = tmp_path / "silence.flac"
    soundfile.write(path, np.zeros(44_100), 44_100)
    assert not decode(path).any()


def test_samples_beyond_full_scale_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "loud.wav"
    soundfile.write(path, np.full(3_000, 3.0), SAMPLE_RATE, subtype="FLOAT")
    assert decode(path).max() == 3.0


def test_wrong_suffix_is_ignored(tmp_path: Path) -> None:
    path = tmp_path / "really_m4a.mp3"
    write_with_av(path, "aac", 44_100, "ipod")
    assert_is_the_mean_of_the_tones(decode(path))


def test_truncated_file_decodes_to_the_cut(tmp_path: Path) -> None:
    whole = tmp_path / "whole.aac"
    write_with_av(whole, "aac", 44_100, "adts")
    path = tmp_path / "half.aac"
    content = whole.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    assert 0.3 * SAMPLE_RATE < len(decode(path)) < 0.7 * SAMPLE_RATE


def test_broken_packet_is_skipped(tmp_path: Path) -> None:
    path = tmp_path / "scratched.m4a"
    write_with_av(path, "aac", 44_100, "ipod")
    content = bytearray(path.read_bytes())
    start = content.index(b"mdat") + 4 + 2_000
    content[start : start + 300] = bytes([255]) * 300
    path.write_bytes(content)
    assert len(decode(path)) > 0.7 * SAMPLE_RATE


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e20])
def test_samples_that_are_not_numbers_are_refused(bad: float, tmp_path: Path) -> None:
    path = tmp_path / "bad.wav"
    samples = np.zeros(4_000, dtype=np.float32)
    samples[77] = bad
    soundfile.write(path, samples, SAMPLE_RATE, subtype="FLOAT")
    with pytest.raises(AudioError, match=r"bad\.wav' has samples that are NaN, infinite or"):
        decode(path)


def test_missing_file_and_directory_are_refused(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match=r"no audio file '.*absent\.wav': check the path"):
        decode(tmp_path / "absent.wav")
    with pytest.raises(AudioError, match="no audio file"):
        decode(tmp_path)


def test_empty_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "empty.mp3"
    path.touch()
    with pytest.raises(AudioError, match=r"empty\.mp3' is an empty file: replace it"):
        decode(path)


def test_file_without_samples_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "none.wav"
    soundfile.write(path, np.zeros(0), SAMPLE_RATE)
    with pytest.raises(AudioError, match=r"none\.wav'.*: replace it or leave it out"):
        decode(path)


@pytest.mark.parametrize(("suffix", "codec"), [("mp3", "libmp3lame"), ("m4a", "aac")])
def test_undecodable_file_name_is_accepted(suffix: str, codec: str, tmp_path: Path) -> None:
    path = tmp_path / f"tones.{suffix}"
    write_with_av(path, codec, 48_000)
    strange = tmp_path / os.fsdecode(b"caf\xe9.") / os.fsdecode(b"\xff." + suffix.encode())
    strange.parent.mkdir()
    path.rename(strange)
    assert_is_the_mean_of_the_tones(decode(strange))


@pytest.mark.parametrize("suffix", ["wav", "mp3", "m4a", "ogg", "au", "txt"])
def test_files_without_audio_are_refused(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"text.{suffix}"
    path.write_text("This is not music, it is text about music. " * 100)
    with pytest.raises(AudioError, match=rf"text\.{suffix}' .*: replace it or leave it out"):
        decode(path)


def test_video_without_sound_is_refused(tmp_path: Path) -> None:
    import av

    path = tmp_path / "silent.mp4"
    with av.open(str(path), "w") as output:
        stream = output.add_stream("mpeg4", rate=25, width=32, height=32, pix_fmt="yuv420p")
        frame = av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), dtype=np.uint8), format="rgb24")
        output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    with pytest.raises(AudioError, match="has no audio stream"):
        decode(path)
