"""A descriptor that is registered later is computed alone for tracks that are analyzed already."""

import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from segue.audio import (
    ANALYSIS_VERSION,
    DESCRIPTORS,
    SUMMARY_VERSION,
    added_descriptors,
    decode,
    describe,
    describe_file,
    descriptor_values,
    given_descriptors,
    summary_names,
)
from segue.library import Library, settings_hash
from segue.pipeline.analysis.inputs import (
    ANALYSIS,
    AUDIO,
    FAST,
    GIVEN,
    descriptor_store,
    model_summaries,
    open_store,
    outdated,
    summaries,
)
from segue.pipeline.preprocess import preprocess
from segue.pipeline.train import train

sys.path.insert(0, str(Path(__file__).parent))  # worker processes search this path
import toy_descriptors


def files_of(library, store):
    directory = library.directory / "features" / settings_hash(store.settings)
    return {path.name: path.read_bytes() for path in directory.iterdir()}


@pytest.fixture
def small(dataset, tmp_path):
    """A dataset of six files, and a library that has analyzed it."""
    directory = tmp_path / "dataset"
    (directory / "audio").mkdir(parents=True)
    table = (dataset / "metadata.csv").read_text("utf-8").splitlines()[:7]
    (directory / "metadata.csv").write_text("\n".join(table) + "\n", "utf-8")
    for number in range(6):
        name = f"audio/{number:02}.wav"
        shutil.copy(dataset / name, directory / name)
    library = Library(tmp_path / "small.segue")
    assert preprocess(library, directory, workers=1).analyzed == 6
    return directory, library


@pytest.fixture
def tasks(monkeypatch):
    """Names of the tasks that worker processes were given, in order."""
    from segue.pipeline.analysis.workers import Workers

    given, answers = [], Workers.answers

    def recorded(self, function, work):
        work = list(work)
        given.extend([function.__name__] * len(work))
        return answers(self, function, work)

    monkeypatch.setattr(Workers, "answers", recorded)
    return given


def test_added_descriptor_is_computed_alone(small, tasks, monkeypatch):
    directory, library = small
    before = [files_of(library, store) for store in (AUDIO.windows, AUDIO.summary)]
    monkeypatch.setitem(DESCRIPTORS, "toy_peak", toy_descriptors.PEAK)
    done = preprocess(library, directory, workers=1)
    assert (done.analyzed, done.problems) == (6, 0)
    assert tasks == ["describe_track"] * 6
    assert [files_of(library, store) for store in (AUDIO.windows, AUDIO.summary)] == before

    catalogue = library.catalogue()
    summary, groups, _ = summaries(library, catalogue)
    assert groups[-4:] == ["toy_peak"] * 4
    n_added = sum(len(descriptor_values(one)) for one in added_descriptors())
    assert summary.shape == (6, len(summary_names()) + n_added)
    for values, track in zip(summary, catalogue.tracks, strict=True):
        frames = describe(decode(track.path))["toy_peak"]
        expected = np.concatenate([frames.mean(axis=0), frames.max(axis=0)])
        np.testing.assert_allclose(values[-4:], expected, rtol=1e-6)

    tasks.clear()
    assert preprocess(library, directory, workers=1).analyzed == 0
    assert tasks == []


def test_new_track_gets_every_descriptor_in_one_pass(small, dataset, tasks, monkeypatch):
    directory, library = small
    monkeypatch.setitem(DESCRIPTORS, "toy_peak", toy_descriptors.PEAK)
    monkeypatch.setitem(DESCRIPTORS, "toy_length", toy_descriptors.LENGTH)
    preprocess(library, directory, workers=1)
    shutil.copy(dataset / "audio/06.wav", directory / "audio/06.wav")
    with (directory / "metadata.csv").open("a", encoding="utf-8") as table:
        table.write("t06,audio/06.wav,Piece 6,band,low,band\n")
    tasks.clear()
    assert preprocess(library, directory, workers=1).analyzed == 1
    assert tasks.count("analyse_track") == 1
    assert "describe_track" not in tasks
    summary = summaries(library, library.catalogue())[0]
    np.testing.assert_allclose(summary[:, -1], 4.0, atol=0.01)
    assert not np.isnan(summary[:, -5:]).any()


def test_missing_audio_leaves_the_added_descriptor_unknown(small, monkeypatch):
    directory, library = small
    (directory / "audio/03.wav").unlink()
    monkeypatch.setitem(DESCRIPTORS, "toy_peak", toy_descriptors.PEAK)
    assert preprocess(library, directory, workers=1).analyzed == 5
    summary = summaries(library, library.catalogue())[0]
    assert np.isnan(summary[3, -4:]).all()
    assert not np.isnan(np.delete(summary[:, -4:], 3, axis=0)).any()


def test_fast_analysis_gets_a_fast_then_a_complete_descriptor(
    tmp_path, library, tasks, monkeypatch, rng
):
    folder = tmp_path / "music"
    folder.mkdir()
    level = np.linspace(0.01, 0.5, 120 * 22_050)
    soundfile.write(folder / "a.flac", level * rng.uniform(-1, 1, len(level)), 22_050)
    preprocess(library, folder, workers=1, fast=True)
    monkeypatch.setitem(DESCRIPTORS, "toy_peak", toy_descriptors.PEAK)
    for fast, task, settings in (
        (True, "describe_track", FAST),
        (False, "analyse_track", ANALYSIS),
    ):
        tasks.clear()
        assert preprocess(library, folder, workers=1, fast=fast).analyzed == 1
        assert [one for one in tasks if one.endswith("_track")] == [task]
        expected = describe_file(folder / "a.flac", settings, [toy_descriptors.PEAK])["toy_peak"]
        summary = summaries(library, library.catalogue())[0]
        np.testing.assert_array_equal(summary[0, -4:], expected)


