"""Names of tracks: ids, paths, titles, and what is asked back where several have a name."""

import unicodedata
from pathlib import Path

import pandas as pd
import pytest

from segue.errors import AmbiguousTrackError, UnknownTrackError
from segue.library import Catalogue, Event, Library
from segue.types import Track

TRACKS = [
    Track(track_id="old/1.flac", title="Sun", artist="Alder", path=Path("/m/new/First/1.flac")),
    Track(track_id="old/2.flac", title="Sun", artist="Birch", path=Path("/m/new/Second/1.flac")),
    Track(track_id="a.flac", title="Élan - Vital", artist="The Cedars", path=Path("/m/a.flac")),
    Track(track_id="A.flac", title="Sea", path=Path("/m/A.flac")),
    Track(track_id="gone.flac", title="Sea", path=Path("/m/gone.flac"), missing=True),
    Track(track_id="7", title="1/2", artist="Dogwood"),
    Track(track_id="x/new/First/1.flac", title="Sky", path=Path("/m/x/new/First/1.flac")),
]
NFD = unicodedata.normalize("NFD", "Élan - Vital")


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    library = Library(tmp_path_factory.mktemp("names") / "my.segue")
    empty = pd.DataFrame({"user_id": [], "track_id": []})
    library.add_dataset("/m", tracks=TRACKS, listens=empty)
    library.record_run("preprocess", {"dataset": "/m"})
    return library


@pytest.fixture(params=["stored", "in memory"])
def id_of(request, library):
    """The function that returns the id of a named track, of both kinds of catalogues."""
    if request.param == "stored":
        return library.reader.track_id

    def named(text):
        try:
            return Catalogue.of(TRACKS).id_of(text)
        except AmbiguousTrackError:
            raise
        except UnknownTrackError:
            return None

    return named


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("old/1.flac", "old/1.flac"),
        ("/m/new/First/1.flac", "old/1.flac"),
        ("/m/x/../new/First/1.flac", "old/1.flac"),
        ("Second/1.flac", "old/2.flac"),
        ("SECOND/1.flac", "old/2.flac"),
        ("/m/A.flac", "A.flac"),
        ("Birch - Sun", "old/2.flac"),
        ("birch \u2013  sun", "old/2.flac"),
        ("The Cedars - Élan - Vital", "a.flac"),
        (NFD, "a.flac"),
        ("cedars elan vital", "a.flac"),
        ("Sea", "A.flac"),  # the other one is missing
        ("Dogwood - 1/2", "7"),
        ("1/2", "7"),
        ("un", None),
        ("1.fla", None),
        ("", None),
    ],
)
def test_track_is_found_by_each_of_its_names(id_of, text, expected):
    assert id_of(text) == expected


@pytest.mark.parametrize(("text", "n"), [("Sun", 2), ("1.flac", 3), ("sun", 2)])
def test_name_of_several_tracks_lists_them(id_of, text, n):
    with pytest.raises(AmbiguousTrackError, match=f"names {n} tracks.*'old/1.flac'.*'old/2.flac'"):
        id_of(text)


def test_path_below_a_scanned_folder_comes_first(library):
    assert library.reader.track_id("new/First/1.flac") == "old/1.flac"


def test_other_path_of_the_same_file_names_its_track(tmp_path):
    library = Library(tmp_path / "my.segue")
    (tmp_path / "music").mkdir()
    file = tmp_path / "music" / "1.flac"
    file.touch()
    (tmp_path / "link").symlink_to(tmp_path / "music")
    empty = pd.DataFrame({"user_id": [], "track_id": []})
    library.add_dataset("/m", tracks=[Track(track_id="t", path=file)], listens=empty)
    assert library.reader.track_id(str(tmp_path / "link" / "1.flac")) == "t"


def test_writes_take_names_of_tracks(library):
    library.feedback.add([Event(user="anna", track_id="Birch - Sun", kind="like", key="1")])
    assert library.listens()["track_id"].tolist() == ["old/2.flac"]
    made = library.playlists.add("anna", "Mine", "tracks", {}, ["/m/A.flac", "7"])
    assert made.tracks == ("A.flac", "7")
    library.playlists.replace_tracks("anna", made.id, ["Birch - Sun"])
    library.playlists.edit_tracks("anna", made.id, lambda own: [*own, "Sky"])
    saved = library.playlists.get("anna", made.id)
    assert saved is not None
    assert saved.tracks == ("old/2.flac", "x/new/First/1.flac")
    with pytest.raises(UnknownTrackError, match="'nothing'"):
        library.playlists.add("anna", "Mine", "tracks", {}, ["nothing"])
