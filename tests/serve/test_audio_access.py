"""Files that the server gives out: audio by content, below a scanned or allowed directory."""

import shutil

import pytest
from tests.factories import RATE, make_library, rows, write_dataset
from tests.serve.conftest import Client, is_problem

from segue.serve.app import make_app
from segue.serve.settings import Settings

SECRET = b"root:$6$secret:19000:0:99999:7:::\n"
WAYS = [
    "/api/v1/tracks/{}/audio?format=original",
    "/api/v1/tracks/{}/audio",
    "/api/v1/tracks/{}/audio?format=mp3",
    "/rest/download?id={}&u=anna&p=x&v=1.16.1&c=test",
    "/rest/stream?id={}&format=raw&u=anna&p=x&v=1.16.1&c=test",
    "/rest/stream?id={}&u=anna&p=x&v=1.16.1&c=test",
    "/rest/getCoverArt?id={}&u=anna&p=x&v=1.16.1&c=test",
]


@pytest.fixture
def elsewhere(tmp_path):
    """A directory outside of the dataset, with audio and a secret."""
    directory = tmp_path / "elsewhere"
    directory.mkdir()
    (directory / "secret").write_bytes(SECRET)
    return directory


@pytest.fixture
def music(tmp_path, elsewhere, rng):
    """A dataset whose files a test replaces after they were scanned."""
    names = ["plain", "changed", "link", "inner", "table"]
    sounds = {f"{name}.wav": 0.1 * rng.normal(size=2 * RATE) for name in names}
    tracks = [(name, f"audio/{name}.wav", name) for name in names[:-1]]
    tracks.append(("table", str(elsewhere / "table.wav"), "table"))
    dataset = write_dataset(
        tmp_path / "music",
        rows("track_id path title", tracks),
        listens=rows("user_id track_id", [("anna", "plain")]),
        sounds=sounds,
    )
    (dataset / "audio/table.wav").rename(elsewhere / "table.wav")
    return dataset


@pytest.fixture
def library(music, tmp_path):
    make_library(tmp_path / "my.segue", music).close()
    return tmp_path / "my.segue"


@pytest.fixture
def ask(library):
    with Client(make_app(library)) as client:
        client.log_in("anna")
        yield client.get


def swap(music, name, target):
    """Replace a scanned file by a link."""
    (music / "audio" / f"{name}.wav").unlink()
    (music / "audio" / f"{name}.wav").symlink_to(target)


def test_scanned_audio_is_sent(ask):
    for way in WAYS[:-1]:
        assert ask(way.format("plain")).status_code == 200, way


def is_refused(answer, way):
    """Return whether audio was refused: players get a document with code 70, or a drawn cover."""
    if not way.startswith("/rest/"):
        return answer.status_code == 404
    if "getCoverArt" in way:
        return answer.status_code == 200 and answer.content.startswith(b"\x89PNG")
    return answer.status_code == 200 and b'<error code="70"' in answer.content


@pytest.mark.parametrize("way", WAYS)
def test_link_to_a_secret_is_not_sent(ask, music, elsewhere, way):
    swap(music, "link", elsewhere / "secret")
    answer = ask(way.format("link"))
    assert is_refused(answer, way)
    assert SECRET not in answer.content
    assert str(elsewhere).encode() not in answer.content


@pytest.mark.parametrize("way", WAYS)
def test_secret_in_the_place_of_audio_is_not_sent(ask, music, way):
    (music / "audio/changed.wav").write_bytes(SECRET)
    answer = ask(way.format("changed"))
    assert is_refused(answer, way)
    assert SECRET not in answer.content


@pytest.mark.parametrize("track", ["link", "table"])
def test_audio_outside_of_the_dataset_needs_permission(library, music, elsewhere, track):
    shutil.copy(music / "audio/plain.wav", elsewhere / "other.wav")
    swap(music, "link", elsewhere / "other.wav")
    with Client(make_app(library)) as client:
        client.log_in("anna")
        answer = client.get(f"/api/v1/tracks/{track}/audio")
        assert is_problem(answer, 404, "not-playable")
        assert "outside of the scanned folders" in answer.json()["detail"]
    settings = Settings(audio_dirs=(str(elsewhere),))
    with Client(make_app(library, Settings.from_json(settings.to_json()))) as client:
        client.log_in("anna")
        for way in WAYS[:-1]:
            assert client.get(way.format(track)).status_code == 200, way


def test_link_inside_of_the_dataset_is_followed(ask, music):
    swap(music, "inner", music / "audio/plain.wav")
    for way in WAYS[:-1]:
        assert ask(way.format("inner")).status_code == 200, way


@pytest.mark.parametrize("target", ["loop.wav", "/dev/zero", "/proc/self/environ", "."])
def test_special_files_are_not_sent(ask, music, target):
    swap(music, "link", target)
    for way in WAYS:
        assert is_refused(ask(way.format("link")), way), way
