"""The plugin of beets in a real library of beets, by its own commands."""

import shutil
import time
from pathlib import Path

import pytest
from mutagen.flac import FLAC
from tests.beetsplug.beets_process import run_beets
from tests.factories import RATE, make_library, tune

pytest.importorskip("beets", reason="beets is not installed: pip install beets")

import soundfile

from segue.library import Event, Library
from segue.pipeline.recommender.service import RecommenderService

pytestmark = pytest.mark.slow

N_TRACKS = 10
MBID = "5935ec91-8124-42ff-937f-f31a20ffe58f"
OTHER = 7  # a track that is in another folder for beets
BY_NAME = 8


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A folder of music, a library of segue with the plays of anna, and one of beets."""
    top = tmp_path_factory.mktemp("beets")
    for i in range(N_TRACKS):
        path = top / "music" / f"Band {i % 3}" / "Album" / f"{i:02} Piece {i}.flac"
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, tune(i, 6), RATE)
        tags = FLAC(path)
        tags.update(title=f"Piece {i}", artist=f"Band {i % 3}", album=f"Album {i % 3}")
        tags.update(tracknumber=str(i), genre=f"genre {i % 3}")
        if i == OTHER:
            tags["musicbrainz_trackid"] = MBID
        tags.save()
    library = make_library(top / "my.segue", top / "music", "knn")
    ids = {track.title: track.track_id for _, track in library.each_track()}
    service = RecommenderService.open(library)
    now = time.time()
    service.feedback(
        [
            Event(user="anna", track_id=ids[f"Piece {i}"], kind=kind, key=f"{i}{kind}", at=now - i)
            for i, kind in [(0, "play"), (3, "play"), (3, "like"), (4, "dislike"), (OTHER, "play")]
        ]
    )
    service.close()
    library.close()
    assert len(ids) == N_TRACKS
    (top / "beets").mkdir()
    (top / "beets" / "config.yaml").write_text(
        f"directory: {top}/sorted\nlibrary: {top}/beets/library.db\nplugins: [segue]\n"
        f"segue:\n  library: {top}/my.segue\nimport:\n  copy: no\n  write: no\n"
    )
    moved = {
        top / "elsewhere" / "x" / "a.flac": (OTHER, "Another title"),
        top / "elsewhere" / "y" / "b.flac": (BY_NAME, f"piece {BY_NAME} (Remastered 2011)"),
        top / "elsewhere" / "z" / "c.flac": (None, "Unknown to segue"),
    }
    in_place = sorted((top / "music").rglob("*.flac"))
    for path, (i, title) in moved.items():
        source = (
            in_place[0] if i is None else next(one for one in in_place if f"Piece {i}." in one.name)
        )
        path.parent.mkdir(parents=True)
        shutil.copy(source, path)
        tags = FLAC(path)
        tags.update(title=title)
        if i is None:
            tags.update(artist="Nobody")
        tags.save()
        if i is not None:
            in_place.remove(source)
    beet(top, "import", "-A", "-q", "-s", *map(str, [*in_place, *moved]))
    beet(top, "segue-sync")
    return top


@pytest.fixture
def copy(made, tmp_path):
    """A copy of what was made, to change."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    config = tmp_path / "beets" / "config.yaml"
    config.write_text(config.read_text().replace(str(made), str(tmp_path)))
    return tmp_path


def run(top, *arguments):
    return run_beets(top / "beets", *arguments)


