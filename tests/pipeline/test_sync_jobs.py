"""Synchronizing by a job, with mapped folders, and downloads of what the library lacks."""

import io

import pytest
import soundfile
from tests.factories import RATE, copy_of_library, make_library, rows, tune, write_dataset
from tests.servers.lyrion import SimulatedLyrion
from tests.servers.navidrome import SimulatedNavidrome, Song

from segue.errors import MediaServerError, UnknownConnectionError
from segue.library import Library
from segue.pipeline.connections.connect import connect
from segue.pipeline.connections.server_audio import DownloadResult, download_missing
from segue.pipeline.connections.sync import sync
from segue.pipeline.jobs.runner import run_waiting, start_job

N_TRACKS = 3
PASSWORD = "a-secret"  # noqa: S105


@pytest.fixture(scope="module")
def music(tmp_path_factory):
    """A dataset with files that have no folder in common with the server, and its library."""
    tracks = [(f"t{i}", f"audio/{i}.wav", f"Piece {i}", f"Band {i}") for i in range(N_TRACKS)]
    dataset = write_dataset(
        tmp_path_factory.mktemp("music"),
        rows("track_id path title artist", tracks),
        listens=rows("user_id track_id", [("u", "t0")]),
        sounds={f"{i}.wav": tune(i, 3.0) for i in range(N_TRACKS)},
    )
    library = make_library(tmp_path_factory.mktemp("kept") / "my.segue", dataset)
    library.close()
    return dataset, library.directory


@pytest.fixture
def library(music, tmp_path):
    opened = Library(copy_of_library(music[1], tmp_path / "my.segue"))
    yield opened
    opened.close()


@pytest.fixture
def lyrion():
    simulated = SimulatedLyrion(N_TRACKS)
    yield simulated
    simulated.close()


def flac(seed):
    """Return the bytes of a FLAC file."""
    file = io.BytesIO()
    soundfile.write(file, tune(seed, 3.0), RATE, format="FLAC")
    return file.getvalue()


@pytest.fixture
def navidrome():
    songs = [Song("s0", "Piece 0", "Band 0", "")]
    songs += [Song(f"new{i}", "A/B: x?", "New", "Album.", content=flac(50 + i)) for i in range(2)]
    simulated = SimulatedNavidrome(songs, {"anna": PASSWORD})
    yield simulated
    simulated.close()


def heard(library):
    return sorted((one["track_id"] or "", one["plays"]) for one in library.listens_of("anna"))


def test_job_synchronizes_all_connections(library, lyrion, navidrome):
    connect(library, "lyrion", lyrion.url, user="anna")
    connect(library, "navidrome", navidrome.url, user="anna", password=PASSWORD)
    lyrion.data[1] = {"playcount": 4}
    navidrome.state("anna", "s0").starred = True
    start_job(library, "sync")
    job = run_waiting(library)
    assert (job.state, job.error) == ("done", None)
    assert job.result == {"connections": 2, "listens": 2}
    assert heard(library) == [("t0", None), ("t1", 4.0)]


def test_job_fails_after_all_connections_were_tried(library, lyrion, navidrome):
    connect(library, "navidrome", navidrome.url, user="anna", password=PASSWORD)
    connect(library, "lyrion", lyrion.url, user="anna")
    navidrome.users = {"anna": "another"}
    lyrion.data[1] = {"playcount": 4}
    start_job(library, "sync")
    job = run_waiting(library)
    assert job.state == "failed"
    assert "refuses the account" in job.error
    assert PASSWORD not in job.error
    assert heard(library) == [("t1", 4.0)]


def test_job_without_connections_does_nothing(library):
    start_job(library, "sync")
    assert run_waiting(library).result == {"connections": 0, "listens": 0}


@pytest.mark.parametrize("folder", ["/data/music", "/data/music/", ""])
def test_mapped_folder_finds_files_of_other_names(library, lyrion, music, folder):
    root = "/data/music" if folder else ""
    lyrion.data = {
        i: {"title": "?", "artist": "?", "url": f"file://{root}/{i}.wav", "playcount": i}
        for i in range(1, N_TRACKS)
    }
    connect(library, "lyrion", lyrion.url, user="anna")
    assert sync(library).accounts[0].matched == 1
    connect(library, "lyrion", lyrion.url, user="anna", paths=[(folder, str(music[0] / "audio"))])
    assert sync(library, full=True).accounts[0].matched == N_TRACKS
    assert ("t2", 2.0) in heard(library)


def test_mapped_folder_ends_at_a_slash(library, lyrion, music):
    lyrion.data[1] = {"title": "?", "artist": "?", "url": "file:///data/music1.wav"}
    audio = str(music[0] / "audio")
    connect(library, "lyrion", lyrion.url, user="anna", paths=[("/data/music", audio)])
    assert sync(library).accounts[0].matched == N_TRACKS - 1


def test_mapped_folder_must_be_here(library, lyrion, tmp_path):
    paths = [("/data", str(tmp_path / "gone"))]
    with pytest.raises(MediaServerError, match="is not a folder here"):
        connect(library, "lyrion", lyrion.url, user="anna", paths=paths)
    assert library.connections.all() == []


def test_missing_tracks_are_downloaded_and_analyzed(library, navidrome, tmp_path):
    connect(library, "navidrome", navidrome.url, user="anna", password=PASSWORD)
    target = tmp_path / "downloads"
    before = library.counts()["tracks"]
    assert download_missing(library, "navidrome", target) == DownloadResult(2, 2)
    files = sorted(path for path in target.rglob("*") if path.is_file() and path.suffix == ".flac")
    assert [str(path.relative_to(target)) for path in files] == [
        "New/Album/A_B_ x_ new1.flac",
        "New/Album/A_B_ x_.flac",
    ]
    assert sorted(path.read_bytes() for path in files) == sorted([flac(50), flac(51)])
    assert library.counts()["tracks"] == before + 2
    navidrome.requests.clear()
    assert download_missing(library, "navidrome", target).downloaded == 0
    assert not any("download" in one.path for one in navidrome.requests)


def test_download_that_fails_leaves_no_file(library, navidrome, tmp_path):
    connect(library, "navidrome", navidrome.url, user="anna", password=PASSWORD)
    answer = navidrome.answer
    navidrome.answer = lambda one: (403, b"") if "download" in one.path else answer(one)
    target = tmp_path / "downloads"
    with pytest.raises(MediaServerError, match="refuses the account"):
        download_missing(library, "navidrome", target)
    assert [path for path in target.rglob("*") if path.is_file()] == []
    navidrome.answer = lambda one: {"a": 1} if "download" in one.path else answer(one)
    with pytest.raises(MediaServerError, match="check that the account may download"):
        download_missing(library, "navidrome", target)
    assert [path for path in target.rglob("*") if path.is_file()] == []
    navidrome.answer = answer
    assert download_missing(library, "navidrome", target).downloaded == 2


def test_download_without_connection_says_so(library, tmp_path):
    with pytest.raises(UnknownConnectionError):
        download_missing(library, "navidrome", tmp_path)
