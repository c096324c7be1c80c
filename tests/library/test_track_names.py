"""Names of tracks: ids, paths, titles, and what is asked back where several have a name."""

import os
import unicodedata
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.errors import AmbiguousTrackError, UnknownTrackError
from segue.library import Catalogue, Event, Library
from segue.library.track_index import TrackIndex
from segue.library.track_names import name_keys
from segue.pipeline.catalogue.shown_files import shown_files
from segue.sources.datasets.listens import no_listens
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


NOT_UTF8 = os.fsdecode(b"/m/caf\xe9.flac")


@pytest.fixture
def odd_library(tmp_path):
    """Ids that are paths of other files, two folders with equal names, a name of odd bytes."""
    library = Library(tmp_path / "my.segue")
    tracks = [
        Track(track_id="First/1.flac", path=Path("/m/First/1.flac"), missing=True),
        Track(track_id="First/1.flac (2)", path=Path("/m/First/1.flac")),
        Track(track_id="2.flac", path=Path("/m/2.flac")),
        Track(track_id="2.flac (2)", path=Path("/n/2.flac")),
        Track(track_id="t3", path=Path("/m/new/3.flac"), title="Three"),
        Track(track_id="4.flac", path=Path("/m/new/4.flac"), missing=True),
        Track(track_id="old.flac", path=Path("/m/new/5.flac")),
        Track(track_id="6.flac", path=Path("/m/old.flac")),
        Track(track_id="/m/x/7.flac", path=Path("/m/x/8.flac")),
        Track(track_id="8", path=Path("/m/x/7.flac")),
        Track(track_id="caf\\xe9.flac", path=Path(NOT_UTF8)),
        Track(track_id="odd", path=Path(os.fsdecode(b"/m/x/caf\xe8.flac"))),
        Track(track_id="9", title="Nine"),
    ]
    library.add_dataset("/m", tracks=tracks, listens=no_listens())
    rows = {track.track_id: library.reader.track_row(track.track_id) for track in tracks}
    library.merge_tracks([(rows["4.flac"], rows["old.flac"])])
    for root in ("/m", "/n"):
        library.record_run("preprocess", {"dataset": root})
    return library


def test_shown_name_of_every_track_names_it(odd_library):
    catalogue = odd_library.catalogue()
    ids = [track.track_id for track in catalogue.tracks]
    shown = shown_files(odd_library, ids)
    assert [odd_library.reader.track_id(shown[one]) for one in ids] == ids
    assert [catalogue.id_of(shown[one]) for one in ids] == ids
    assert len(set(shown.values())) == len(ids)
    assert shown["odd"] == "x/caf\\xe8.flac"


def test_shown_name_is_the_path_where_it_names_no_other(odd_library):
    shown = shown_files(odd_library, ["t3", "First/1.flac (2)", "2.flac (2)"])
    assert shown == {
        "t3": "new/3.flac",
        "First/1.flac (2)": "/m/First/1.flac",
        "2.flac (2)": "/n/2.flac",
    }


def test_shown_name_is_no_path_below_the_current_folder(odd_library, tmp_path, monkeypatch):
    inner = Track(track_id="inner", path=tmp_path / "new" / "3.flac")
    odd_library.add_dataset("/o", tracks=[inner], listens=no_listens())
    monkeypatch.chdir(tmp_path)
    assert shown_files(odd_library, ["t3"]) == {"t3": "/m/new/3.flac"}


@pytest.mark.parametrize(
    "text", [NOT_UTF8, os.fsdecode(b"caf\xe9.flac"), "caf\\xe9.flac", "/m/caf\\xe9.flac"]
)
def test_name_that_is_not_utf8_is_found(odd_library, text):
    assert odd_library.reader.track_id(text) == "caf\\xe9.flac"
    assert odd_library.catalogue().id_of(text) == "caf\\xe9.flac"


@pytest.mark.parametrize("text", ["a\0b", "\0", "\ud800", "/m/\udce9\ud800", "~\0", "x" * 5_000])
def test_text_that_no_file_can_have_is_an_unknown_track(odd_library, text):
    assert odd_library.reader.track_id(text) is None
    with pytest.raises(UnknownTrackError):
        odd_library.catalogue().position(text)
    with pytest.raises(UnknownTrackError):
        odd_library.playlists.add("anna", "Mine", "tracks", {}, [text])
    with pytest.raises(UnknownTrackError):
        odd_library.feedback.check([Event(user="anna", track_id=text, kind="like", key="1")])


def test_former_id_names_the_track_everywhere(odd_library):
    assert odd_library.reader.track_id("old.flac") == "4.flac"
    assert odd_library.catalogue().id_of("old.flac") == "4.flac"


def test_names_are_those_after_the_last_change(odd_library):
    assert odd_library.reader.track_id("Nine") == "9"
    odd_library.add_dataset(
        "/o",
        tracks=[Track(track_id="10", title="Ten", path=Path("/o/10.flac"))],
        listens=no_listens(),
    )
    assert odd_library.reader.track_ids(["Ten", "10.flac", "Nine", "None"]) == {
        "Ten": "10",
        "10.flac": "10",
        "Nine": "9",
        "None": None,
    }
    odd_library.close()
    assert odd_library.reader.track_id("ten") == "10"


def test_exact_path_of_a_file_with_two_names_is_no_question(tmp_path):
    library = Library(tmp_path / "my.segue")
    paths = [tmp_path / "a" / "1.flac", tmp_path / "b" / "1.flac"]
    for path in paths:
        path.parent.mkdir()
    paths[0].touch()
    paths[1].hardlink_to(paths[0])
    tracks = [Track(track_id=path.parent.name, path=path) for path in paths]
    library.add_dataset("/m", tracks=tracks, listens=no_listens())
    assert library.reader.track_ids([str(path) for path in paths]) == dict(
        zip(map(str, paths), "ab", strict=True)
    )


records = st.tuples(
    st.integers(0, 5), st.sampled_from([None, "/m/A/1.flac", "/m/1.flac"]), st.text(max_size=2)
)
catalogues = st.lists(records, max_size=6, unique_by=lambda record: record[0])


@given(st.lists(catalogues, min_size=1, max_size=4))
def test_index_after_updates_is_that_of_the_last_tracks(versions):
    index = TrackIndex(name_keys)
    for version in versions:
        index.update([(*record, None) for record in version])
    keys = {row: set(name_keys(path, title, None)) for row, path, title in versions[-1]}
    for key in {"1.flac", "a/1.flac", "", *(key for own in keys.values() for key in own)}:
        assert index.rows([key]) == sorted(row for row, own in keys.items() if key in own)


def test_index_computes_keys_of_a_track_once():
    computed = []

    def keys_of(path, title, artist):
        computed.append(title)
        return name_keys(path, title, artist)

    index = TrackIndex(keys_of)
    index.update([(1, None, "Sun", None), (2, None, "Moon", None)])
    index.update([(1, None, "Sun", None), (2, None, "Sea", None)])
    assert computed == ["Sun", "Moon", "Sea"]
    assert index.rows(["sun", "moon", "sea"]) == [1, 2]
