"""Unusual and damaged audio files: each decodes to its sound, or fails with one clear sentence."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile

from segue.audio import SAMPLE_RATE, analyse_file, decode
from segue.audio.pcm import _read_with_ffmpeg, _read_with_libsndfile
from segue.errors import AudioError

SECONDS = 4.0


def music(rate: int = 44_100, n_channels: int = 1, seconds: float = SECONDS) -> np.ndarray:
    """Make tones that come and go over a little noise ``[n_samples, n_channels]``."""
    rng = np.random.default_rng(3)
    time = np.arange(round(rate * seconds)) / rate
    tone = sum(np.sin(2 * np.pi * hertz * time) for hertz in (220.0, 440.0, 1_000.0))
    signal = 0.2 * tone * (1.0 + np.sin(2 * np.pi * 2.0 * time)) / 2.0
    return (signal[:, None] + 0.01 * rng.normal(size=(len(time), n_channels))).astype(np.float32)


def write_mp3(path: Path, **options: str) -> bytes:
    """Encode with LAME; return the file."""
    with av.open(str(path), "w", options=options) as output:
        stream = output.add_stream("libmp3lame", rate=44_100, layout="mono")
        stream.options = {"compression_level": "5"} | ({"q": "4"} if options else {})
        samples = np.ascontiguousarray(music().T)
        frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout="mono")
        frame.sample_rate = 44_100
        resampler = av.AudioResampler("fltp", "mono", 44_100, frame_size=stream.frame_size)
        for piece in (*resampler.resample(frame), *resampler.resample(None)):
            output.mux(stream.encode(piece))
        output.mux(stream.encode(None))
    return path.read_bytes()


def likeness(one: np.ndarray, other: np.ndarray) -> float:
    n = min(len(one), len(other))
    return float(np.corrcoef(one[:n], other[:n])[0, 1])


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> np.ndarray:
    """What `music` sounds like once decoded."""
    path = tmp_path_factory.mktemp("music") / "music.wav"
    soundfile.write(path, music(), 44_100, subtype="FLOAT")
    return decode(path)


# the two decoders ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "subtype", "tolerance"),
    [
        ("a.wav", "PCM_16", 0.0),
        ("a.wav", "PCM_24", 0.0),
        ("a.wav", "PCM_32", 0.0),
        ("a.wav", "FLOAT", 0.0),
        ("a.wav", "PCM_U8", 0.0),
        ("a.aiff", "PCM_16", 0.0),
        ("a.au", "ULAW", 0.0),
        ("a.flac", "PCM_16", 0.0),
        ("a.ogg", "VORBIS", 1e-4),
        ("a.mp3", "MPEG_LAYER_III", 1e-3),
    ],
)
def test_both_decoders_return_the_same_signal(
    name: str, subtype: str, tolerance: float, tmp_path: Path
) -> None:
    path = tmp_path / name
    soundfile.write(path, music(n_channels=2), 44_100, subtype=subtype)
    one = np.concatenate([block.mono for block in _read_with_ffmpeg(path, None)])
    other = np.concatenate([block.mono for block in _read_with_libsndfile(path, None)])
    # the encoder's delay and padding are cut away by both
    assert len(one) == len(other) == round(SECONDS * 44_100)
    np.testing.assert_allclose(one, other, atol=tolerance + 1e-7)


@pytest.mark.parametrize("suffix", ["mp3", "ogg", "flac"])
def test_both_decoders_return_the_same_real_music(
    suffix: str, shared_data: Path, tmp_path: Path
) -> None:
    source = sorted((shared_data / "soundtracks" / "audio").glob("*.ogg"))[5]
    path = source
    if suffix != "ogg":
        samples, rate = soundfile.read(source)
        path = tmp_path / f"real.{suffix}"
        soundfile.write(path, samples, rate)
    one = np.concatenate([block.mono for block in _read_with_ffmpeg(path, None)])
    other = np.concatenate([block.mono for block in _read_with_libsndfile(path, None)])
    n = min(len(one), len(other))
    # libsndfile leaves out the last packet of some Vorbis files
    assert max(len(one), len(other)) - n < 10_000
    # of an mp3, libmpg123 and FFmpeg read a damaged or unusual granule differently
    assert np.median(np.abs(one[:n] - other[:n])) < 1e-6
    assert likeness(one, other) > 0.999


def test_mp3_encoder_delay_is_removed(tmp_path: Path, expected: np.ndarray) -> None:
    write_mp3(tmp_path / "a.mp3")
    found = decode(tmp_path / "a.mp3")
    n = min(len(found), len(expected))
    lags = range(-40, 41)
    fits = [likeness(np.roll(found[:n], -lag)[100:-100], expected[:n][100:-100]) for lag in lags]
    assert lags[int(np.argmax(fits))] == 0
    assert max(fits) > 0.99


# what is in them ----------------------------------------------------------------------------------


@pytest.mark.parametrize("rate", [8_000, 11_025, 16_000, 48_000, 96_000, 192_000])
def test_every_sample_rate_decodes(rate: int, tmp_path: Path, expected: np.ndarray) -> None:
    soundfile.write(tmp_path / "a.wav", music(rate), rate)
    found = decode(tmp_path / "a.wav")
    assert len(found) == pytest.approx(SECONDS * SAMPLE_RATE, abs=2)
    assert likeness(found, expected) > 0.98
    assert np.isfinite(analyse_file(tmp_path / "a.wav").summary[:100]).all()


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"])
def test_every_sample_width_decodes(subtype: str, tmp_path: Path, expected: np.ndarray) -> None:
    soundfile.write(tmp_path / "a.wav", music(), 44_100, subtype=subtype)
    assert np.abs(decode(tmp_path / "a.wav") - expected).max() < 2 / 128


@pytest.mark.parametrize("n_channels", [1, 2, 6, 8])
def test_every_number_of_channels_decodes(
    n_channels: int, tmp_path: Path, expected: np.ndarray
) -> None:
    soundfile.write(tmp_path / "a.wav", music(n_channels=n_channels), 44_100)
    assert likeness(decode(tmp_path / "a.wav"), expected) > 0.99


def test_offset_and_clipped_signals_decode(tmp_path: Path) -> None:
    for name, samples in {
        "offset": music() * 0.2 + 0.7,
        "clipped": np.clip(music() * 20, -1, 1),
    }.items():
        path = tmp_path / f"{name}.wav"
        soundfile.write(path, samples, 44_100)
        analysis = analyse_file(path)
        assert np.isfinite(analysis.sequence.astype(np.float32)).all()
        assert analysis.duration == pytest.approx(SECONDS, abs=0.01)


def test_silence_has_no_tempo_no_key_and_no_loudness(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.flac", np.zeros(441_000), 44_100)
    analysis = analyse_file(tmp_path / "a.flac")
    assert (analysis.tempo, analysis.key, analysis.loudness) == (None, None, None)
    assert len(analysis.fingerprint) == 0


def test_one_sample_is_refused(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", [0.5], 44_100)
    with pytest.raises(AudioError, match=r"a\.wav' is shorter than 0\.09 s .*: replace it"):
        analyse_file(tmp_path / "a.wav")


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("where", [0, -1])
def test_samples_that_are_not_finite_are_refused(bad: float, where: int, tmp_path: Path) -> None:
    samples = music()
    samples[where] = bad
    soundfile.write(tmp_path / "a.wav", samples, 44_100, subtype="FLOAT")
    with pytest.raises(AudioError, match="NaN, infinite"):
        analyse_file(tmp_path / "a.wav")


# what became of them ------------------------------------------------------------------------------


def as_written(suffix: str, path: Path) -> bytes:
    if suffix == "mp3":
        return write_mp3(path)
    soundfile.write(path, music(), 44_100)
    return path.read_bytes()


@pytest.mark.parametrize("suffix", ["mp3", "flac", "ogg", "wav"])
@pytest.mark.parametrize("tenths", range(1, 10))
def test_truncated_file_is_decoded_to_the_cut_or_refused(
    suffix: str, tenths: int, tmp_path: Path, expected: np.ndarray
) -> None:
    path = tmp_path / f"a.{suffix}"
    whole = as_written(suffix, path)
    path.write_bytes(whole[: len(whole) * tenths // 10])
    try:
        found = decode(path)
    except AudioError as error:
        assert "replace it" in str(error)  # noqa: PT017  # either is right, no third thing is
        assert tenths < 5
        return
    assert len(found) <= len(expected)
    if len(found) > SAMPLE_RATE:
        assert likeness(found, expected) > 0.95


@pytest.mark.parametrize("suffix", ["mp3", "flac", "ogg", "wav"])
def test_garbage_after_the_end_is_ignored(
    suffix: str, tmp_path: Path, expected: np.ndarray
) -> None:
    path = tmp_path / f"a.{suffix}"
    whole = as_written(suffix, path)
    clean = decode(path)
    path.write_bytes(whole + np.random.default_rng(0).bytes(20_000))
    found = decode(path)
    assert len(found) == pytest.approx(len(clean), abs=2_500)
    assert likeness(found[: len(clean) - 2_500], expected) > 0.98


def broken_id3(content: bytes) -> bytes:
    """Put a tag before it that claims a size it does not have, in bytes that are no tag."""
    return b"ID3\x04\x00\x00\x00\x00\x08\x00" + b"\xff\xfe" * 200 + content


def endless_id3(content: bytes) -> bytes:
    return b"ID3\x04\x00\x00\x7f\x7f\x7f\x7f" + b"TIT2" + content


@pytest.mark.parametrize("spoil", [broken_id3, endless_id3])
def test_broken_tag_decodes_or_names_a_reason(
    spoil: Callable[[bytes], bytes], tmp_path: Path
) -> None:
    path = tmp_path / "a.mp3"
    path.write_bytes(spoil(write_mp3(path)))
    try:
        assert len(decode(path)) > SAMPLE_RATE
    except AudioError as error:
        assert "replace it" in str(error)  # noqa: PT017  # either is right, no third thing is


def test_variable_rate_mp3_without_header_decodes(tmp_path: Path, expected: np.ndarray) -> None:
    path = tmp_path / "a.mp3"
    content = write_mp3(path, write_xing="0")
    assert b"Xing" not in content
    assert b"Info" not in content
    found = decode(path)
    # the file does not state the delay of the encoder: it stays in the signal
    assert len(found) == pytest.approx(len(expected), abs=0.2 * SAMPLE_RATE)


def test_suffix_is_ignored_and_text_is_refused(tmp_path: Path, expected: np.ndarray) -> None:
    soundfile.write(tmp_path / "a.flac", music(), 44_100)
    (tmp_path / "a.flac").rename(tmp_path / "a.mp3")
    assert likeness(decode(tmp_path / "a.mp3"), expected) > 0.99
    (tmp_path / "b.mp3").write_text("#EXTM3U\nhttp://example.invalid/stream.mp3\n" * 50)
    with pytest.raises(AudioError, match="cannot be decoded as audio"):
        decode(tmp_path / "b.mp3")


def test_file_without_permission_is_refused(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", music(), 44_100)
    (tmp_path / "a.wav").chmod(0)
    if os.access(tmp_path / "a.wav", os.R_OK):
        pytest.skip("root may read everything")
    with pytest.raises(AudioError, match=r"a\.wav"):
        decode(tmp_path / "a.wav")


@pytest.mark.parametrize(
    "name", ["new\nline", "\U0001f3b5 \u97f3\u697d", "x" * 250, "%s %d {}", "-rf", "'\"`$(x)"]
)
def test_unusual_file_names_decode(name: str, tmp_path: Path, expected: np.ndarray) -> None:
    path = tmp_path / f"{name}.wav"
    soundfile.write(tmp_path / "a.wav", music(), 44_100, subtype="FLOAT")
    (tmp_path / "a.wav").rename(path)
    np.testing.assert_array_equal(decode(path), expected)


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="Linux tells a process's peak")
def test_memory_does_not_grow_with_the_length(tmp_path: Path) -> None:
    path = tmp_path / "mix.wav"
    soundfile.write(path, np.zeros(8_000), 8_000)
    n_bytes = 3 * 3_600 * 8_000 * 2
    header = bytearray(path.read_bytes()[:44])
    header[4:8], header[40:44] = (n_bytes + 36).to_bytes(4, "little"), n_bytes.to_bytes(4, "little")
    beat = (20_000 * np.sin(np.arange(4_000) / 3.0) * np.exp(-np.arange(4_000) / 500)).astype("<i2")
    with path.open("wb") as file:
        file.write(header)
        for _ in range(3 * 60):
            file.write(np.tile(beat, 120).tobytes())
    script = (
        "import sys\n"
        "from pathlib import Path\n"
        "from segue.audio import analyse_file\n"
        "analysis = analyse_file(Path(sys.argv[1]))\n"
        "print(analysis.duration, analysis.tempo.bpm, len(analysis.log_mel))\n"
        # getrusage would count what the process that started this one took
        "print(*[line for line in open('/proc/self/status') if line.startswith('VmHWM')])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, path], capture_output=True, text=True, check=True
    )
    facts, _, memory = done.stdout.partition("\n")
    duration, bpm, n_frames = map(float, facts.split())
    kilobytes = int(memory.split()[1])
    assert duration == pytest.approx(3 * 3_600, abs=1)
    assert min(abs(bpm - true) for true in (60, 120)) < 1  # a beat every half second
    assert n_frames == 2_048
    assert kilobytes * 1_024 < 300e6


def encode(path: Path, codec: str, layout: str, container: str) -> None:
    """Encode the same music on all channels of a layout."""
    with av.open(str(path), "w", format=container) as output:
        stream = output.add_stream(codec, rate=48_000, layout=layout)
        stream.codec_context.open()
        n_channels = stream.codec_context.layout.nb_channels
        samples = np.tile(music(48_000), (1, n_channels)).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(samples, format="flt", layout=layout)
        frame.sample_rate = 48_000
        size = stream.codec_context.frame_size
        resampler = av.AudioResampler(stream.format.name, layout, 48_000, frame_size=size)
        for piece in (*resampler.resample(frame), *resampler.resample(None)):
            output.mux(stream.encode(piece))
        output.mux(stream.encode(None))


@pytest.mark.parametrize(("codec", "layout"), [("aac", "7.1"), ("aac", "5.1"), ("alac", "5.1")])
def test_planar_channels_are_mixed(
    codec: str, layout: str, tmp_path: Path, expected: np.ndarray
) -> None:
    encode(tmp_path / "a.mka", codec, layout, "matroska")
    assert likeness(decode(tmp_path / "a.mka"), expected) > 0.9


def test_stream_with_changing_channels_decodes(tmp_path: Path) -> None:
    for layout in ("stereo", "mono", "7.1"):
        encode(tmp_path / f"{layout}.aac", "aac", layout, "adts")
    parts = [(tmp_path / f"{layout}.aac").read_bytes() for layout in ("stereo", "mono", "7.1")]
    (tmp_path / "all.aac").write_bytes(b"".join(parts))
    assert len(decode(tmp_path / "all.aac")) > 2 * SECONDS * SAMPLE_RATE
