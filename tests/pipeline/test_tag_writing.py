"""`segue tag`: what is written to files, by filters; undone; analyzed and read no second time."""

import json
import shutil
from dataclasses import replace

import mutagen
import mutagen.id3 as id3
import numpy as np
import pytest
from tests.audio_files import audio_file
from typer.testing import CliRunner

from segue import preprocess, undo_tags, write_tags
from segue.cli import app
from segue.encoders.pretrained import PRETRAINED_ENCODERS
from segue.errors import SegueError
from segue.library import Library
from segue.library.merged_tracks import merge_tracks
from segue.pipeline.analysis.inputs import AUDIO, open_store
from segue.pipeline.analysis.pretrained_embeddings import pretrained_store
from segue.pipeline.tagging.tag_values import KEY_NOTATIONS, key_text
from segue.sources.file_tags.fields import read_tags_of_file

NAMES = ("flac", "mp3", "m4a", "au")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Make a folder of four files of one artist each, and its library, once for all tests."""
    place = tmp_path_factory.mktemp("tag_writing")
    for number, kind in enumerate(NAMES):
        path = audio_file(place / "music" / f"{kind}.{kind}", hertz=300 + 50 * number)
        if kind != "au":
            file = mutagen.File(path, easy=True)
            if file.tags is None:
                file.add_tags()
            file["artist"] = f"Artist {kind}"
            file.save()
    library = Library(place / "my.segue")
    preprocess(library, place / "music", workers=1)
    files = library.audio_files()
    library.set_audio_files(
        {row: replace(file, tempo=120.4, key="A minor") for row, file in files.items()}
    )
    library.close()
    shutil.copytree(place, place / "kept", ignore=shutil.ignore_patterns("kept"))
    return place


@pytest.fixture
def music(made):
    """The folder, as it was made."""
    for name in ("music", "my.segue"):
        shutil.rmtree(made / name)
        shutil.copytree(made / "kept" / name, made / name)  # keeps times of change
    return made / "music"


@pytest.fixture
def library(music):
    """Its library, in which every track has a tempo and a key."""
    library = Library(music.parent / "my.segue")
    yield library
    library.close()


def tags_of(path):
    file = mutagen.File(path)
    return {} if file.tags is None else {name: str(file.tags[name]) for name in file.tags.keys()}  # noqa: SIM118


def test_dry_run_shows_differences_and_writes_nothing(library, music):
    before = {path: path.read_bytes() for path in music.iterdir()}
    done = write_tags(library)
    assert {(one.field, one.before, one.after) for one in done.changes} == {
        ("tempo", "", "120"),
        ("key", "", "Am"),
    }
    assert [one.track_id for one in done.changes] == sorted(one.track_id for one in done.changes)
    assert {path: path.read_bytes() for path in music.iterdir()} == before
    (left,) = done.left
    assert left.path.endswith("au.au")
    assert "cannot be written" in left.reason


def test_written_tags_are_undone(library, music):
    before = {path: tags_of(path) for path in music.iterdir() if path.suffix != ".au"}
    done = write_tags(library, dry_run=False)
    assert (done.dry_run, done.n_files) == (False, 3)
    assert {change.field for change in done.changes} == {"tempo", "key"}
    assert tags_of(music / "flac.flac")["initialkey"] == "['Am']"
    assert tags_of(music / "mp3.mp3")["TBPM"] == "120"
    again = write_tags(library, dry_run=False)
    assert (again.n_files, again.n_unchanged) == (0, 3)
    assert undo_tags(library).n_files == 3
    undone = undo_tags(library, dry_run=False)
    assert (undone.n_files, undone.left) == (3, [])
    assert {path: tags_of(path) for path in before} == before
    assert undo_tags(library, dry_run=False).n_files == 0


def test_written_files_are_neither_analyzed_nor_read_again(library, music):
    catalogue = library.catalogue()
    store = open_store(library, AUDIO.summary)
    summaries = store.matrix("summary", catalogue.rows)
    tracks = catalogue.tracks
    for change in (write_tags, undo_tags):
        change(library, dry_run=False)
        done = preprocess(library, music, workers=1)
        assert (done.analyzed, done.moved, done.missing) == (0, 0, 0)
        assert library.catalogue().tracks == tracks
        np.testing.assert_array_equal(
            open_store(library, AUDIO.summary).matrix("summary", catalogue.rows), summaries
        )


def test_written_tempo_read_again_stays_that_of_analysis(library, music):
    write_tags(library, dry_run=False)
    preprocess(library, music, workers=1, reread_tags=True)
    assert {track.tempo for track in library.catalogue().tracks} == {120.4}


def test_tags_of_files_are_kept_unless_overwritten(library, music):
    file = mutagen.File(music / "flac.flac")
    file["bpm"] = "60"
    file.save()
    done = write_tags(library, tracks="flac.flac", fields="tempo")
    assert done.changes == []
    (change,) = write_tags(library, tracks="flac.flac", fields="tempo", overwrite=True).changes
    assert (change.before, change.after) == ("60", "120")


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ({"tracks": "mp3.mp3"}, {"mp3.mp3"}),
        ({"artists": "artist FLAC"}, {"flac.flac"}),
        ({"artists": ["Artist flac", "Artist m4a"]}, {"flac.flac", "m4a.m4a"}),
        ({"artists": "Artist flac", "tracks": "mp3.mp3"}, set()),
        ({"folders": "music", "fields": "key"}, {"flac.flac", "mp3.mp3", "m4a.m4a"}),
    ],
)
def test_filters_choose_tracks(library, filters, names):
    assert {change.track_id for change in write_tags(library, **filters).changes} == names


@pytest.mark.parametrize("text", ["0", "000", "fast", "9999", "-", "unknown", " "])
def test_tempo_that_says_nothing_is_replaced(library, music, text):
    for name in ("flac.flac", "mp3.mp3"):
        file = mutagen.File(music / name)
        if name == "mp3.mp3":
            file.tags.add(id3.TBPM(encoding=3, text=[text]))
        else:
            file["bpm"] = text
        file.save()
        before = tags_of(music / name)
        done = write_tags(library, tracks=name, fields="tempo", dry_run=False)
        assert [(one.field, one.after) for one in done.changes] == [("tempo", "120")]
        assert read_tags_of_file(music / name)["tempo"] == "120"
        assert undo_tags(library, dry_run=False).n_files == 1
        assert tags_of(music / name) == before


@pytest.mark.parametrize("text", ["o", "O", "off", "Off-Key", "unknown", "-", "0"])
def test_key_that_says_nothing_is_replaced(library, music, text):
    file = mutagen.File(music / "mp3.mp3")
    file.tags.add(id3.TKEY(encoding=3, text=[text]))
    file.save()
    (change,) = write_tags(library, tracks="mp3.mp3", fields="key", dry_run=False).changes
    assert change.after == "Am"


@pytest.mark.parametrize("text", ["Am", "8A", "1m", "F#", "la mineur", "As-Dur", "B"])
def test_key_in_any_notation_is_kept(library, music, text):
    file = mutagen.File(music / "mp3.mp3")
    file.tags.add(id3.TKEY(encoding=3, text=[text]))
    file.save()
    assert write_tags(library, tracks="mp3.mp3", fields="key").changes == []


def test_unknown_names_are_refused(library):
    for wrong in ({"artists": "Nobody"}, {"fields": "color"}, {"key_notation": "roman"}):
        with pytest.raises(SegueError):
            write_tags(library, **wrong)


def test_tags_changed_since_are_kept_unless_forced(library, music):
    write_tags(library, dry_run=False, fields="tempo")
    file = mutagen.File(music / "flac.flac")
    file["bpm"] = "61"
    file.save()
    done = undo_tags(library, dry_run=False)
    assert [one.path for one in done.left] == [str(music / "flac.flac")]
    assert done.n_files == 2
    assert mutagen.File(music / "flac.flac")["bpm"] == ["61"]
    assert undo_tags(library, dry_run=False, force=True).n_files == 1
    assert "bpm" not in mutagen.File(music / "flac.flac")


@pytest.mark.parametrize("everything", [False, True])
@pytest.mark.parametrize("force", [False, True])
def test_dry_undo_shows_what_undo_does(library, music, everything, force):
    write_tags(library, dry_run=False, fields="tempo")
    write_tags(
        library, dry_run=False, fields="key", key_notation="camelot", tracks=["mp3.mp3", "m4a.m4a"]
    )
    write_tags(library, dry_run=False, fields="key", overwrite=True)
    file = mutagen.File(music / "mp3.mp3")
    file["TKEY"].text = ["Bb"]
    file.save()
    options = {"everything": everything, "force": force}
    shown = undo_tags(library, **options)
    done = undo_tags(library, dry_run=False, **options)
    assert replace(shown, dry_run=False) == done
    assert bool(done.left) != force


def test_undo_that_is_refused_everywhere_fails(library, music):
    write_tags(library, dry_run=False, fields="tempo", tracks="flac.flac")
    file = mutagen.File(music / "flac.flac")
    file["bpm"] = "61"
    file.save()
    for more in ([], ["--yes"], ["--json"]):
        arguments = ["tag", "undo", *more, "-l", str(library.directory)]
        result = CliRunner().invoke(app, arguments)
        assert result.exit_code == 1
        assert "changed since" in result.output
    assert CliRunner().invoke(app, ["tag", "undo", "--force", *arguments[3:]]).exit_code == 0


def test_write_that_is_refused_everywhere_fails(library, music):
    (music / "flac.flac").chmod(0o444)
    arguments = ["tag", "write", "--track", "flac.flac", "-l", str(library.directory)]
    assert CliRunner().invoke(app, arguments).exit_code == 1
    assert CliRunner().invoke(app, [*arguments, "--track", "mp3.mp3"]).exit_code == 0


def test_last_write_is_undone_first(library, music):
    write_tags(library, dry_run=False, fields="tempo")
    write_tags(library, dry_run=False, fields="key")
    undo_tags(library, dry_run=False)
    assert set(tags_of(music / "flac.flac")) == {"artist", "bpm"}
    undo_tags(library, dry_run=False, everything=True)
    assert set(tags_of(music / "flac.flac")) == {"artist"}


def test_read_only_files_are_left(library, music):
    (music / "flac.flac").chmod(0o444)
    done = write_tags(library, dry_run=False)
    assert {one.path.rpartition("/")[2]: one.reason for one in done.left}["flac.flac"] == (
        "it is read-only: make it writable"
    )
    assert done.n_files == 2


def test_command_writes_only_with_consent(library, music):
    def run(*arguments):
        result = CliRunner().invoke(app, ["tag", *arguments, "-l", str(library.directory)])
        assert result.exit_code == 0, result.output
        return result.output

    shown = run("write", "--key-notation", "camelot")
    assert "8A" in shown
    assert "add --yes" in shown
    assert "initialkey" not in tags_of(music / "flac.flac")
    assert "Wrote the tags of 3 files" in run("write", "--key-notation", "camelot", "--yes")
    assert tags_of(music / "flac.flac")["initialkey"] == "['8A']"
    document = json.loads(run("undo", "--json"))
    assert (document["dry_run"], document["n_files"]) == (True, 3)
    assert "Restored the tags of 3 files" in run("undo", "--yes")
    assert "nothing to undo" in run("undo")


def test_key_notations_are_one_to_one():
    tones = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
    keys = [f"{tone} {mode}" for tone in tones for mode in ("major", "minor")]
    for notation in KEY_NOTATIONS:
        assert len({key_text(key, notation) for key in keys}) == 24
    # the relative keys share a number, and a fifth up is the next number
    assert (key_text("C major", "camelot"), key_text("A minor", "camelot")) == ("8B", "8A")
    assert (key_text("G major", "camelot"), key_text("G major", "open-key")) == ("9B", "2d")


def test_rough_energy_is_written_on_request(library, music):
    write_tags(library, fields="energy", dry_run=False)
    assert 1 <= int(mutagen.File(music / "flac.flac")["energylevel"][0]) <= 10


def test_moods_of_tracks_without_predicted_tags_wait(library, music):
    """By default, mood and energy are written where an encoder has analyzed the track."""
    catalogue = library.catalogue()
    spec = PRETRAINED_ENCODERS["musicnn"]
    chances = np.array([0.9 if tag in {"sad", "mellow"} else 0.02 for tag in spec.tags], np.float32)
    with pretrained_store(library, "musicnn") as store:
        row = int(catalogue.rows[catalogue.position("mp3.mp3")])
        store.add(row, {"embedding": np.ones(200, np.float32), "probabilities": chances})
    found = {(one.track_id, one.field) for one in write_tags(library).changes}
    assert {one for one in found if one[1] in {"mood", "energy"}} == {
        ("mp3.mp3", "mood"),
        ("mp3.mp3", "energy"),
    }
    named = {one.track_id for one in write_tags(library, fields="energy").changes}
    assert named >= {"mp3.mp3", "flac.flac"}


def test_backups_outlive_the_merge_of_two_tracks(library, music):
    write_tags(library, tracks=["mp3.mp3", "flac.flac"], fields="tempo", dry_run=False)
    rows = dict(zip(library.catalogue().positions, library.catalogue().rows.tolist(), strict=True))
    with library._database.begin() as connection:
        merge_tracks(connection, [(rows["flac.flac"], rows["mp3.mp3"])])
    assert {one.row for one in library.tags.backups()} == {min(rows["flac.flac"], rows["mp3.mp3"])}
    assert undo_tags(library, dry_run=False).left == []
    assert "TBPM" not in tags_of(music / "mp3.mp3")


def test_other_container_at_a_written_path_is_left(library, music):
    write_tags(library, tracks="flac.flac", fields="tempo", dry_run=False)
    shutil.copyfile(music / "mp3.mp3", music / "flac.flac")
    (left,) = undo_tags(library, dry_run=False, force=True).left
    assert left.reason == "it has taken the place of the file that was written"
