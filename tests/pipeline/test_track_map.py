"""The map: every track has one place, kept while the signal is the same; lines on it are paths."""

import numpy as np
import pandas as pd
import pytest

from segue.errors import ModelError, ModelNotTrainedError
from segue.pipeline.recommender.service import RecommenderService
from segue.pipeline.track_map.places import EDGE, UNPLACED, TrackMap, draw_path
from segue.pipeline.track_map.train_maps import map_signals, track_map, train_maps
from segue.pipeline.train import train
from segue.types import Track

GENRES = ("blues", "metal", "techno")


def tagged(n, first=0):
    """Make tracks of three genres; every tenth is a bare id."""
    return [
        Track(track_id=f"t{i}")
        if i % 10 == 9
        else Track(
            track_id=f"t{i}",
            title=f"Piece {i}",
            artist=f"{GENRES[i % 3]} {i // 6}",
            genres=(GENRES[i % 3],),
            tags={GENRES[i % 3]: 3, f"word {i % 7}": 1},
        )
        for i in range(first, first + n)
    ]


@pytest.fixture
def library(library):
    library.add_dataset("music", tracks=tagged(60), listens=pd.DataFrame())
    return library


@pytest.fixture
def state(library):
    return RecommenderService.open(library).state()


def manifest_time(library, name):
    return (library.models.path(name) / "manifest.json").stat().st_mtime_ns


def test_a_map_has_a_place_for_every_track_that_the_signal_knows(state):
    assert map_signals(state) == ["tags", "metadata"]
    found = track_map(state)
    assert found.signal == "tags"
    assert found.places.shape == (60, 2)
    assert found.places.dtype == np.uint16
    bare = np.arange(60) % 10 == 9
    assert (found.places[bare] == UNPLACED).all()
    assert (found.placed == ~bare).all()
    assert found.places[~bare].max() <= EDGE
    assert np.ptp(found.places[~bare], axis=0).max() == EDGE
    assert len(np.unique(found.places[~bare], axis=0)) == (~bare).sum()
    genres = np.arange(60) % 3
    places = found.places.astype(float)
    apart = np.linalg.norm(places[:, None] - places[None], axis=2) + 1e9 * np.eye(60)
    apart[:, bare] = 1e9
    nearest = apart.argmin(axis=1)
    assert (genres[nearest] == genres)[~bare].mean() > 0.95


def test_a_map_is_kept_until_the_signal_is_another(library, state):
    found = track_map(state, "tags")
    manifest = library.models.manifest("map-tags")
    assert manifest["tracks"] == {"placed": 54, "all": 60}
    assert 0 < manifest["metrics"]["kept@10"] <= manifest["metrics"]["kept@50"] <= 1
    written = manifest_time(library, "map-tags")
    again = track_map(state, "tags")
    assert (again.places == found.places).all()
    assert again.fingerprint == found.fingerprint
    assert manifest_time(library, "map-tags") == written
    library.add_dataset("more", tracks=tagged(6, first=60), listens=pd.DataFrame())
    library.record_run("preprocess", {})
    state = RecommenderService.open(library).state()
    grown = track_map(state, "tags")
    assert grown.places.shape == (66, 2)
    assert grown.fingerprint != found.fingerprint
    other = track_map(state, "tags", seed=1)
    assert other.fingerprint != grown.fingerprint
    assert not (other.places == grown.places).all()


def test_a_map_is_the_same_wherever_it_is_made(library, state):
    found = track_map(state, "metadata")
    forced = track_map(state, "metadata", force=True)
    assert (forced.places == found.places).all()
    again = track_map(RecommenderService.open(library).state(), "metadata")
    assert (again.places == found.places).all()


def test_a_damaged_map_is_made_again(library, state):
    found = track_map(state)
    path = library.models.path("map-tags") / "places.npy"
    for damage in (b"", b"no archive", path.read_bytes()[:-40]):
        path.write_bytes(damage)
        assert (track_map(state).places == found.places).all()
    np.save(path, np.zeros((3, 2)))
    assert (track_map(state).places == found.places).all()


