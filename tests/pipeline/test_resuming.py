"""Resuming: what a run after an interrupted one does, and what it need not repeat."""

import numpy as np
import pytest
import soundfile

from segue.library import FeatureStore, Library
from segue.pipeline.analysis.inputs import AUDIO, open_store
from segue.pipeline.preprocess import preprocess

RATE = 22_050
PLACED = {"embedding of": "cnn", "fingerprint": "x"}


@pytest.fixture
def music(tmp_path):
    """A folder of four tracks that are long enough for a fast analysis."""
    rng = np.random.default_rng(0)
    (tmp_path / "music").mkdir()
    for number in range(4):
        noise = 0.1 * rng.normal(size=95 * 8_000)
        soundfile.write(tmp_path / "music" / f"{number}.wav", noise, 8_000)
    return tmp_path / "music"


class Stopped(BaseException):
    """Ends a run as Ctrl-C does, which no part of segue catches."""


def run_and_stop(monkeypatch, library, music, n_tracks, *, killed):
    """Stop a run after some tracks: as Ctrl-C does, or `killed` before it tells the database."""
    add, tell = FeatureStore.add, Library.set_audio_files
    added = []

    def add_some(self, row, arrays):
        add(self, row, arrays)
        if self.settings == AUDIO.summary.settings:
            added.append(row)
            if len(added) == n_tracks:
                raise Stopped

    def tell_or_not(self, files):
        if not killed:
            tell(self, files)

    with monkeypatch.context() as patch:
        patch.setattr(FeatureStore, "add", add_some)
        patch.setattr(Library, "set_audio_files", tell_or_not)
        with pytest.raises(Stopped):
            preprocess(library, music, workers=1)
    return added


def embeddings_of(library):
    return library.features(PLACED, {"embedding": "float32"})


@pytest.fixture
def analysed_fast(music, library):
    """A library of four tracks with a fast analysis, each embedded by a model."""
    preprocess(library, music, fast=True)
    rows = library.catalogue().rows.tolist()
    with embeddings_of(library) as store:
        store.add_many(rows, {"embedding": np.eye(4, dtype=np.float32)})
    return library


def test_complete_analysis_drops_embeddings_track_by_track(analysed_fast, music, monkeypatch):
    added = run_and_stop(monkeypatch, analysed_fast, music, 2, killed=False)
    left = set(embeddings_of(analysed_fast).rows().tolist())
    assert left == set(analysed_fast.catalogue().rows.tolist()) - set(added)


def test_complete_analysis_of_a_killed_run_is_not_repeated(analysed_fast, music, monkeypatch):
    run_and_stop(monkeypatch, analysed_fast, music, 2, killed=True)
    assert sum(file.fast for file in analysed_fast.audio_files().values()) == 4
    assert preprocess(analysed_fast, music).analyzed == 2
    assert not any(file.fast for file in analysed_fast.audio_files().values())
    assert preprocess(analysed_fast, music).analyzed == 0


def test_results_of_a_killed_run_are_checked_with_the_files(music, library, monkeypatch):
    (row, _) = run_and_stop(monkeypatch, library, music, 2, killed=True)
    assert library.audio_files() == {}
    before = open_store(library, AUDIO.summary).read("summary", row).copy()
    catalogue = library.catalogue()
    track = catalogue.tracks[catalogue.rows.tolist().index(row)]
    tone = 0.2 * np.sin(np.arange(95 * 8_000) / 3)
    soundfile.write(track.path, tone, 8_000)
    again = preprocess(library, music)
    assert (again.analyzed, again.missing) == (3, 1)  # another recording: another track
    summaries = open_store(library, AUDIO.summary)
    np.testing.assert_array_equal(summaries.read("summary", row), before)
    catalogue = library.catalogue()
    (new,) = (
        one
        for one, each in zip(catalogue.rows.tolist(), catalogue.tracks, strict=True)
        if each.path == track.path and not each.missing
    )
    assert not np.array_equal(summaries.read("summary", new), before, equal_nan=True)
