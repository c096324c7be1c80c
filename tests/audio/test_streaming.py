"""Streaming: whole files, byte ranges and transcoded formats that browsers play."""

import io
import os
import tracemalloc
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from scipy.signal import correlate

from segue.audio.streaming import FORMATS, ByteRange, media_of, parse_range, transcode
from segue.errors import AudioError, UnreadableAudioError

SECONDS = 3.0


def tune(rate: int, seconds: float = SECONDS) -> np.ndarray:
    """Make a tone that rises on the left and one that falls on the right ``[n_samples, 2]``."""
    time = np.arange(round(rate * seconds)) / rate
    rise = 2_500.0 / seconds
    phases = (200.0 + rise * time / 2) * time, (2_700.0 - rise * time / 2) * time
    return (0.3 * np.sin(2 * np.pi * np.stack(phases, axis=1))).astype(np.float32)


def write_with_av(path, codec, rate, container=None, seconds=SECONDS):
    import av

    with av.open(str(path), "w", format=container) as output:
        stream = output.add_stream(codec, rate=rate, layout="stereo")
        if not codec.startswith(("pcm", "alac", "flac")):
            stream.bit_rate = 128_000
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(tune(rate, seconds).T), format="fltp", layout="stereo"
        )
        frame.sample_rate = rate
        # some encoders take no longer frames
        resampler = av.AudioResampler(stream.format.name, "stereo", rate, frame_size=1_024)
        for part in (*resampler.resample(frame), *resampler.resample(None)):
            output.mux(stream.encode(part))
        output.mux(stream.encode(None))


def made(place, name):
    """Write the tune as one of the files below."""
    codec, container, rate = FILES[name]
    path = place / name
    if codec is None:
        soundfile.write(path, tune(rate), rate, subtype=container)
    else:
        write_with_av(path, codec, rate, container)
    return path


# name: (FFmpeg's codec, container, rate), or libsndfile's subtype
FILES = {
    "a.mp3": ("libmp3lame", None, 44_100),
    "a.m4a": ("aac", None, 44_100),
    "alac.m4a": ("alac", None, 44_100),
    "a.aac": ("aac", "adts", 44_100),
    "vorbis.ogg": (None, "VORBIS", 44_100),
    "a.opus": ("libopus", None, 48_000),
    "a.flac": (None, "PCM_16", 44_100),
    "a.wav": (None, "PCM_16", 22_050),
    "24.wav": (None, "PCM_24", 96_000),
    "float.wav": (None, "FLOAT", 48_000),
    "double.wav": (None, "DOUBLE", 48_000),
    "a.wma": ("wmav2", None, 44_100),
    "a.aiff": (None, "PCM_16", 32_000),
    "a.au": (None, "PCM_16", 8_000),
}
PLAYED = {
    "a.mp3": "audio/mpeg",
    "a.m4a": "audio/mp4",
    "a.aac": "audio/aac",
    "vorbis.ogg": "audio/ogg",
    "a.opus": "audio/ogg",
    "a.flac": "audio/flac",
    "a.wav": "audio/wav",
    "24.wav": "audio/wav",
    "float.wav": "audio/wav",
}


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("streamed")


def decoded(pieces):
    """Decode what was streamed: samples ``[n, channels]``, rate."""
    return soundfile.read(io.BytesIO(b"".join(pieces)), always_2d=True)


def alike(got, rate, wanted, wanted_rate, start=0.0):
    """Correlate each channel with the source from `start` on, at the best of small delays."""
    import soxr

    source = soxr.resample(wanted[round(start * wanted_rate) :], wanted_rate, rate)
    spare = round(0.1 * rate)  # what encoders and decoders may put before it
    source = source[spare : min(len(source), len(got)) - 2 * spare]
    delays = [
        np.argmax(correlate(got[: len(source) + 2 * spare, i], source[:, i], "valid"))
        for i in range(2)
    ]
    assert abs(delays[0] - delays[1]) <= 1
    window = got[delays[0] : delays[0] + len(source)]
    both = (window * source).sum(axis=0)
    return (both / np.linalg.norm(window, axis=0) / np.linalg.norm(source, axis=0)).min()


