"""Playlists go out as files, and files come back as the tracks that they name."""

import json
from pathlib import Path

import pandas as pd
import pytest

from segue.errors import DatasetError, PlaylistError, UnknownTrackError
from segue.pipeline.playlists.playlist_files import (
    load_playlist,
    read_playlist,
    save_playlist,
    write_playlist,
)
from segue.sources.playlist_files import (
    FORMATS,
    PlaylistEntry,
    PlaylistFile,
    read_playlist_file,
    write_playlist_file,
)
from segue.types import Track

MBID = "e8f9b188-f819-4e43-ab0f-4bd26ce9ff56"
MUSIC = Path("/music")
TRACKS = [
    Track(
        track_id="Björk/Homogenic/02 Jóga.flac",
        title="Jóga",
        artist="Björk",
        album="Homogenic",
        duration=305.0,
        path=MUSIC / "Björk/Homogenic/02 Jóga.flac",
        metadata={"musicbrainz_recording_id": MBID},
    ),
    Track(track_id="7", title="Gold", artist="Spandau Ballet", path=MUSIC / "x/01.mp3"),
    Track(track_id="8", title="Other", artist="Somebody", path=MUSIC / "y/x/01.mp3"),
    Track(track_id="9", title="Live at Home", artist="Somebody", path=MUSIC / "y/Greatest/03.mp3"),
    Track(track_id="songs", title="No File", artist="A - B"),
    Track(track_id="nameless", path=MUSIC / "z/only here.wav"),
]
IDS = [track.track_id for track in TRACKS]


@pytest.fixture
def library(library):
    library.add_dataset("music", tracks=TRACKS, listens=pd.DataFrame())
    return library


def found(library, *entries, place=None, form="jspf"):
    data = write_playlist_file(PlaylistFile(entries=entries), form)
    return read_playlist(library.catalogue(), data, place=place)


@pytest.mark.parametrize("form", FORMATS)
def test_what_was_written_comes_back(library, form):
    for place in (None, MUSIC, MUSIC / "y", Path("/elsewhere")):
        data = write_playlist(library.catalogue(), IDS, form, "Mix", place=place, creator="anna")
        read = read_playlist(library.catalogue(), data, place=place)
        assert (read.name, read.tracks, read.unmatched) == ("Mix", IDS, [])
    with pytest.raises(UnknownTrackError, match="nowhere"):
        write_playlist(library.catalogue(), ["nowhere"], form)


@pytest.mark.parametrize("form", FORMATS)
def test_no_path_of_the_machine_is_told_unless_a_place_is_named(library, form):
    data = write_playlist(library.catalogue(), IDS, form)
    assert "/music/" not in data.decode()
    locations = [entry.location for entry in read_playlist_file(data).entries]
    assert locations[:3] == [IDS[0], "01.mp3", "01.mp3"]
    assert locations[5] == "only here.wav"


def test_paths_are_relative_below_the_place_and_absolute_elsewhere(library):
    lines = write_playlist(library.catalogue(), IDS, place=MUSIC / "y").decode().splitlines()
    paths = [line for line in lines if not line.startswith("#")]
    assert paths == [
        "/music/Björk/Homogenic/02 Jóga.flac",
        "/music/x/01.mp3",
        "x/01.mp3",
        "Greatest/03.mp3",
        "A - B - No File",
        "/music/z/only here.wav",
    ]


def test_the_recording_and_who_made_it_are_told(library):
    catalogue = library.catalogue()
    document = json.loads(write_playlist(catalogue, IDS[:2], "jspf", "Mix", creator="anna"))
    playlist = document["playlist"]
    assert (playlist["title"], playlist["creator"]) == ("Mix", "anna")
    assert playlist["track"][0]["identifier"] == [f"https://musicbrainz.org/recording/{MBID}"]
    assert "identifier" not in playlist["track"][1]


def test_a_track_is_found_by_path_recording_and_names(library):
    read = found(
        library,
        PlaylistEntry(location="/music/x/../x/01.mp3", title="Another"),
        PlaylistEntry(recording=MBID, title="Joga (Remastered)"),
        PlaylistEntry(artist="spandau ballet", title="GOLD"),
        PlaylistEntry(location="Spandau Ballet - Gold.mp3"),
        PlaylistEntry(location="D:\\Music\\Z\\Only Here.wav"),
        PlaylistEntry(artist="Nobody", title="Nothing"),
        PlaylistEntry(location="http://localhost/stream"),
    )
    assert read.tracks == [IDS[1], IDS[0], IDS[1], IDS[1], IDS[5]]
    assert read.unmatched == ["Nobody - Nothing", "http://localhost/stream"]


