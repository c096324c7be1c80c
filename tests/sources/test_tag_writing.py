"""Tags that are written to files: they are read back, and undone exactly, in every container."""

import tempfile
from pathlib import Path

import mutagen
import mutagen.id3 as id3
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mutagen.flac import FLAC
from mutagen.mp4 import MP4
from tests.audio_files import audio_file

from segue.errors import TagWriteError
from segue.pipeline.analysis.tasks import digest_of
from segue.sources.file_tags.fields import read_tags_of_file
from segue.sources.file_tags.writing import FIELDS, WritableTags

KINDS = ["flac", "ogg", "opus", "mp3", "m4a", "wma", "wav", "aiff", "wv", "tta", "ape"]
READ_AS = {"key": "initial_key", "musicbrainz_artist_id": "musicbrainz_artist_id"}
VALUES = {
    "tempo": ["128"],
    "key": ["Am"],
    "mood": ["sad", "dreamy"],
    "energy": ["7"],
    "artists": ["Anna", "Bj\xf6rk"],
    "isrc": ["USX123456789"],
    "musicbrainz_recording_id": ["12-34"],
    "musicbrainz_artist_id": ["1-1", "2-2"],
    "musicbrainz_album_id": ["3-3"],
    "musicbrainz_albumartist_id": ["4-4"],
    "musicbrainz_release_group_id": ["5-5"],
}


def content(path: Path) -> object:
    """Return all tags of a file as mutagen reads them, without conversion."""
    file = mutagen.File(path)
    if isinstance(file.tags, id3.ID3):
        options = {"load_v1": False} if path.suffix in {".mp3", ".tta"} else {}
        raw = type(file)(path, translate=False, **options)
        return sorted(map(repr, raw.tags.values()))
    return None if file.tags is None else sorted(map(repr, dict(file.tags).items()))


def write(path: Path, values: dict[str, list[str]]) -> dict[str, object]:
    """Write values; return the tags of their fields before."""
    tags = WritableTags(path)
    before = tags.snapshot(values)
    tags.write(tags.with_values(values))
    return before


@pytest.mark.parametrize("kind", KINDS)
def test_written_tags_are_read_back(tmp_path: Path, kind: str) -> None:
    path = audio_file(tmp_path / f"x.{kind}")
    assert set(VALUES) == set(FIELDS)
    write(path, VALUES)
    raw = read_tags_of_file(path)
    read = {name: raw[READ_AS.get(name, name)].split("|") for name in VALUES}
    assert read == VALUES


@pytest.mark.parametrize("kind", KINDS)
def test_undone_tags_are_those_before(tmp_path: Path, kind: str) -> None:
    path = audio_file(tmp_path / f"x.{kind}")
    before = content(path)
    old = write(path, VALUES)
    assert content(path) != before
    WritableTags(path).write(old)
    assert content(path) in (before, [] if before is None else before)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "ape"])
def test_written_file_has_the_same_sound(tmp_path: Path, kind: str) -> None:
    path = audio_file(tmp_path / f"x.{kind}")
    before = digest_of(path)
    old = write(path, VALUES)
    assert digest_of(path) == before
    WritableTags(path).write(old)
    assert digest_of(path) == before


TEXTS = (
    st.text(
        st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="|;"),
        min_size=1,
        max_size=12,
    )
    .map(str.strip)
    .filter(bool)
)
WRITTEN = st.dictionaries(
    st.sampled_from([name for name in FIELDS if name != "tempo"]),
    st.lists(TEXTS, min_size=1, max_size=3, unique=True),
    min_size=1,
    max_size=4,
)


