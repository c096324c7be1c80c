"""Preprocess: every file is accounted for, runs are idempotent, an interrupt loses nothing."""

import json
import shutil

import numpy as np
import pytest
import soundfile
from tests.factories import copy_of_library
from typer.testing import CliRunner

from segue.cli import app
from segue.errors import DatasetError, ModelError
from segue.library import Library
from segue.library.files import add_checksums
from segue.pipeline.analysis.inputs import AUDIO, GIVEN, drop_windows, need_input, open_store
from segue.pipeline.preprocess import preprocess


def rows_of(library, kept=AUDIO.summary):
    return open_store(library, kept).rows().tolist()


def test_every_track_is_analysed_once(dataset, library):
    first = preprocess(library, dataset, workers=1)
    assert (first.tracks, first.analyzed, first.problems) == (36, 36, 0)
    assert (first.listens, first.listeners) == (30, 3)
    second = preprocess(library, dataset, workers=1)
    assert (second.tracks, second.analyzed) == (36, 0)
    assert library.counts() == {
        "tracks": 36,
        "listeners": 3,
        "listens": 30,
        "unmatched": 0,
        "problems": 0,
        "missing": 0,
        "left_out": 0,
    }
    assert all(3.9 < track.duration < 4.1 for track in library.catalogue().tracks)


@pytest.mark.slow
def test_two_workers_equal_one_worker(dataset, trained, library):
    preprocess(library, dataset, workers=2)
    for kept in (AUDIO.windows, AUDIO.summary):
        one, several = open_store(trained, kept), open_store(library, kept)
        assert one.rows().tolist() == several.rows().tolist()
        for name in kept.dtypes:
            for row in one.rows().tolist():
                np.testing.assert_array_equal(one.read(name, row), several.read(name, row))


def test_interrupted_run_keeps_its_results(dataset, library):
    class Stop(BaseException):
        pass

    from contextlib import contextmanager

    @contextmanager
    def stopping(description, total):
        done = 0

        def advance(steps):
            nonlocal done
            done += steps
            if description == "Analyzing audio" and done == 5:
                raise Stop

        yield advance

    with pytest.raises(Stop):
        preprocess(library, dataset, workers=1, progress=stopping)
    again = Library(library.directory)
    assert len(rows_of(again)) == 5
    assert sum(track.duration is not None for track in again.catalogue().tracks) == 5
    assert preprocess(again, dataset, workers=1).analyzed == 31