def test_relative_paths_mean_something_only_where_the_file_lies(library):
    gold = PlaylistEntry(location="01.mp3")
    assert found(library, gold, place=MUSIC / "x").tracks == ["7"]
    assert found(library, gold, place=MUSIC / "y/x").tracks == ["8"]
    assert found(library, gold).unmatched == ["01.mp3"]
    assert found(library, PlaylistEntry(location="x/01.mp3")).unmatched == ["x/01.mp3"]
    assert found(
        library, PlaylistEntry(location="Bj%C3%B6rk/Homogenic/02%20J%C3%B3ga.flac"), form="m3u8"
    ).tracks
    odd = PlaylistEntry(location="y%2Fx/01.mp3")
    assert found(library, odd, place=MUSIC, form="m3u8").tracks == ["8"]


def test_ids_and_ends_of_paths_give_way_to_names(library):
    """Another library's 7 is another track, and so is the third of another band's Greatest."""
    other = PlaylistEntry(track_id="7", artist="Queen", title="Innuendo")
    assert found(library, other).unmatched == ["Queen - Innuendo"]
    assert found(library, PlaylistEntry(track_id="7", title="gold")).tracks == ["7"]
    assert found(library, PlaylistEntry(track_id="7")).tracks == ["7"]
    greatest = PlaylistEntry(location="Greatest/03.mp3", artist="Queen", title="Innuendo")
    assert found(library, greatest).unmatched
    assert found(
        library, PlaylistEntry(location="Greatest/03.mp3", title="Live at Home")
    ).tracks == ["9"]


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("03.mp3", r"..\\music\\Greatest\\03.mp3"),  # Windows Media Player
        ("03", "../Greatest/03.mp3"),
        ("01 - 03.mp3", "Greatest/03.mp3"),
        ("3 Live at Home", "/mnt/nas/Greatest/03.mp3"),
        ("03. Somebody - Live at Home", "/mnt/nas/Greatest/03.mp3"),
        ("Somebody - 03 Live at Home", "/mnt/nas/Greatest/03.mp3"),
        ("", "../../Greatest/03.mp3"),
    ],
)
def test_names_of_files_and_numbers_veto_no_path(library, name, path):
    for data in (
        f"#EXTM3U\n#EXTINF:0,{name}\n{path}\n",
        f"[playlist]\nNumberOfEntries=1\nFile1={path}\nTitle1={name}\nVersion=2\n",
    ):
        assert read_playlist(library.catalogue(), data.encode()).tracks == ["9"], data


def test_numbers_before_names_find_the_track(library):
    for name in ("01 Spandau Ballet - Gold", "1. Spandau Ballet - Gold"):
        data = f"#EXTM3U\n#EXTINF:0,{name}\nelsewhere.mp3\n".encode()
        assert read_playlist(library.catalogue(), data).tracks == ["7"], name
    assert found(library, PlaylistEntry(location="12 Spandau Ballet - Gold.mp3")).tracks == ["7"]
    assert found(library, PlaylistEntry(track_id="7", title="a.mp3", location="a.mp3")).unmatched


def test_paths_upwards_start_at_the_playlist(library):
    up = PlaylistEntry(location="../x/01.mp3", title="01.mp3")
    assert found(library, up, place=MUSIC / "y", form="m3u8").tracks == ["7"]
    assert found(library, up, place=MUSIC / "y" / "Greatest", form="m3u8").tracks == ["8"]


def test_files_are_saved_whole_and_loaded_with_a_sentence(library, tmp_path):
    path = tmp_path / "a.m3u8"
    path.write_text("old")
    save_playlist(path, write_playlist(library.catalogue(), IDS, place=tmp_path))
    assert load_playlist(library.catalogue(), path).tracks == IDS
    assert [one.name for one in tmp_path.iterdir() if one.is_file()] == ["a.m3u8"]
    with pytest.raises(PlaylistError, match="cannot be written"):
        save_playlist(tmp_path / "none" / "a.m3u8", b"")
    with pytest.raises(DatasetError, match=r"none\.m3u8 cannot be read \(No such file"):
        load_playlist(library.catalogue(), tmp_path / "none.m3u8")
    path.write_text("a letter")
    with pytest.raises(DatasetError, match=r"a\.m3u8 cannot be read\. This is not an M3U8"):
        load_playlist(library.catalogue(), path)
