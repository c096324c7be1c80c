"""Covers of the API: formats, sizes, caching, and a tile where there is no picture."""

from io import BytesIO
from urllib.parse import quote

import pytest
from PIL import Image
from tests.serve.conftest import ODD, Client

from segue.library import Library
from segue.serve.app import make_app
from segue.serve.settings import Settings


@pytest.fixture
def ask(directory):
    with Client(make_app(directory)) as client:
        client.log_in("anna")
        yield client.get


@pytest.fixture
def folder(original, directory):
    """The folder of the tracks: it gets a cover, which is removed again."""
    library = Library(directory)
    folder = library.catalogue().tracks[0].path.parent
    library.close()
    Image.new("RGB", (500, 500), "red").save(folder / "Cover.png")
    yield folder
    (folder / "Cover.png").unlink()


def address(item, **query):
    asked = "&".join(f"{name}={value}" for name, value in query.items())
    return f"/api/v1/covers/{quote(item, safe='')}?{asked}"


def test_cover_of_a_track_is_the_one_its_item_names(ask, folder):
    track = ask(f"/api/v1/tracks/{quote(ODD, safe='')}").json()
    answer = ask(address(track["cover"], size=100))
    assert answer.status_code == 200
    assert Image.open(BytesIO(answer.content)).size == (192, 192)


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("image/avif,image/webp,*/*;q=0.8", "image/webp"),
        ("*/*", "image/jpeg"),
        ("image/webp;q=0", "image/jpeg"),
    ],
)
def test_cover_format_follows_accept(ask, folder, accept, media_type):
    answer = ask(address("t00"), headers={"Accept": accept})
    assert answer.headers["content-type"] == media_type
    assert answer.headers["vary"] == "Accept"


def test_cover_is_cached_by_a_strong_tag(ask, folder):
    answer = ask(address("t00"))
    assert answer.headers["etag"].startswith('"')
    assert "private, max-age=" in answer.headers["cache-control"]
    again = ask(address("t00"), headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304
    assert again.content == b""


@pytest.mark.parametrize("item", ["t00", ODD, "al-gone", "../../etc/passwd"])
def test_cover_that_is_missing_is_a_tile(ask, item):
    first, second = ask(address(item)), ask(address(item, size=96))
    assert first.status_code == 200
    assert first.headers["content-type"] == "image/svg+xml"
    assert "sandbox" in first.headers["content-security-policy"]
    assert first.content == second.content


def test_cover_needs_a_login_where_there_are_accounts(guarded):
    with Client(guarded) as client:
        assert client.get(address("t00")).status_code == 401


def test_cover_of_a_folder_that_is_not_allowed_is_a_tile(directory, folder, tmp_path):
    elsewhere = tmp_path / "private.png"
    Image.new("RGB", (50, 50), "blue").save(elsewhere)
    (folder / "Cover.png").unlink()
    (folder / "Cover.png").symlink_to(elsewhere)
    for allowed, media_type in (((), "image/svg+xml"), ((str(tmp_path),), "image/jpeg")):
        with Client(make_app(directory, Settings(audio_dirs=allowed))) as client:
            client.log_in("anna")
            assert client.get(address("t00")).headers["content-type"] == media_type