def test_bad_file_is_a_problem_and_others_are_analysed(dataset, library, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(dataset, copy)
    (copy / "audio" / "05.wav").write_bytes(b"RIFF but no more")
    result = preprocess(library, copy, workers=1)
    assert (result.analyzed, result.problems) == (35, 1)
    (problem,) = library.problems()
    assert problem.subject == "t05"
    assert problem.source == "05.wav"
    # mended, it is taken in, and the problem is gone
    shutil.copy(dataset / "audio" / "05.wav", copy / "audio" / "05.wav")
    assert preprocess(library, copy, workers=1).analyzed == 1
    assert library.problems() == []


def test_precomputed_frames_are_stored_unchanged(library, tmp_path, rng):
    (tmp_path / "features").mkdir()
    names = {"a": np.uint8, "b": np.float32, "c": np.float64}
    frames = {name: (rng.random((30, 8)) * 200).astype(dtype) for name, dtype in names.items()}
    for name, values in frames.items():
        np.save(tmp_path / "features" / f"{name}.npy", values)
    frames["bad"] = np.full((30, 8), np.nan, np.float32)
    np.save(tmp_path / "features" / "bad.npy", frames["bad"])
    lines = [f"{name},features/{name}.npy" for name in frames]
    (tmp_path / "metadata.csv").write_text("\n".join(["track_id,features", *lines]))
    result = preprocess(library, tmp_path)
    assert (result.analyzed, result.problems) == (3, 1)
    catalogue = library.catalogue()
    for dtype, expected in (("uint8", ["a"]), ("float32", ["b", "c"])):
        store = open_store(library, GIVEN[dtype].summary)
        found = [catalogue.tracks[catalogue.rows.tolist().index(r)].track_id for r in store.rows()]
        assert found == expected
        for name, row in zip(expected, store.rows().tolist(), strict=True):
            np.testing.assert_array_equal(
                store.read("frames", row), frames[name].astype(store.dtypes["frames"])
            )


def test_music_folder_is_a_dataset(library, tmp_path, rng):
    soundfile.write(tmp_path / "one.flac", 0.1 * rng.normal(size=44_100), 22_050)
    assert preprocess(library, tmp_path, workers=1).analyzed == 1
    assert library.catalogue().tracks[0].track_id == "one.flac"


def test_known_id_with_another_file_is_analysed_again(library, tmp_path, rng):
    for name, level in (("one", 0.05), ("two", 0.4)):
        (tmp_path / name / "audio").mkdir(parents=True)
        soundfile.write(
            tmp_path / name / "audio" / "x.wav", level * rng.normal(size=22_050), 22_050
        )
        (tmp_path / name / "metadata.csv").write_text("track_id,path\n1,audio/x.wav")
    preprocess(library, tmp_path / "one")
    first = open_store(library, AUDIO.summary).matrix("summary", library.catalogue().rows)
    assert preprocess(library, tmp_path / "two").analyzed == 1
    second = open_store(library, AUDIO.summary).matrix("summary", library.catalogue().rows)
    assert (
        first.shape == second.shape == (1, 1607)
    )  # 178 bands, nine statistics, and five values of the track
    assert np.nanmax(np.abs(first - second)) > 1


def test_unusable_audio_leaves_the_library_unchanged(library, tmp_path, capfd):
    for name in ("a.mp3", "b.wav"):
        (tmp_path / name).write_text("this is not music")
    with pytest.raises(DatasetError, match=r"None of the 2 files can be used.*a\.mp3"):
        preprocess(library, tmp_path)
    assert library.counts() == {
        "tracks": 0,
        "listeners": 0,
        "listens": 0,
        "unmatched": 0,
        "problems": 0,
        "missing": 0,
        "left_out": 0,
    }
    assert capfd.readouterr().err == ""


def test_invalid_dataset_leaves_the_library_unchanged(library, tmp_path):
    with pytest.raises(DatasetError):
        preprocess(library, tmp_path / "nowhere")
    assert library.counts()["tracks"] == 0


def test_models_of_an_earlier_analysis_are_reported(dataset, trained, tmp_path):
    copy_of_library(trained.directory, tmp_path / "my.segue")
    library = Library(tmp_path / "my.segue")
    assert preprocess(library, dataset).outdated == []
    for name in ("cnn", "knn"):
        path = library.models.path(name) / "manifest.json"
        manifest = json.loads(path.read_text())
        if name == "cnn":
            del manifest["analysis"]  # as 0.1.0 wrote it
        else:
            manifest["analysis"] = "another"
        path.write_text(json.dumps(manifest))
        add_checksums(path.parent)
    assert preprocess(library, dataset).outdated == ["cnn", "knn"]
    result = CliRunner().invoke(
        app, ["preprocess", str(dataset), "--library", str(library.directory)]
    )
    assert (
        "The models cnn, knn were trained on an earlier analysis: run segue train" in result.output
    )


def test_training_refuses_dropped_windows(dataset, library, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(dataset, copy)
    rows = (copy / "metadata.csv").read_text().splitlines(keepends=True)
    (copy / "metadata.csv").write_text("".join(rows[:-2]))
    preprocess(library, copy)
    drop_windows(library)
    with pytest.raises(ModelError, match="34 of 34 were dropped: run segue preprocess --windows"):
        need_input(library, "cnn")
    (copy / "metadata.csv").write_text("".join(rows))
    preprocess(library, copy)
    with pytest.raises(ModelError, match="34 of 36 were dropped: run segue preprocess --windows"):
        need_input(library, "cnn")
    # a missing track does not prevent training
    (copy / "audio" / "00.wav").unlink()
    preprocess(library, copy, windows=True)
    assert len(need_input(library, "cnn")[1].rows()) == 35