def test_removed_descriptor_loses_its_store(small, monkeypatch):
    directory, library = small
    with monkeypatch.context() as patch:
        patch.setitem(DESCRIPTORS, "toy_peak", toy_descriptors.PEAK)
        store = descriptor_store(toy_descriptors.PEAK)
        preprocess(library, directory, workers=1)
        assert len(open_store(library, store).rows()) == 6
    preprocess(library, directory, workers=1)
    assert len(open_store(library, store).rows()) == 0
    assert len(open_store(library, AUDIO.summary).rows()) == 6


def test_new_summary_keeps_the_stored_windows(small, tasks):
    """As after an update that finds other tempi: the frames are the same, and not stored twice."""
    directory, library = small
    windows = open_store(library, AUDIO.windows).directory
    before = {path.name: path.stat().st_size for path in windows.iterdir()}
    library.drop_features(lambda settings: settings == AUDIO.summary.settings)
    tasks.clear()
    assert preprocess(library, directory, workers=1).analyzed == 6
    assert tasks.count("analyse_track") == 6
    assert len(open_store(library, AUDIO.summary).rows()) == 6
    assert {path.name: path.stat().st_size for path in windows.iterdir()} == before


def test_knn_of_before_reads_its_columns_and_is_outdated(small, monkeypatch):
    directory, library = small
    train(library, "knn")
    assert outdated(library) == []
    catalogue, manifest = library.catalogue(), library.models.manifest("knn")
    before = model_summaries(library, catalogue, manifest)
    monkeypatch.setitem(DESCRIPTORS, "toy_peak", toy_descriptors.PEAK)
    assert preprocess(library, directory, workers=1).outdated == ["knn"]
    np.testing.assert_array_equal(model_summaries(library, catalogue, manifest), before)
    train(library, "knn")
    assert outdated(library) == []
    after = model_summaries(library, catalogue, library.models.manifest("knn"))
    assert after.shape[1] == before.shape[1] + 4


def write_frames(folder, names, rng):
    """Write a dataset of one file of frames for each name; return its folder."""
    (folder / "features").mkdir(parents=True)
    for name in names:
        np.save(folder / f"features/{name}.npy", rng.integers(0, 256, (40, 20), dtype=np.uint8))
    lines = [f"{name},features/{name}.npy" for name in names]
    (folder / "metadata.csv").write_text("\n".join(["track_id,features", *lines]), "utf-8")
    return folder


@pytest.fixture
def frames(tmp_path, library, rng):
    """A folder of three tracks with precomputed frames of 20 bands, and its library."""
    folder = write_frames(tmp_path / "music", "abc", rng)
    preprocess(library, folder)
    return folder


def test_stored_frames_get_the_descriptors_that_they_lack(frames, library):
    complete, groups, _ = summaries(library, library.catalogue())
    widths = {one.name: one.n_values(20) for one in given_descriptors()}
    assert {name: groups.count(name) for name in widths} == widths
    assert not np.isnan(complete).any()
    # as a library of an earlier segue, of which the files are gone
    library.drop_features(lambda settings: "descriptor" in settings)
    (frames / "features/b.npy").unlink()
    before = summaries(library, library.catalogue())[0]
    np.testing.assert_array_equal(before, complete[:, :180])
    assert preprocess(library, frames).analyzed == 3
    np.testing.assert_array_equal(summaries(library, library.catalogue())[0], complete)
    assert preprocess(library, frames).analyzed == 0


def test_model_fitted_before_new_descriptors_is_outdated(tmp_path, library, rng):
    folder = write_frames(tmp_path / "music", "abcdefgh", rng)
    preprocess(library, folder)
    library.drop_features(lambda settings: "descriptor" in settings)
    train(library, "knn")
    assert library.models.manifest("knn")["descriptors"] == []
    assert train(library, "knn")[0].state == "up to date"
    preprocess(library, folder)
    assert outdated(library) == ["knn"]
    assert train(library, "knn")[0].state == "trained"
    there = [one.name for one in given_descriptors()]
    assert library.models.manifest("knn")["descriptors"] == there


def test_damaged_frames_do_not_stop_their_descriptors(frames, library):
    library.drop_features(lambda settings: "descriptor" in settings)
    data = open_store(library, GIVEN["uint8"].windows).directory / "data.bin"
    content = bytearray(data.read_bytes())
    content[0] ^= 1
    data.write_bytes(content)
    assert preprocess(library, frames).analyzed == 2


def test_settings_hashes_of_existing_libraries_stay():
    """A changed hash analyzes every library again: raise the versions if that is meant."""
    assert (ANALYSIS_VERSION, SUMMARY_VERSION) == (3, 4)
    stores = {
        "windows": AUDIO.windows,
        "summary": AUDIO.summary,
        "given uint8": GIVEN["uint8"].summary,
        "given float32": GIVEN["float32"].summary,
    }
    assert {name: settings_hash(store.settings) for name, store in stores.items()} == {
        "windows": "4fae3799a7defcad",
        "summary": "44d1d7290b4dc253",
        "given uint8": "f78862c1c61ff7f6",
        "given float32": "d544e99466631c8d",
    }