@pytest.mark.parametrize("name", FILES)
def test_media_type_and_playability_of_files(place, name):
    path = made(place, name)
    named_otherwise = place / f"{name}.txt"
    named_otherwise.write_bytes(path.read_bytes())
    for called in (path, named_otherwise):
        media = media_of(called)
        assert media.plays == (name in PLAYED)
        if media.plays:
            assert media.media_type == PLAYED[name]
        else:
            assert "/" in media.media_type


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("name", FILES)
def test_transcode_keeps_the_sound_of_every_format(place, name, form):
    path = made(place, name)
    samples, rate = decoded(transcode(path, form))
    assert samples.shape[1] == 2
    assert len(samples) / rate == pytest.approx(SECONDS, abs=0.15)  # what encoders put around it
    source = FILES[name][2]
    assert alike(samples, rate, tune(source), source) > 0.95


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("name", FILES)
def test_transcode_begins_at_start_seconds(place, name, form):
    path = made(place, name)
    samples, rate = decoded(transcode(path, form, start_seconds=1.3))
    assert len(samples) / rate == pytest.approx(SECONDS - 1.3, abs=0.15)
    source = FILES[name][2]
    assert alike(samples, rate, tune(source), source, start=1.3) > 0.95


def test_transcode_falls_back_to_libsndfile(place):
    path = place / "matlab.wav"
    soundfile.write(path, tune(44_100), 44_100, format="MAT5", subtype="PCM_16")
    with pytest.raises(AudioError, match="cannot be decoded"):
        media_of(path)
    for start in (0.0, 1.3):
        samples, rate = decoded(transcode(path, "opus", start_seconds=start))
        assert len(samples) / rate == pytest.approx(SECONDS - start, abs=0.15)
        assert alike(samples, rate, tune(44_100), 44_100, start) > 0.95


def test_transcode_keeps_mono_and_mixes_to_stereo(place):
    tones = tune(44_100)
    for n_channels in (1, 4, 6, 8):
        soundfile.write(place / "n.wav", np.repeat(tones[:, :1], n_channels, axis=1), 44_100)
        for form in FORMATS:
            samples, rate = decoded(transcode(place / "n.wav", form))
            assert samples.shape[1] == min(n_channels, 2)
            assert len(samples) / rate == pytest.approx(SECONDS, abs=0.15)


def test_transcode_keeps_the_bit_rate(place):
    path = made(place, "a.flac")
    sizes = {}
    for form, bitrate in (("mp3", 64_000), ("mp3", 320_000), ("opus", 32_000), ("mp3", 99_999)):
        sizes[bitrate] = 8 * len(b"".join(transcode(path, form, bitrate))) / SECONDS
    assert sizes[64_000] == pytest.approx(64_000, rel=0.05)
    assert sizes[320_000] == pytest.approx(320_000, rel=0.05)
    assert sizes[99_999] == pytest.approx(96_000, rel=0.05)
    assert sizes[32_000] < 50_000
    for form, bitrate in (("mp3", 31_999), ("mp3", 320_001), ("opus", 0)):
        with pytest.raises(ValueError, match=f"{form} has no bit rate of {bitrate}"):
            transcode(path, form, bitrate)


@pytest.mark.nightly
def test_transcode_of_a_long_file_needs_little_memory(tmp_path):
    rate, n_blocks = 44_100, 40
    with soundfile.SoundFile(tmp_path / "long.flac", "w", rate, 2) as file:
        for _ in range(n_blocks):
            file.write(tune(rate, 5.0))
    tracemalloc.start()
    pieces = [len(piece) for piece in transcode(tmp_path / "long.flac", "mp3", 64_000)]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert sum(pieces) == pytest.approx(200 * 8_000, rel=0.05)
    assert max(pieces) < 40_000
    assert peak < 2_000_000


def n_open_files():
    return len(list(Path("/proc/self/fd").iterdir()))


def test_transcode_can_be_closed_at_any_time(place):
    path = made(place, "a.flac")
    before = n_open_files()
    for n in (0, 1, 2):
        pieces = transcode(path)
        list(islice(pieces, n))
        pieces.close()
        del pieces
    assert n_open_files() == before


