"""A plain music folder: which files are tracks, and what their tags say."""

import os
import tempfile
from pathlib import Path

import av
import mutagen
import numpy as np
import pytest
import soundfile
from mutagen.flac import FLAC
from mutagen.id3 import TALB, TBPM, TCON, TDRC, TIT2, TPE1, TXXX, UFID, USLT
from mutagen.oggvorbis import OggVorbis
from mutagen.wave import WAVE

from segue.sources import read_dataset
from segue.types import ArtistCredit, Track

RATE = 8000


def sound(path: Path, seconds: float = 0.5, **kind: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, np.zeros(int(RATE * seconds)), RATE, **kind)
    return path


def only_track(directory: Path) -> Track:
    dataset = read_dataset(directory)
    assert dataset.kind == "folder"
    assert dataset.problems == []
    (track,) = dataset.tracks
    return track


def test_folder_ids_are_sorted_relative_paths(tmp_path: Path) -> None:
    names = ["b/2.flac", "b/10.WAV", "a/x.aiff", "z.ogg", "A/é.au"]
    for name in names:
        sound(tmp_path / name)
    for name in [".hidden.wav", ".trash/x.wav", "__MACOSX/x.wav"]:
        sound(tmp_path / name)
    (tmp_path / "cover.jpg").write_bytes(b"picture")
    dataset = read_dataset(tmp_path)
    assert [track.track_id for track in dataset.tracks] == sorted(names, key=lambda n: n.split("/"))
    assert [track.path for track in dataset.tracks] == [
        tmp_path / t.track_id for t in dataset.tracks
    ]
    assert {track.duration for track in dataset.tracks} == {0.5}
    assert dataset.problems == []


@pytest.mark.parametrize("suffix", ["flac", "ogg"])
def test_folder_reads_vorbis_comments(tmp_path: Path, suffix: str) -> None:
    path = sound(tmp_path / f"x.{suffix}")
    file = FLAC(path) if suffix == "flac" else OggVorbis(path)
    file["TITLE"] = [" Café  del Mar "]
    file["ARTIST"] = ["Energy 52 feat. Somebody"]
    file["ALBUM"] = ["<Unknown>"]
    file["DATE"] = ["1993-05-01"]
    file["GENRE"] = ["Trance", "Hip Hop"]
    file["BPM"] = ["132"]
    file["MUSICBRAINZ_TRACKID"] = ["12-34"]
    file.save()
    track = only_track(tmp_path)
    assert (track.title, track.artist, track.album) == ("Café del Mar", "Energy 52", None)
    assert (track.year, track.genres, track.tempo) == (1993, ("trance", "hip-hop"), 132.0)
    assert track.artists == (ArtistCredit("Energy 52"), ArtistCredit("Somebody", "guest"))
    assert track.metadata == {"musicbrainz_recording_id": "12-34"}


@pytest.mark.parametrize("suffix", ["wav", "aiff", "mp3"])
def test_folder_reads_id3_frames(tmp_path: Path, suffix: str) -> None:
    path = sound(tmp_path / f"x.{suffix}")
    file = WAVE(path) if suffix == "wav" else mutagen.File(path)
    if file.tags is None:
        file.add_tags()
    file.tags.add(TIT2(encoding=3, text=["Title"]))
    file.tags.add(TPE1(encoding=3, text=["Artist"]))
    file.tags.add(TALB(encoding=3, text=["Album"]))
    file.tags.add(TDRC(encoding=3, text=["2004-05-12"]))
    file.tags.add(TCON(encoding=3, text=["(17)", "R&B"]))
    file.tags.add(TBPM(encoding=3, text=["0"]))
    file.tags.add(USLT(encoding=3, lang="eng", desc="", text="one\ntwo"))
    file.tags.add(UFID(owner="http://musicbrainz.org", data=b"12-34"))
    file.save()
    track = only_track(tmp_path)
    assert (track.title, track.artist, track.album, track.year) == (
        "Title",
        "Artist",
        "Album",
        2004,
    )
    assert (track.genres, track.tempo, track.lyrics) == (("rock", "r&b"), None, "one\ntwo")
    assert track.metadata == {"musicbrainz_recording_id": "12-34"}