@given(
    kind=st.sampled_from(["flac", "mp3", "m4a", "wma", "wv", "wav"]),
    first=WRITTEN,
    second=WRITTEN,
    title=TEXTS,
)
@settings(max_examples=40)
def test_undo_restores_any_tags(kind: str, first, second, title: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = audio_file(Path(folder) / f"x.{kind}", seconds=0.1)
        write(path, {**first, "artists": [title]})
        before = content(path)
        old = write(path, second)
        after = WritableTags(path).snapshot(second)
        assert after == WritableTags(path).with_values(second)
        WritableTags(path).write(old)
        assert content(path) == before


@pytest.mark.parametrize("version", [2, 3, 4])
def test_id3_keeps_its_version_and_other_frames(tmp_path: Path, version: int) -> None:
    path = audio_file(tmp_path / "x.mp3")
    if version == 2:
        frame = b"TT2\x00\x00\x05\x00Noon"
        head = b"ID3\x02\x00\x00" + bytes([0, 0, 0, len(frame) + 10])
        path.write_bytes(head + frame + b"\0" * 10 + path.read_bytes())
    else:
        tags = id3.ID3()
        tags.add(id3.TIT2(encoding=1, text=["Noon"]))
        tags.add(id3.TPE1(encoding=1, text=["Anna", "Bob"]))
        tags.add(id3.TXXX(encoding=0, desc="mood", text=["odd"]))
        tags.add(id3.TDRC(encoding=0, text=["1999-02-03"]))
        if version == 3:
            tags.update_to_v23()
        tags.save(path, v2_version=version, v23_sep=None)
    before = content(path) if version > 2 else None
    old = write(path, {"mood": ["sad"], "tempo": ["93"]})
    raw = read_tags_of_file(path)
    assert (raw["title"], raw["mood"], raw["tempo"]) == (
        "Noon",
        "sad",
        "93",
    )
    assert id3.ID3(path, translate=False).version[1] == max(version, 3)
    WritableTags(path).write(old)
    if version > 2:
        assert content(path) == before


def test_id3v1_and_apev2_stay_as_they_are(tmp_path: Path) -> None:
    from mutagen.apev2 import APEv2

    path = audio_file(tmp_path / "x.mp3")
    tags = id3.ID3()
    tags.add(id3.TIT2(encoding=3, text=["Синий Кит"]))
    tags.save(path)
    old = b"TAG" + "Синий Кит".encode("cp1251").ljust(30, b"\0") + b"\0" * 95
    ape = APEv2()
    ape["Artist"] = "Anna"
    ape.save(path)
    path.write_bytes(path.read_bytes() + old)
    write(path, {"tempo": ["93"]})
    assert path.read_bytes().endswith(old)
    assert APEv2(path)["Artist"] == "Anna"
    assert read_tags_of_file(path)["tempo"] == "93"


def test_undo_keeps_types_of_mp4_atoms(tmp_path: Path) -> None:
    from mutagen.mp4 import AtomDataType, MP4FreeForm

    path = audio_file(tmp_path / "x.m4a")
    file = MP4(path)
    key = "----:com.apple.iTunes:initialkey"
    file[key] = [MP4FreeForm("Am".encode("utf-16-be"), AtomDataType.UTF16)]
    file["tmpo"] = [93]
    file.save()
    old = write(path, {"key": ["8A"], "tempo": ["128"]})
    WritableTags(path).write(old)
    assert MP4(path)["tmpo"] == [93]
    assert MP4(path)[key][0].dataformat == AtomDataType.UTF16
    assert bytes(MP4(path)[key][0]) == "Am".encode("utf-16-be")


OTHERS = {
    "flac": [("bpm", "140"), ("Initial_Key", "Bm"), ("beatsperminute", "140")],
    "ogg": [("bpm", "140"), ("INITIAL KEY", "Bm")],
    "wv": [("Bpm", "140"), ("Initial Key", "Bm")],
    "mp3": [("TXXX:BPM", "140"), ("TXXX:bpm", "141"), ("TXXX:initialkey", "Bm"), ("TKEY", "Bm")],
    "m4a": [
        ("----:com.apple.iTunes:BPM", "140"),
        ("----:com.apple.iTunes:bpm", "141"),
        ("----:com.apple.iTunes:INITIAL_KEY", "Bm"),
    ],
    "wma": [("BPM", "140"), ("WM/Initial Key", "Bm")],
}
"""Tags of tempo and key under names that segue does not write."""


@pytest.mark.parametrize("kind", sorted(OTHERS))
def test_written_values_replace_those_of_other_names(tmp_path: Path, kind: str) -> None:
    path = audio_file(tmp_path / f"x.{kind}")
    file = mutagen.File(path)
    if file.tags is None:
        file.add_tags()
    for name, text in OTHERS[kind]:
        if kind == "mp3":
            frame, _, desc = name.partition(":")
            more = {"desc": desc} if desc else {}
            file.tags.add(getattr(id3, frame)(encoding=0, text=[text], **more))
        else:
            file[name] = [text.encode()] if kind == "m4a" else text
    file.save()
    before = content(path)
    assert read_tags_of_file(path)["tempo"] == "140"
    old = write(path, {"tempo": ["128"], "key": ["Am"]})
    raw = read_tags_of_file(path)
    assert (raw["tempo"], raw["initial_key"]) == ("128", "Am")
    assert "140" not in str(content(path))
    assert "Bm" not in str(content(path))
    WritableTags(path).write(old)
    assert content(path) == before


def test_freeform_atoms_of_other_programs_stay(tmp_path: Path) -> None:
    path = audio_file(tmp_path / "x.m4a")
    file = MP4(path)
    name = "----:com.mixedinkey.mixedinkey:key"
    file[name] = [b"eyJhbGdvcml0aG0iOjk0LCJrZXkiOiI4QSJ9"]
    file.save()
    assert "initial_key" not in read_tags_of_file(path)
    write(path, {"key": ["Am"]})
    assert read_tags_of_file(path)["initial_key"] == "Am"
    assert bytes(MP4(path)[name][0]).startswith(b"eyJ")


@pytest.mark.parametrize(("numbers", "tempo"), [([128], "128"), ([0], "140")])
def test_tempo_of_mp4_comes_before_a_freeform_one(tmp_path, numbers, tempo) -> None:
    path = audio_file(tmp_path / "x.m4a")
    file = MP4(path)
    file["tmpo"] = numbers
    file["----:com.apple.iTunes:BPM"] = [b"140"]
    file.save()
    assert read_tags_of_file(path)["tempo"] == tempo


def test_id3v22_with_unknown_frames_is_refused(tmp_path: Path) -> None:
    path = audio_file(tmp_path / "x.mp3")
    frames = b"TT2\x00\x00\x05\x00NoonXYZ\x00\x00\x05\x00Dusk"
    head = b"ID3\x02\x00\x00" + bytes([0, 0, 0, len(frames) + 10])
    path.write_bytes(head + frames + b"\0" * 10 + path.read_bytes())
    before = path.read_bytes()
    with pytest.raises(TagWriteError, match="would be lost"):
        WritableTags(path)
    assert path.read_bytes() == before


def test_read_only_file_is_refused(tmp_path: Path) -> None:
    path = audio_file(tmp_path / "x.flac")
    path.chmod(0o444)
    with pytest.raises(TagWriteError, match="read-only"):
        WritableTags(path)


@pytest.mark.parametrize("kind", ["mka", "au"])
def test_other_containers_are_refused(tmp_path: Path, kind: str) -> None:
    path = audio_file(tmp_path / "x.flac").rename(tmp_path / f"x.{kind}")
    if kind == "mka":
        audio_file(path)
    else:
        path.write_bytes(b".snd" + bytes(40))
    with pytest.raises(TagWriteError, match="cannot be"):
        WritableTags(path)


def test_wrong_suffix_is_written_by_content(tmp_path: Path) -> None:
    path = audio_file(tmp_path / "x.flac").rename(tmp_path / "x.mp3")
    write(path, {"tempo": ["93"]})
    assert FLAC(path)["bpm"] == ["93"]