def test_making_a_map_changes_nothing_that_recommends(library, state):
    before = library.state()
    track_map(state)
    assert library.state() == before


def test_what_cannot_be_mapped_is_told(library, state, tmp_path):
    with pytest.raises(ModelNotTrainedError, match="segue train knn"):
        track_map(state, "knn")
    with pytest.raises(ModelError, match="No signal 'popularity' compares"):
        track_map(state, "popularity")
    with pytest.raises(ModelError, match="has no position for any track"):
        track_map(state, "lyrics")
    empty = type(library)(tmp_path / "empty.segue")
    empty.add_dataset("x", tracks=[Track(track_id="a")], listens=pd.DataFrame())
    with pytest.raises(ModelError, match="nothing to map"):
        train(empty, "map")


def test_all_maps_are_trained_by_one_word(library):
    (result,) = train(library, "map")
    assert (result.model, result.state) == ("map", "trained")
    assert result.tracks["tags"] == 54
    assert {"map-tags", "map-metadata"} <= set(library.models.names())
    assert train(library, "map")[0].state == "up to date"
    assert train_maps(library, first_only=True).tracks == {"tags": 54}
    assert train(library, "map", force=True)[0].state == "trained"


def on_a_grid(n=10, missing=()):
    """Make a map of n x n tracks, row by row, 1,000 apart."""
    rows, columns = np.divmod(np.arange(n * n), n)
    places = (1_000 * np.stack([columns, rows], axis=1)).astype(np.uint16)
    places[list(missing)] = UNPLACED
    return TrackMap("grid", places, "")


def test_a_line_takes_the_tracks_along_it_evenly():
    grid = on_a_grid()
    assert draw_path(grid, [[0, 0], [9_000, 0]], 4) == [0, 3, 6, 9]
    assert draw_path(grid, [[9_000, 0], [0, 0]], 4) == [9, 6, 3, 0]
    assert draw_path(grid, [[0, 0], [9_000, 0], [9_000, 9_000]], 3) == [0, 9, 99]
    assert draw_path(grid, [[200, 100], [8_700, 9_200]], 2) == [0, 99]
    assert draw_path(grid, [[4_000, 5_000]], 1) == [54]


def test_no_track_comes_twice_however_short_the_line():
    grid = on_a_grid()
    found = draw_path(grid, [[0, 0], [10, 0]], 30)
    assert len(set(found)) == 30
    assert found[0] == 0
    near = [np.hypot(*divmod(one, 10)) for one in found]
    assert max(near) < 9
    assert sorted(draw_path(grid, [[5, 5]], 200)) == list(range(100))
    scribble = np.random.default_rng(0).uniform(-1e4, 1e5, (1_000, 2))
    assert len(set(draw_path(grid, scribble, 50))) == 50


def test_only_tracks_that_may_come_are_on_a_path():
    grid = on_a_grid(missing=[0, 1])
    assert draw_path(grid, [[0, 0]], 1) == [10]
    allowed = np.arange(100) % 10 == 9
    assert draw_path(grid, [[0, 0], [0, 9_000]], 3, allowed=allowed) == [9, 49, 99]
    assert draw_path(grid, [[0, 0]], 3, allowed=np.zeros(100, bool)) == []
    assert draw_path(TrackMap("none", np.full((4, 2), UNPLACED, np.uint16), ""), [[0, 0]], 2) == []


@pytest.mark.parametrize(
    "line", [[], [1, 2], [[1, 2, 3]], [[1, float("nan")]], [[float("inf"), 1]]]
)
def test_what_is_no_line_is_refused(line):
    with pytest.raises(ValueError, match="two finite numbers"):
        draw_path(on_a_grid(), line, 3)
    with pytest.raises(ValueError, match="at least 1 track"):
        draw_path(on_a_grid(), [[1, 1]], 0)
