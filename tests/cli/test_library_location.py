"""Where the library of a command is."""

from segue.cli.library_location import place_of_files
from segue.library.database_address import set_address, stored_address

URL = "postgresql://db/segue"


def test_directory_of_files_is_that_of_the_library(tmp_path):
    directory, address = place_of_files(URL, str(tmp_path / "files"))
    assert directory == tmp_path / "files"
    assert address.files is None


def test_object_storage_has_a_cache_for_each_library(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    places = [
        place_of_files(url, files)
        for url in (URL, f"{URL}?schema=one", f"{URL}?schema=two")
        for files in ("s3://music/a", "s3://music/b")
    ]
    assert len({directory for directory, _ in places}) == 6
    assert places[0] == place_of_files(URL, "s3://music/a")
    assert places[0][1].schema != places[1][1].schema  # all machines derive it from the files


def test_cache_may_be_chosen(tmp_path):
    directory, address = place_of_files(URL, "s3://music/a", tmp_path / "cache")
    assert directory == tmp_path / "cache"
    set_address(directory, address)
    assert stored_address(directory) == address
