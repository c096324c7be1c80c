"""Files and folders that are left out or passed over: trash, ignore files, videos, other files."""

from pathlib import Path

import av
import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.factories import encode_audio

from segue.errors import DatasetError
from segue.sources import read_dataset
from segue.sources.datasets.containers import has_video
from segue.sources.datasets.ignored import IgnoreRules, is_system_name
from segue.sources.datasets.walk import counted_suffixes, walk


def sound(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, np.zeros(800), 8000)
    return path


def encoded(path: Path, codec: str) -> Path:
    """Write a tenth of a second of silence."""
    return encode_audio(path, codec, np.zeros(4_800), 48_000)


def video(path: Path) -> Path:
    """Write ten pictures without sound."""
    with av.open(str(path), "w") as container:
        pictures = container.add_stream("mpeg4", rate=10)
        pictures.width = pictures.height = 64
        pictures.pix_fmt = "yuv420p"
        for _ in range(10):
            container.mux(pictures.encode(av.VideoFrame(64, 64, "yuv420p")))
        container.mux(pictures.encode(None))
    return path


def names(directory: Path, exclude: list[str] | None = None) -> list[str]:
    found = walk(directory, {".wav"}, IgnoreRules(directory, exclude or []))
    return [path.relative_to(directory).as_posix() for path in found.files]


@pytest.mark.parametrize(
    "folder",
    [
        *("#recycle", "#Recycle/Alder", "@Recycle", "@Recently-Snapshot/2024", "@__thumb"),
        *("$Recycle.Bin/S-1-5", "$RECYCLE.BIN", "RECYCLER", "Recycled", "lost+found", "LOST.DIR"),
        *("#snapshot/daily", "@eaDir", "@EADIR", "~snapshot/x", "@GMT-2024.01.01-00.00.00"),
        *("System Volume Information", "__MACOSX", "found.000", ".Trash-1000", ".zfs/snapshot/a"),
        *("Network Trash Folder", "my.segue/covers"),
    ],
)
def test_walk_system_folder_is_passed_over(tmp_path: Path, folder: str) -> None:
    sound(tmp_path / folder / "deleted.wav")
    sound(tmp_path / "b" / folder / "deleted.wav")
    sound(tmp_path / "kept.wav")
    found = walk(tmp_path, {".wav"})
    assert found.files == [tmp_path / "kept.wav"]
    assert found.left_out == []


@pytest.mark.parametrize(
    "name",
    ["Trash Talk", "Recycle", "recycled teenagers", "Snapshot", "@home", "#1", "$ign", "Found"],
)
def test_system_name_of_an_artist_is_not_one(name: str) -> None:
    assert not is_system_name(name)


@pytest.mark.parametrize("mark", [".nomedia", ".notmusic", ".ndignore", ".ignore"])
def test_walk_marker_leaves_out_its_folder(tmp_path: Path, mark: str) -> None:
    for name in ("a.wav", "b/c.wav", "b/d/e.wav"):
        sound(tmp_path / name)
    (tmp_path / "b" / mark).touch()
    assert names(tmp_path) == ["a.wav"]
    (tmp_path / mark).touch()
    with pytest.raises(DatasetError, match=rf"is excluded by the file {mark.replace('.', '.')} in"):
        read_dataset(tmp_path)


@pytest.mark.parametrize("name", [".ndignore", ".ignore", ".plexignore", ".mpdignore"])
@pytest.mark.parametrize(
    ("patterns", "kept"),
    [
        ("# a comment\n\n*.live.wav\n", ["a.wav", "b/c.wav", "b/d/e.wav"]),
        ("d/\n", ["a.wav", "a.live.wav", "b/c.wav"]),
        ("b/d\n", ["a.wav", "a.live.wav", "b/c.wav"]),
        ("b/*\n!b/c.wav\n", ["a.wav", "a.live.wav", "b/c.wav"]),
        ("/c.wav\n", ["a.wav", "a.live.wav", "b/c.wav", "b/d/e.wav"]),
    ],
)
def test_walk_ignore_file_patterns_are_followed(
    tmp_path: Path, name: str, patterns: str, kept: list[str]
) -> None:
    for path in ("a.wav", "a.live.wav", "b/c.wav", "b/d/e.wav"):
        sound(tmp_path / path)
    (tmp_path / name).write_text(patterns)
    assert sorted(names(tmp_path)) == sorted(kept)