def test_transcode_of_a_truncated_file_plays_to_the_cut(place, tmp_path):
    for name in ("a.mp3", "a.flac", "a.opus", "a.wav", "a.aac"):
        data = made(place, name).read_bytes()
        path = tmp_path / name
        path.write_bytes(data[: len(data) // 2])
        samples, rate = decoded(transcode(path))
        assert SECONDS / 4 < len(samples) / rate < SECONDS


def test_transcode_reports_errors_before_sending_data(place, tmp_path):
    with pytest.raises(AudioError, match="no audio file"):
        transcode(tmp_path / "none.mp3")
    (tmp_path / "empty.mp3").touch()
    with pytest.raises(AudioError, match="empty file"):
        transcode(tmp_path / "empty.mp3")
    (tmp_path / "text.mp3").write_text("no sound" * 1_000)
    with pytest.raises(AudioError, match=r"cannot be decoded|no audio"):
        transcode(tmp_path / "text.mp3")
    with pytest.raises(AudioError, match=r"cannot be decoded|no audio"):
        media_of(tmp_path / "text.mp3")
    (tmp_path / "list.mp3").write_text("#EXTM3U\n#EXTINF:3,x\nhttp://localhost:1/a.mp3\n")
    with pytest.raises(AudioError):
        transcode(tmp_path / "list.mp3")
    soundfile.write(tmp_path / "nothing.wav", np.zeros((0, 2)), 44_100)
    with pytest.raises(AudioError):
        transcode(tmp_path / "nothing.wav")
    path = made(place, "a.flac")
    with pytest.raises(AudioError, match="no audio after 100 s"):
        transcode(path, start_seconds=100)
    for start in (-1.0, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="begin at 0 or later"):
            transcode(path, start_seconds=start)
    with pytest.raises(ValueError, match="no format 'flac'"):
        transcode(path, "flac")
    if os.geteuid():
        path.chmod(0)
        with pytest.raises(UnreadableAudioError, match="permissions"):
            media_of(path)


# RFC 9110, section 14.1.2: the examples there, for a representation of 10,000 bytes, and the rules
@pytest.mark.parametrize(
    ("header", "first", "last"),
    [
        ("bytes=0-499", 0, 499),
        ("bytes=500-999", 500, 999),
        ("bytes=-500", 9_500, 9_999),
        ("bytes=9500-", 9_500, 9_999),
        ("bytes=0-", 0, 9_999),
        ("bytes=0-0", 0, 0),
        ("bytes=-1", 9_999, 9_999),
        ("bytes=9999-9999", 9_999, 9_999),
        ("bytes=9000-20000", 9_000, 9_999),
        ("bytes=-20000", 0, 9_999),
        ("BYTES=1-2", 1, 2),
        ("bytes=, 1-2 ,", 1, 2),
        ("bytes=0001-00000000000000000000000002", 1, 2),
        (f"bytes=5-{'9' * 10_000}", 5, 9_999),
        (f"bytes=-{'9' * 10_000}", 0, 9_999),
    ],
)
def test_parse_range_reads_valid_ranges(header, first, last):
    found = parse_range(header, 10_000)
    assert found == ByteRange(first, last + 1)
    assert found.content_range(10_000) == f"bytes {first}-{last}/10000"


@pytest.mark.parametrize(
    "header",
    [
        *(None, "", "bytes", "bytes=", "bytes=-", "bytes=1", "bytes=a-b", "bytes=1-2-3"),
        *("bytes=2-1", "bytes=--1", "bytes=+1-2", "bytes=1.0-2", "bytes=0x1-0x2", "bytes=1 - 2"),
        *("lines=1-2", "bytes:1-2", "1-2", "bytes=0-0,-1", "bytes=500-600,601-999", "bytes=٣-٤"),
        "bytes=1-2\r\nX: y",
    ],
)
def test_parse_range_ignores_invalid_headers(header):
    assert parse_range(header, 10_000) is None


@pytest.mark.parametrize(
    "header", ["bytes=10000-", "bytes=10000-10001", "bytes=-0", f"bytes={'9' * 10_000}-"]
)
def test_parse_range_beyond_the_end_is_empty(header):
    found = parse_range(header, 10_000)
    assert found.length == 0
    assert found.content_range(10_000) == "bytes */10000"


def test_parse_range_of_an_empty_file():
    assert parse_range("bytes=-5", 0) is None
    assert parse_range("bytes=0-", 0).length == 0


@given(header=st.one_of(st.text(), st.text("bytes=-, 0123456789").map("bytes=".__add__)))
def test_parse_range_stays_within_the_file(header):
    found = parse_range(header, 1_000)
    assert found is None or 0 <= found.start <= found.stop <= 1_000
