"""Files that are cut short, and complete files of every container."""

from pathlib import Path

import numpy as np
import pytest
from tests.factories import encode_audio

from segue.audio import decode
from segue.audio.completeness import incomplete_reason, missing_part

# suffix, codec, whether FFmpeg writes a header with the length
FORMATS = [
    *[("flac", "flac"), ("m4a", "aac"), ("mka", "libopus"), ("ogg", "libopus")],
    *[("opus", "libopus"), ("mp3", "libmp3lame"), ("aiff", "pcm_s16be"), ("wav", "pcm_s16le")],
    *[("wv", "wavpack"), ("tta", "tta"), ("aac", "aac"), ("ac3", "ac3"), ("mp2", "mp2")],
]
STATED = [one for one in FORMATS if one[0] not in {"aac", "ac3", "mp2"}]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Ten seconds of noise in every format."""
    directory = tmp_path_factory.mktemp("formats")
    found = {}
    rng = np.random.default_rng(0)
    for suffix, codec in FORMATS:
        rate = 48_000 if codec == "libopus" else 44_100
        # the index before the samples, or a cut file has none
        options = {"movflags": "faststart"} if suffix == "m4a" else {}
        signal = rng.normal(0, 0.1, 10 * rate)
        found[suffix] = encode_audio(directory / f"one.{suffix}", codec, signal, rate, options)
    return found


def cut(path: Path, share: float) -> Path:
    data = path.read_bytes()
    target = path.with_name(f"cut.{path.suffix.lstrip('.')}")
    target.write_bytes(data[: int(len(data) * share)])
    return target


@pytest.mark.parametrize("suffix", [suffix for suffix, _ in FORMATS])
def test_missing_part_of_a_complete_file_is_none(files: dict[str, Path], suffix: str) -> None:
    path = files[suffix]
    assert missing_part(path, len(decode(path)) / 22_050) is None
    assert missing_part(path) is None


@pytest.mark.parametrize("suffix", [suffix for suffix, _ in STATED])
@pytest.mark.parametrize("share", [0.4, 0.85])
def test_missing_part_of_a_cut_file_is_found(
    files: dict[str, Path], suffix: str, share: float
) -> None:
    path = cut(files[suffix], share)
    reason = incomplete_reason(path, len(decode(path)) / 22_050)
    assert reason is not None
    assert f"'{path}' is cut short or damaged (" in reason


def test_missing_part_states_both_lengths(files: dict[str, Path]) -> None:
    assert missing_part(files["flac"], 7.2) == "only 0:07 of 0:10 can be decoded"
    assert missing_part(files["flac"], 9.5) is None


@pytest.mark.parametrize("size", [0, 0x7FFFF024, 0x7FFFFFFF, 0x80000024, 0xFFFFFFFF])
def test_missing_part_of_a_streamed_wav_is_none(files: dict[str, Path], size: int) -> None:
    data = bytearray(files["wav"].read_bytes())
    data[4:8] = size.to_bytes(4, "little")
    path = files["wav"].with_name("streamed.wav")
    path.write_bytes(data)
    assert missing_part(path) is None


def test_incomplete_reason_of_no_audio_is_none(tmp_path: Path) -> None:
    path = tmp_path / "x.flac"
    assert incomplete_reason(path) is None
    path.write_bytes(b"fLaC")
    assert incomplete_reason(path) is None
