"""Snapshots with a new signal, an unknown signal or another format."""

import json
from dataclasses import dataclass

import numpy as np
import pytest
from tests.pipeline.test_learning import two_kinds

from segue.library import Library
from segue.library.files import add_checksums
from segue.pipeline.preprocess import preprocess
from segue.pipeline.recommender.recommend import recommend
from segue.pipeline.recommender.snapshot import is_current, open_snapshot, snapshot_directory
from segue.pipeline.train import train
from segue.signals import SIGNALS, SignalColor, SignalDefinition, SignalInfo


@dataclass(frozen=True)
class EarlySignal:
    """A toy: tracks score higher the nearer they are to the start of the catalogue."""

    ranks: np.ndarray
    offset: float = 0.0

    name = "early"

    def for_listeners(self, profiles):
        return np.tile(self.offset - self.ranks, (len(profiles), 1))

    def for_track(self, position):
        return np.full(len(self.ranks), np.nan, np.float32)

    def save(self):
        return {"offset": self.offset}, {"ranks": self.ranks}

    @classmethod
    def load(cls, settings, arrays):
        return cls(arrays["ranks"], settings["offset"])


EARLY = SignalDefinition(
    SignalInfo("early", "Early", "Near the start of the catalogue", SignalColor("#000", "#fff")),
    load=EarlySignal.load,
    from_tracks=lambda given: EarlySignal(np.arange(len(given.tracks), dtype=np.float32), 1.5),
)


def test_a_new_signal_is_trained_prepared_and_opened(tmp_path, monkeypatch):
    monkeypatch.setitem(SIGNALS, "early", EARLY)
    library = Library(tmp_path / "my.segue")
    preprocess(library, two_kinds(tmp_path / "data"), workers=1)
    train(library, "collaborative")
    assert is_current(library)
    assert "early" in recommend(library, "u0", 3).weights
    (found,) = [one for one in open_snapshot(library).signals if one.name == "early"]
    assert found.offset == 1.5
    np.testing.assert_array_equal(found.ranks, np.arange(40))


def test_a_snapshot_with_an_unknown_signal_is_not_opened(tmp_path, monkeypatch):
    library = Library(tmp_path / "my.segue")
    preprocess(library, two_kinds(tmp_path / "data"), workers=1)
    with monkeypatch.context() as patch:
        patch.setitem(SIGNALS, "early", EARLY)
        train(library, "collaborative")
    assert open_snapshot(library) is None


def test_a_library_that_cannot_save_a_signal_says_so(tmp_path, monkeypatch):
    unlisted = SignalDefinition(EARLY.info, EARLY.load, from_tracks=EARLY.from_tracks)
    monkeypatch.setitem(SIGNALS, "another name", unlisted)
    library = Library(tmp_path / "my.segue")
    preprocess(library, two_kinds(tmp_path / "data"), workers=1)
    with pytest.raises(ValueError, match="'early' has no definition"):
        train(library, "collaborative")


@pytest.mark.parametrize("earlier", [5, 8])
def test_a_snapshot_of_another_format_is_not_opened(tmp_path, earlier):
    library = Library(tmp_path / "my.segue")
    preprocess(library, two_kinds(tmp_path / "data"), workers=1)
    train(library, "collaborative")
    path = snapshot_directory(library) / "manifest.json"
    manifest = json.loads(path.read_text())
    path.write_text(json.dumps({**manifest, "state": f"{earlier}{manifest['state'][1:]}"}))
    add_checksums(path.parent)
    assert open_snapshot(library) is None
    path.write_text(json.dumps(manifest))
    add_checksums(path.parent)
    assert open_snapshot(library) is not None