def beet(top, *arguments):
    done = run(top, *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_sync_stores_plays_and_likes_of_the_listener(made):
    found = beet(made, "ls", "-f", "$title|$segue_plays|$segue_liked", "segue_plays:1..")
    assert sorted(found) == ["Another title|1|False", "Piece 0|1|False", "Piece 3|1|True"]
    assert beet(made, "ls", "-f", "$title", "segue_liked:true") == ["Piece 3"]
    assert beet(made, "ls", "-f", "$title", "segue_disliked:true") == ["Piece 4"]
    assert len(beet(made, "ls", "segue_last_played:2020..")) == 3


def test_sync_matches_by_path_recording_and_names(made):
    ids = dict(line.split("|") for line in beet(made, "ls", "-f", "$title|$segue_id"))
    assert ids["Piece 1"] == "Band 1/Album/01 Piece 1.flac"
    assert ids["Another title"] == "Band 1/Album/07 Piece 7.flac"
    assert ids["piece 8 (Remastered 2011)"] == "Band 2/Album/08 Piece 8.flac"
    assert beet(made, "ls", "-f", "$title", "^segue_id::.") == ["Unknown to segue"]


def test_sync_stores_the_analysis_for_range_queries(made):
    library = Library(made / "my.segue")
    tracks = {t.title: t for t in library.reader.each_track()}
    library.close()
    loud = [
        float(line) for line in beet(made, "ls", "-f", "$segue_loudness", "segue_loudness:-60..0")
    ]
    assert len(loud) == N_TRACKS
    wanted = {title for title, track in tracks.items() if track.tempo and track.tempo >= 60}
    found = set(beet(made, "ls", "-f", "$title", "segue_tempo:60.."))
    assert {one for one in wanted if one in found} == wanted - {"Piece 7", "Piece 8"}
    keys = [t.key for t in tracks.values() if t.key]
    shown = beet(made, "ls", "-f", "$segue_key", "segue_key::^[A-G]#?m?$")
    assert len(shown) == len(keys)


def test_sync_again_changes_nothing_and_follows_changes(copy):
    assert "0 of 11 items changed" in run(copy, "segue-sync").stderr
    library = Library(copy / "my.segue")
    service = RecommenderService.open(library)
    track = next(t.track_id for _, t in library.each_track() if t.title == "Piece 3")
    service.feedback(
        [Event(user="anna", track_id=track, kind="unlike", key="again", at=time.time())]
    )
    service.close()
    library.close()
    assert "1 of 11 items changed" in run(copy, "segue-sync").stderr
    assert beet(copy, "ls", "segue_liked:true") == []


def test_sync_removes_what_is_not_known_any_more(copy):
    beet(copy, "modify", "-y", "-W", "title:Unknown to segue", "segue_id=x", "segue_plays=3")
    assert beet(copy, "ls", "-f", "$title", "segue_plays:3") == ["Unknown to segue"]
    done = run(copy, "segue-sync", "title:Unknown to segue")
    assert "1 of 1 items changed" in done.stderr
    assert "1 items are not in the library of segue" in done.stderr
    assert beet(copy, "ls", "segue_plays:3") == []
    assert beet(copy, "ls", "-f", "$title", "^segue_id::.") == ["Unknown to segue"]


def test_sync_of_several_listeners_needs_a_name(copy):
    library = Library(copy / "my.segue")
    track = next(t.track_id for _, t in library.each_track() if t.title == "Piece 1")
    library.feedback.add([Event(user="ben", track_id=track, kind="like", key="1")])
    library.close()
    beet(copy, "segue-sync")
    assert beet(copy, "ls", "segue_liked::.") == []  # nobody knows whose
    assert len(beet(copy, "ls", "segue_loudness:..0")) == N_TRACKS
    config = copy / "beets" / "config.yaml"
    config.write_text(config.read_text().replace("segue:\n", "segue:\n  user: ben\n"))
    beet(copy, "segue-sync")
    assert beet(copy, "ls", "-f", "$title", "segue_liked:true") == ["Piece 1"]
    beet(copy, "segue-sync", "-u", "anna")
    assert beet(copy, "ls", "-f", "$title", "segue_liked:true") == ["Piece 3"]


def test_segue_lists_as_many_as_asked_of_few_items(copy):
    beet(copy, "remove", "-f", "title::^Piece [23459]")
    new = {"Piece 6", "piece 8 (Remastered 2011)"}  # anna has played the others
    assert set(beet(copy, "segue", "-k", "2", "-f", "$title", "title:Piece 1")) == new
    assert len(beet(copy, "segue", "-k", "1", "-f", "$title", "title:Piece 1")) == 1


def test_segue_library_is_that_of_the_environment(copy):
    config = copy / "beets" / "config.yaml"
    config.write_text(config.read_text().replace(f"  library: {copy}/my.segue\n", "  auto: no\n"))
    found = run_beets(copy / "beets", "segue-sync", SEGUE_LIBRARY=str(copy / "my.segue"))
    assert "0 of 11 items changed" in found.stderr


def test_segue_lists_items_similar_to_those_of_a_query(made):
    found = beet(made, "segue", "-k", "3", "-f", "$title", "title:Piece 1")
    assert len(found) == 3
    assert "Piece 1" not in found
    assert set(found) <= {f"Piece {i}" for i in range(N_TRACKS)} | {
        "Another title",
        "piece 8 (Remastered 2011)",
    }
    paths = beet(made, "segue", "-k", "3", "-p", "title:Piece 1")
    assert all(Path(path).is_file() for path in paths)


def test_segue_without_a_query_recommends_to_the_listener(made):
    found = beet(made, "segue", "-u", "anna", "-f", "$title")
    assert found
    assert set(found).isdisjoint({"Piece 0", "Piece 3", "Piece 4", "Another title"})


def test_segue_playlist_writes_paths_of_beets(made, tmp_path):
    paths = beet(made, "segue", "-p", "-k", "9", "--playlist", str(tmp_path / "a.m3u8"), "Piece 1")
    lines = (tmp_path / "a.m3u8").read_text().splitlines()
    assert lines[0] == "#EXTM3U"
    assert [line for line in lines if not line.startswith("#")] == paths
    assert str(made / "elsewhere" / "y" / "b.flac") in paths


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["segue", "title:Unknown"], "No item of the query is in the library of segue"),
        (["segue", "-u", "zoe"], "no listener 'zoe'"),
        (["segue-sync", "-u", "zoe"], "no listener 'zoe'"),
        (["segue", "-k", "0"], "at least 1"),
    ],
)
def test_segue_error_is_one_sentence(made, arguments, words):
    done = run(made, *arguments)
    assert done.returncode == 1
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_segue_without_its_library_says_what_to_do(copy):
    shutil.rmtree(copy / "my.segue")
    done = run(copy, "segue", "Piece")
    assert done.returncode == 1
    assert "segue preprocess" in done.stderr
    assert len(beet(copy, "ls")) == 11


def test_auto_analyzes_what_beets_imports(copy):
    config = copy / "beets" / "config.yaml"
    config.write_text(config.read_text().replace("copy: no", "copy: yes") + "\n")
    config.write_text(config.read_text().replace("segue:\n", "segue:\n  auto: yes\n"))
    new = copy / "new.flac"
    soundfile.write(new, tune(99, 6), RATE)
    tags = FLAC(new)
    tags.update(title="New piece", artist="New band")
    tags.save()
    beet(copy, "import", "-A", "-q", "-s", str(new))
    (found,) = beet(copy, "ls", "-f", "$segue_id|$segue_loudness", "title:New piece")
    assert found.split("|")[0].endswith("New piece.flac")
    assert float(found.split("|")[1]) < 0