def encoded(path: Path, codec: str, rate: int) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate)
        stream.layout, stream.bit_rate = "mono", 32_000
        silence = np.zeros((1, rate // 2), dtype=np.float32)
        frame = av.AudioFrame.from_ndarray(silence, format="fltp", layout="mono")
        frame.sample_rate = rate
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            container.mux(packet)
    return path


def test_folder_reads_mp4_atoms(tmp_path: Path) -> None:
    file = mutagen.File(encoded(tmp_path / "x.m4a", "aac", 22_050))
    file["\xa9nam"], file["\xa9ART"], file["\xa9alb"] = "Title", "Artist", "Album"
    file["\xa9day"], file["\xa9gen"], file["tmpo"] = "2004-05-12T07:00:00Z", "Rap/Hip Hop", [93]
    file["----:com.apple.iTunes:MusicBrainz Track Id"] = [b"12-34"]
    file.save()
    track = only_track(tmp_path)
    assert (track.title, track.artist, track.album, track.year) == (
        "Title",
        "Artist",
        "Album",
        2004,
    )
    assert (track.genres, track.tempo) == (("hip-hop",), 93.0)
    assert track.metadata == {"musicbrainz_recording_id": "12-34"}


def test_folder_reads_asf_attributes(tmp_path: Path) -> None:
    file = mutagen.File(encoded(tmp_path / "x.wma", "wmav2", 44_100))
    file["Title"], file["Author"], file["WM/AlbumTitle"] = "Title", "Artist", "Album"
    file["WM/Year"], file["WM/Genre"], file["WM/BeatsPerMinute"] = "2004", ["Rock", "Pop"], "93"
    file["MusicBrainz/Track Id"] = "12-34"
    file.save()
    track = only_track(tmp_path)
    assert (track.title, track.artist, track.album, track.year) == (
        "Title",
        "Artist",
        "Album",
        2004,
    )
    assert (track.genres, track.tempo) == (("rock", "pop"), 93.0)
    assert track.metadata == {"musicbrainz_recording_id": "12-34"}


def test_folder_reads_opus_and_raw_aac(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "x.opus", np.zeros(24_000), 48_000, format="OGG", subtype="OPUS")
    file = mutagen.File(tmp_path / "x.opus")
    file["title"] = "Title"
    file.save()
    encoded(tmp_path / "y.aac", "aac", 22_050)
    dataset = read_dataset(tmp_path)
    # the raw stream can hold no tags: it is called by its name
    assert [track.title for track in dataset.tracks] == ["Title", "y"]
    assert [track.duration for track in dataset.tracks] == pytest.approx([0.5, 0.5], abs=0.15)
    assert dataset.problems == []


def test_folder_reads_wav_info_chunk(tmp_path: Path) -> None:
    with soundfile.SoundFile(tmp_path / "x.wav", "w", RATE, 1) as file:
        file.title, file.artist, file.date = "Title", "Artist", "1999"
        file.write(np.zeros(RATE))
    track = only_track(tmp_path)
    assert (track.title, track.artist, track.year, track.duration) == ("Title", "Artist", 1999, 1.0)


def test_folder_unreadable_tags_give_a_track_and_a_problem(tmp_path: Path) -> None:
    sound(tmp_path / "good.flac")
    for suffix in ("flac", "mp3", "m4a", "wma", "opus", "au", "wav", "aac"):
        (tmp_path / f"bad.{suffix}").write_bytes(b"not audio at all")
    (tmp_path / "empty.ogg").write_bytes(b"")
    dataset = read_dataset(tmp_path)
    assert len(dataset.tracks) == 10
    assert {problem.subject for problem in dataset.problems} == {
        track.track_id for track in dataset.tracks if track.track_id != "good.flac"
    }
    assert all("its tags cannot be read" in problem.reason for problem in dataset.problems)


def test_folder_bad_tag_values_are_problems_of_the_file(tmp_path: Path) -> None:
    file = FLAC(sound(tmp_path / "a" / "x.flac"))
    file["date"] = "866 AD"
    file.save()
    (problem,) = read_dataset(tmp_path).problems
    assert (problem.source, problem.row) == ("a/x.flac", None)
    assert "year '866 AD'" in problem.reason


def test_folder_file_names_not_utf8_are_kept(tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9.wav")
    try:
        sound(tmp_path / "x.wav").rename(tmp_path / name)
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    track = only_track(tmp_path)
    assert track.track_id == r"caf\xe9.wav"
    assert track.path is not None
    assert track.path.is_file()
    assert track.duration == 0.5


def test_walk_link_loops_end_and_files_are_found_once(tmp_path: Path) -> None:
    sound(tmp_path / "music" / "z.wav")
    outside = sound(tmp_path / "outside" / "other.wav").parent
    root = tmp_path / "music"
    (root / "again").symlink_to(root, target_is_directory=True)
    (root / "a.wav").symlink_to(root / "z.wav")
    (root / "lost.wav").symlink_to(root / "nowhere.wav")
    (root / "linked").symlink_to(outside, target_is_directory=True)
    dataset = read_dataset(root)
    assert [track.track_id for track in dataset.tracks] == ["linked/other.wav", "z.wav"]
    assert [(problem.source, problem.reason[:20]) for problem in dataset.problems] == [
        ("a.wav", "the link leads to a "),
        ("lost.wav", "the link leads to no"),
    ]


def test_folder_progress_advances_for_each_file(tmp_path: Path) -> None:
    from collections.abc import Iterator
    from contextlib import contextmanager

    from segue.types import Advance

    for i in range(3):
        sound(tmp_path / f"{i}.wav")
    seen: list[tuple[str, int]] = []
    done: list[int] = []

    @contextmanager
    def progress(description: str, total: int) -> Iterator[Advance]:
        seen.append((description, total))
        yield done.append

    read_dataset(tmp_path, progress=progress)
    assert seen == [("Reading tags", 3)]
    assert sum(done) == 3


def test_walk_continues_after_unreadable_entries(tmp_path: Path) -> None:
    sound(tmp_path / "good.wav")
    (tmp_path / "loop").symlink_to("loop")
    # stat refuses such a name, as it does what lies in a folder without permission
    for name in ("folder", "file.wav"):
        (tmp_path / name).symlink_to("x" * 300)
    dataset = read_dataset(tmp_path)
    assert [track.track_id for track in dataset.tracks] == ["good.wav"]
    reasons = {problem.source: problem.reason for problem in dataset.problems}
    assert set(reasons) == {"file.wav", "folder", "loop"}
    assert "File name too long" in reasons["folder"]
    assert "Too many levels" in reasons["loop"]


def test_walk_continues_after_a_forbidden_folder(tmp_path: Path) -> None:
    music, secret = tmp_path / "music", tmp_path / "secret"
    sound(music / "good.wav")
    sound(secret / "inner" / "x.wav")
    (music / "linked").symlink_to(secret / "inner")
    (music / "linked.wav").symlink_to(secret / "inner" / "x.wav")
    secret.chmod(0)
    nobody = 65_534
    if os.geteuid() == 0:  # who may read everything
        for folder in (tmp_path, *tmp_path.parents):
            if folder == Path(tempfile.gettempdir()):
                break
            folder.chmod(0o755)
        os.seteuid(nobody)
    try:
        dataset = read_dataset(music)
    finally:
        if os.geteuid() == nobody:
            os.seteuid(0)
        secret.chmod(0o755)
    assert [track.track_id for track in dataset.tracks] == ["good.wav"]
    assert {
        (problem.source, "Permission denied" in problem.reason) for problem in dataset.problems
    } == {
        ("linked", True),
        ("linked.wav", True),
    }


ANNA_AND_BOB = (ArtistCredit("Anna Alpha"), ArtistCredit("Bob Beta"))


@pytest.mark.parametrize(
    ("tags", "artist", "artists"),
    [
        ({"artist": ["Anna Alpha", "Bob Beta"]}, "Anna Alpha", ANNA_AND_BOB),
        ({"artist": ["Anna Alpha; Bob Beta"]}, "Anna Alpha", ANNA_AND_BOB),
        (
            {"artist": ["Anna Alpha & Bob Beta"], "artists": ["Anna Alpha", "Bob Beta"]},
            "Anna Alpha & Bob Beta",
            ANNA_AND_BOB,
        ),
        (
            {"artist": ["Anna Alpha feat. Bob Beta"], "artists": ["Anna Alpha", "Bob Beta"]},
            "Anna Alpha",
            (ArtistCredit("Anna Alpha"), ArtistCredit("Bob Beta", "guest")),
        ),
        (
            {"artist": ["Anna Alpha"], "title": ["Noon (feat. Bob Beta)"]},
            "Anna Alpha",
            (ArtistCredit("Anna Alpha"), ArtistCredit("Bob Beta", "guest")),
        ),
        (
            {"artist": ["Anna Alpha", "Bob Beta"], "musicbrainz_artistid": ["1-1", "2-2"]},
            "Anna Alpha",
            (ArtistCredit("Anna Alpha", "main", "1-1"), ArtistCredit("Bob Beta", "main", "2-2")),
        ),
        ({"artist": ["Earth, Wind & Fire"]}, "Earth, Wind & Fire", ()),
        ({"artist": ["AC/DC"]}, "AC/DC", ()),
    ],
)
def test_vorbis_artists_are_all_read(tmp_path: Path, tags, artist: str, artists) -> None:
    file = FLAC(sound(tmp_path / "x.flac"))
    file.update(tags)
    file.save()
    track = only_track(tmp_path)
    assert (track.artist, track.artists) == (artist, artists)


def test_id3_artists_are_all_read(tmp_path: Path) -> None:
    file = WAVE(sound(tmp_path / "x.wav"))
    file.add_tags()
    file.tags.add(TPE1(encoding=3, text=["Anna Alpha", "Bob Beta"]))
    file.tags.add(TXXX(encoding=3, desc="MusicBrainz Artist Id", text=["1-1", "2-2"]))
    file.tags.add(TXXX(encoding=3, desc="MusicBrainz Album Id", text=["3-3"]))
    file.save()
    track = only_track(tmp_path)
    assert [one.name for one in track.artists] == ["Anna Alpha", "Bob Beta"]
    assert [one.musicbrainz_id for one in track.artists] == ["1-1", "2-2"]
    assert track.metadata == {"musicbrainz_album_id": "3-3"}


def test_folder_keeps_track_and_disc_numbers(tmp_path: Path) -> None:
    file = FLAC(sound(tmp_path / "x.flac"))
    file["artist"], file["albumartist"] = "A", "Various"
    file["tracknumber"], file["discnumber"] = "3/12", "2"
    file.save()
    track = only_track(tmp_path)
    assert track.artist == "A"
    assert dict(track.metadata) == {
        "albumartist": "Various",
        "tracknumber": "3/12",
        "discnumber": "2",
    }