def test_walk_ignore_file_applies_below_its_folder_only(tmp_path: Path) -> None:
    for path in ("x.wav", "b/x.wav", "b/d/x.wav"):
        sound(tmp_path / path)
    (tmp_path / "b" / ".ndignore").write_text("x.wav")
    assert names(tmp_path) == ["x.wav"]


@pytest.mark.parametrize("name", [".plexignore", ".mpdignore"])
def test_walk_empty_pattern_file_leaves_out_nothing(tmp_path: Path, name: str) -> None:
    sound(tmp_path / "a.wav")
    (tmp_path / name).write_text("# nothing\n")
    assert names(tmp_path) == ["a.wav"]


def test_table_row_in_an_ignored_folder_is_left_out(tmp_path: Path) -> None:
    for path in ("a.wav", "b/c.wav", "b/d.wav"):
        sound(tmp_path / path)
    (tmp_path / "b" / ".ndignore").write_text("d.wav\n")
    (tmp_path / "metadata.csv").write_text("path\na.wav\nb/c.wav\nb/d.wav\n")
    dataset = read_dataset(tmp_path)
    assert [track.track_id for track in dataset.tracks] == ["a.wav", "b/c.wav"]
    assert list(dataset.left_out) == ["b/d.wav"]
    assert dataset.problems == []


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sampled_from(["a.wav", "b.JPG", "c", "d.cue.txt", "e.Wav"]), max_size=5))
def test_walk_every_visible_file_is_taken_or_counted(
    tmp_path_factory: pytest.TempPathFactory, given_names: list[str]
) -> None:
    directory = tmp_path_factory.mktemp("music")
    for number, name in enumerate(given_names):
        sound(directory / str(number) / "x.wav").rename(directory / str(number) / name)
    found = walk(directory, {".wav"})
    assert len(found.files) + sum(found.passed_over.values()) == len(given_names)


def test_folder_of_other_files_error_counts_them(tmp_path: Path) -> None:
    for name in ("a.xyz", "b.xyz", "c.jpg", "README"):
        (tmp_path / name).touch()
    with pytest.raises(
        DatasetError, match=r"has no music \(only 2 \.xyz, 1 without a suffix, 1 \.jpg, which"
    ):
        read_dataset(tmp_path)


def test_counted_suffixes_many_are_summed() -> None:
    counts = {f".{letter}": 1 for letter in "abcd"}
    assert counted_suffixes(counts, n_max=2) == "1 .a, 1 .b, 2 others"


# suffix, codec; the containers that FFmpeg chooses by the name
FORMATS = [
    *[("wv", "wavpack"), ("tta", "tta"), ("mka", "libopus"), ("mp2", "mp2"), ("ac3", "ac3")],
    *[("aifc", "pcm_s16be"), ("caf", "pcm_s16le"), ("w64", "pcm_s16le"), ("mp4", "aac")],
    *[
        ("webm", "libopus"),
        ("mkv", "libopus"),
        ("oga", "libopus"),
        ("m4b", "aac"),
        ("eac3", "eac3"),
    ],
    *[("mov", "aac"), ("voc", "pcm_s16le")],
]


@pytest.mark.parametrize(("suffix", "codec"), FORMATS)
def test_folder_every_decodable_format_is_read(tmp_path: Path, suffix: str, codec: str) -> None:
    path = tmp_path / f"one.{suffix}"
    if suffix == "aifc":
        encoded(tmp_path / "one.aiff", codec).rename(path)
    else:
        encoded(path, codec)
    dataset = read_dataset(tmp_path)
    assert [track.path for track in dataset.tracks] == [path]
    assert dataset.passed_over == {}


def test_folder_video_is_passed_over_and_counted(tmp_path: Path) -> None:
    video(tmp_path / "clip.mp4")
    encoded(tmp_path / "song.mp4", "aac")
    dataset = read_dataset(tmp_path)
    assert [track.track_id for track in dataset.tracks] == ["song.mp4"]
    assert dataset.passed_over == {".mp4 (video)": 1}


def test_video_of_a_damaged_file_is_false(tmp_path: Path) -> None:
    path = tmp_path / "broken.mp4"
    path.write_bytes(b"\0" * 100)
    assert not has_video(path)
    assert not has_video(tmp_path / "missing.mp4")
