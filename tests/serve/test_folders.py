"""Browse folders of the server: only administrators, and only below the allowed roots."""

import pytest
from tests.serve.conftest import PASSWORD, Client, is_problem

from segue.pipeline.catalogue import music_folders
from segue.serve.app import make_app
from segue.serve.settings import Settings


@pytest.fixture
def root(tmp_path):
    """A root with music, a hidden folder, and links out of it."""
    root = tmp_path / "music"
    for name in ("Jazz/Trio", "Rock", ".private", "empty"):
        (root / name).mkdir(parents=True)
    for name in ("Jazz/a.flac", "Jazz/Trio/b.MP3", "Jazz/cover.jpg", "Rock/c.ogg"):
        (root / name).touch()
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.flac").touch()
    (root / "link").symlink_to(outside)
    (root / "Jazz" / "up").symlink_to(root)
    return root


@pytest.fixture
def admin(directory, root):
    with Client(make_app(directory, Settings(music_roots=(str(root),)))) as client:
        yield client.log_in("anna")


def listed(client, path=None):
    answer = client.get("/api/v1/folders", params={"path": path} if path else {})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_folders_without_path_are_the_roots(admin, root):
    found = listed(admin)
    assert (found["here"], found["parent"]) == (None, None)
    assert [(one["path"], one["n_audio"]) for one in found["folders"]] == [(str(root), 3)]


def test_folders_leave_out_links_and_hidden_ones(admin, root):
    found = listed(admin, str(root))
    assert found["parent"] is None
    assert [(one["name"], one["n_audio"]) for one in found["folders"]] == [
        ("empty", 0),
        ("Jazz", 2),
        ("Rock", 1),
    ]
    inside = listed(admin, str(root / "Jazz"))
    assert inside["parent"] == str(root)
    assert [one["name"] for one in inside["folders"]] == ["Trio"]


@pytest.mark.parametrize(
    "path",
    [
        "{root}/..",
        "{root}/Jazz/../../outside",
        "{root}/link",
        "{root}/Jazz/up",
        "{root}/Jazz/up/Rock",
        "{root}/.private",
        "{root}/gone",
        "{root}/Jazz/a.flac",
        "{root}-more",
        "/",
        "/etc",
        "Jazz",
        "~",
        "{root}/\0",
        "{root}/" + 300 * "x",
    ],
)
def test_folder_that_is_not_allowed_is_unknown(admin, root, path):
    answer = admin.get("/api/v1/folders", params={"path": path.format(root=root)})
    assert is_problem(answer, 404, "unknown-folder")


def test_folder_count_is_bounded(admin, root, monkeypatch):
    monkeypatch.setattr(music_folders, "MAX_ENTRIES", 2)
    (jazz,) = (one for one in listed(admin, str(root))["folders"] if one["name"] == "Jazz")
    assert jazz["more"]
    assert jazz["n_audio"] <= 2


def test_folders_are_for_administrators_only(guarded):
    with Client(guarded) as client:
        assert is_problem(client.get("/api/v1/folders"), 401, "no-session")
        client.log_in("ben", PASSWORD)
        assert is_problem(client.get("/api/v1/folders"), 403, "forbidden")
        client.log_in("anna", PASSWORD)
        assert client.get("/api/v1/folders").status_code == 200


def test_folders_of_open_exposed_server_are_hidden(directory, root):
    settings = Settings(music_roots=(str(root),), names=("music.test",), open_to_all=True)
    with Client(make_app(directory, settings)) as client:
        client.log_in("anna")
        assert is_problem(client.get("/api/v1/folders"), 403, "forbidden")


def test_default_roots_have_the_home_directory(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert music_folders.default_roots()[0] == tmp_path
