"""Test the commands of media servers, and playlists for ListenBrainz, on the command line."""

import io
import json

import pytest
import soundfile
from mutagen.flac import FLAC
from tests.cli.test_cli import segue
from tests.factories import RATE, copy_of_library, rows, tune, write_dataset
from tests.servers.lyrion import PASSWORD, USER, SimulatedLyrion

N_TRACKS = 12


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    """A library of listens; every other track has a MusicBrainz recording."""
    directory = tmp_path_factory.mktemp("listens")
    recordings = [f"00000000-0000-4000-8000-0000000000{n:02}" for n in range(N_TRACKS)]
    tracks = [
        (f"t{n}", f"Piece {n}", f"Band {n}", recordings[n] if n % 2 else "")
        for n in range(N_TRACKS)
    ]
    listens = [(f"u{u}", f"t{t}") for u in range(6) for t in range(N_TRACKS) if (u + t) % 3]
    dataset = write_dataset(
        directory,
        rows("track_id title artist musicbrainz_recording_id", tracks),
        listens=rows("user_id track_id", listens),
    )
    done = segue("preprocess", dataset, "--library", directory / "my.segue")
    assert done.returncode == 0, done.stderr
    return directory / "my.segue"


@pytest.fixture
def lyrion():
    simulated = SimulatedLyrion(N_TRACKS + 1, is_protected=True)
    yield simulated
    simulated.close()


def run(library, *arguments, **variables):
    return segue(*arguments, SEGUE_LIBRARY=str(library), **variables)


def test_connect_sync_list_remove_work_together(library, lyrion, tmp_path):
    folder = f"/data={tmp_path}"
    given = ("connect", "lyrion", lyrion.url, "--user", USER, "--path-map", folder, "--json")
    done = run(library, *given, SEGUE_SERVER_PASSWORD=PASSWORD)
    assert done.returncode == 0, done.stderr
    made = json.loads(done.stdout)
    assert (made["path_map"], made["accounts"][0]["listener"]) == ([["/data", str(tmp_path)]], USER)
    lyrion.data[1] = {"playcount": 4}
    (account,) = json.loads(run(library, "sync", "--json").stdout)["connections"][0]["accounts"]
    assert (account["read"], account["matched"], account["error"]) == (13, 12, None)
    listed = run(library, "connect", "list", "--json")
    (one,) = json.loads(listed.stdout)["connections"]
    assert (one["kind"], one["tracks"], one["matched"]) == ("lyrion", 13, 12)
    shown = run(library, "connect", "list")
    assert PASSWORD not in done.stdout + listed.stdout + shown.stdout
    assert run(library, "connect", "remove", "lyrion", "--yes").returncode == 0
    assert json.loads(run(library, "connect", "list", "--json").stdout) == {"connections": []}


@pytest.mark.parametrize(
    ("more", "code", "message"),
    [
        (("--path-map", "/data"), 2, "write SERVER_FOLDER=LOCAL_FOLDER"),
        (("--path-map", "/data="), 2, "write SERVER_FOLDER=LOCAL_FOLDER"),
        (("--path-map", "/data=/no/such/folder"), 1, "is not a folder here"),
        (("--password", "wrong"), 1, "refuses the account"),
    ],
)
def test_connect_with_wrong_options_stores_nothing(library, lyrion, more, code, message):
    given = ("connect", "lyrion", lyrion.url, "--user", USER, *more)
    done = run(library, *given, SEGUE_SERVER_PASSWORD=PASSWORD)
    assert done.returncode == code
    assert message in " ".join(done.stderr.split())
    assert json.loads(run(library, "connect", "list", "--json").stdout) == {"connections": []}


@pytest.mark.parametrize("is_broken", [False, True])
def test_sync_downloads_what_the_library_lacks(library, lyrion, tmp_path, is_broken):
    copy = copy_of_library(library, tmp_path / "my.segue")
    sound = io.BytesIO()
    soundfile.write(sound, tune(1, 3.0), RATE, format="FLAC")
    sound.seek(0)
    tags = FLAC(sound)
    tags.update({"title": f"Piece {N_TRACKS}", "artist": f"Band {N_TRACKS}"})
    sound.seek(0)
    tags.save(sound)
    content = b"no sound" if is_broken else sound.getvalue()
    lyrion.is_protected, lyrion.contents = False, {N_TRACKS: content}
    run(copy, "connect", "lyrion", lyrion.url, "--user", USER, "--read-only")
    done = run(copy, "sync", "--download-to", tmp_path / "new", "--json")
    written = [path for path in (tmp_path / "new").rglob("*.flac") if path.is_file()]
    assert [path.read_bytes() for path in written] == [content]
    (account,) = json.loads(done.stdout)["connections"][0]["accounts"]
    assert account["matched"] == (N_TRACKS if is_broken else N_TRACKS + 1)
    assert (done.returncode, "cannot be decoded" in done.stderr) == (is_broken, is_broken)


def test_identified_playlist_has_recordings_only(library, tmp_path):
    made = ("playlist", "like", "t1", "--artist-cap", "12")
    for more, hinted in (((), True), (("--identified",), False)):
        file = tmp_path / f"{len(more)}.jspf"
        done = run(library, "export", *made, "-o", file, "--json", *more)
        assert done.returncode == 0, done.stderr
        tracks = json.loads(file.read_text("utf-8"))["playlist"]["track"]
        document = json.loads(done.stdout)
        assert document["tracks"] == len(tracks) > 0
        hints = " ".join(document.get("hints", []))
        assert ("use --identified to leave them out" in hints) == hinted
        identified = [one for one in tracks if "identifier" in one]
        assert (len(identified) < len(tracks)) == hinted
        numbers = [int(one["title"].partition(" ")[2]) for one in identified]
        assert [one["identifier"][0][-2:] for one in identified] == [f"{n:02}" for n in numbers]
