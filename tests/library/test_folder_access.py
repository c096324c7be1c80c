"""Test the stored folders of accounts, and catalogues with hidden tracks."""

import numpy as np
import pytest

from segue.errors import AccountError, UnknownAccountError, UnknownTrackError
from segue.library import Account, FolderAccess, Library
from segue.library.stored_tracks import StoredCatalogue
from segue.library.visible_tracks import VisibleCatalogue
from segue.pipeline.accounts.folders import MAX_FOLDERS, set_folders
from segue.types import Track


@pytest.fixture
def library(tmp_path):
    library = Library(tmp_path / "my.segue")
    for name in ("mia", "ben"):
        library.accounts.add(Account(name=name), "hash")
    yield library
    library.close()


def test_folders_are_those_that_were_set_last(library):
    assert library.folder_access.of("mia") == FolderAccess()
    assert library.folder_access.set("mia", FolderAccess(("/b", "/a", "/b"), ("/a/x",)))
    assert library.folder_access.all() == {"mia": FolderAccess(("/b", "/a"), ("/a/x",))}
    assert library.folder_access.set("mia", FolderAccess(hidden=("/c",)))
    assert library.folder_access.of("mia") == FolderAccess(hidden=("/c",))
    assert not library.folder_access.set("nobody", FolderAccess(("/a",)))


def test_folders_go_with_their_account(library):
    library.folder_access.set("mia", FolderAccess(("/a",)))
    library.accounts.remove("mia")
    library.accounts.add(Account(name="mia"), "hash")
    assert library.folder_access.all() == {}


def test_version_changes_with_every_change_of_folders(library):
    seen = [library.reader.folders_version()]
    assert seen == [""]
    for name, access in (
        ("mia", FolderAccess(("/a",))),
        ("mia", FolderAccess(("/b",))),
        ("mia", FolderAccess(hidden=("/b",))),
        ("ben", FolderAccess(("/b",))),
        ("mia", FolderAccess()),
        ("ben", FolderAccess(("/a",))),
    ):
        library.folder_access.set(name, access)
        seen.append(library.reader.folders_version())
    assert len(set(seen)) == len(seen)
    library.accounts.remove("ben")
    assert library.reader.folders_version() == ""


def test_set_folders_notes_who_did_it(library):
    set_folders(library, "mia", only=[" /music/Children/ "], by="anna")
    assert library.folder_access.of("mia") == FolderAccess(("/music/Children",))
    (entry,) = [one for one in library.audit.entries() if one.what == "folders set"]
    assert (entry.who, entry.detail) == ("anna", "mia: 1 folder shown, 0 hidden")


@pytest.mark.parametrize("folder", ["", "  ", "/", "a\nb", "x" * 5_000, "/music/../etc"])
def test_set_folders_rejects_what_is_no_folder(library, folder):
    with pytest.raises(AccountError):
        set_folders(library, "mia", only=["/ok"], hidden=[folder])
    assert library.folder_access.all() == {}


def test_set_folders_rejects_too_many_and_unknown_accounts(library):
    with pytest.raises(AccountError, match="up to 100"):
        set_folders(library, "mia", only=[f"/{n}" for n in range(MAX_FOLDERS + 1)])
    with pytest.raises(UnknownAccountError):
        set_folders(library, "nobody", only=["/a"])


@pytest.fixture
def catalogues(library):
    """A catalogue of four tracks, and the same without the second and the last."""
    tracks = [
        Track(track_id=f"id{n}", title=title)
        for n, title in enumerate(["One", "Same", "Three", "Same"])
    ]
    library.add_dataset("data", tracks=tracks, listens=library.listens().iloc[:0])
    ids = library.catalogue().ids
    whole = StoredCatalogue(library.reader, library.catalogue().rows, ids)
    return whole, VisibleCatalogue(whole, np.array([False, True, False, True]))


def test_visible_catalogue_keeps_positions(catalogues):
    whole, visible = catalogues
    assert len(visible) == len(whole) == 4
    assert [visible.position(one) for one in ("id0", "id2")] == [0, 2]
    assert dict(visible.positions) == {"id0": 0, "id2": 2}
    assert visible.tracks[2] == whole.tracks[2]
    assert visible.tracks[-2] == whole.tracks[2]


def test_visible_catalogue_has_no_names_of_hidden_tracks(catalogues):
    _, visible = catalogues
    found = [*visible.tracks, *visible.tracks[:], visible.tracks[1], *visible.tracks.at([1, 3, 1])]
    hidden = [one for one in found if one.missing]
    assert len(hidden) == 2 + 2 + 1 + 3
    assert not any(one.title or one.track_id.startswith("id") for one in hidden)
    visible.read_ahead([0, 1])
    for name in ("id1", "Same", "id3"):
        with pytest.raises(UnknownTrackError) as error:
            visible.position(name)
        assert "id1" not in str(error.value).replace(repr(name), "")
        assert name not in visible.positions
