"""A small dataset with audio, and a library with every model trained on it.

Both are made once for all tests of this package. Tests that change a library make their own from
the same dataset.
"""

from dataclasses import replace

import numpy as np
import pytest
from tests.factories import (
    RATE,
    SMALL_SETTINGS,
    SOUND_KINDS,
    copy_of_library,
    make_library,
    rows,
    sound,
    write_dataset,
)

from segue import recommend
from segue.library import Event, Library
from segue.pipeline.preprocess import preprocess
from segue.pipeline.recommender.build_snapshot import build
from segue.pipeline.recommender.service import RecommenderService
from segue.pipeline.train import train
from segue.pipeline.training.engine_weights import load_weights, save_weights

N_PER_KIND = 12
N_LISTENING_TRACKS, N_LISTENERS = 60, 16


@pytest.fixture(scope="session")
def dataset(tmp_path_factory):
    """A dataset of 36 tracks: three kinds of sound, six artists each; three users with listens."""
    rng = np.random.default_rng(0)
    tracks, sounds = [], {}
    for i in range(N_PER_KIND * len(SOUND_KINDS)):
        kind = SOUND_KINDS[i % len(SOUND_KINDS)]
        sounds[f"{i:02}.wav"] = sound(kind, rng)
        band = f"{kind} band {i // 3 % 6}"
        tracks.append((f"t{i:02}", f"audio/{i:02}.wav", f"Piece {i}", band, kind, band))
    listens = [
        (user, f"t{i:02}", 1_000 * n)
        for user, first in (("anna", 0), ("ben", 1), ("carl", 2))
        for n, i in enumerate(range(first, 30, 3))
    ]
    return write_dataset(
        tmp_path_factory.mktemp("dataset"),
        rows("track_id path title artist genre ensemble", tracks),
        listens=rows("user_id track_id timestamp", listens),
        sounds=sounds,
    )


@pytest.fixture(scope="session")
def trained(dataset, tmp_path_factory):
    """A library of `dataset` with all models trained. Not to be changed."""
    library = Library(tmp_path_factory.mktemp("trained") / "my.segue")
    preprocess(library, dataset, workers=1)
    # the CNN of the other tests is trained too briefly for good neighbors
    settings = {**SMALL_SETTINGS, "cnn": replace(SMALL_SETTINGS["cnn"], least_steps=120)}
    for result in train(library, "all", settings=settings, force=True):
        # three listeners share too little for a collaborative model
        wanted = "skipped" if result.model == "collaborative" else "trained"
        assert result.state == wanted, result.reason
    return library


@pytest.fixture(scope="session")
def state(trained):
    """The library of `trained`, opened for recommendations."""
    return RecommenderService.open(trained).state()


@pytest.fixture
def library(tmp_path):
    """An empty library."""
    return Library(tmp_path / "my.segue")


def write_listening_dataset(directory):
    """Write a dataset without audio: two tastes, ratings, skips and friends."""
    tracks = [
        {
            "track_id": f"t{i}",
            "title": f"Title {i}",
            "artist": f"Artist {i % 20}",
            "album": f"Album {i % 30}",
            "year": 1960 + i if i % 7 else "",
            "genre": ("folk", "jazz")[i % 2],
            "tags": f"{('calm', 'wild')[i % 2]}:3|x{i % 5}:1",
            "duration": 100 + i,
            "lyrics": "",
        }
        for i in range(N_LISTENING_TRACKS)
    ]
    rng = np.random.default_rng(0)
    listens = []
    for user in range(N_LISTENERS):
        for n, track in enumerate(rng.choice(np.arange(user % 2, N_LISTENING_TRACKS - 2, 2), 14)):
            rating = 40 * (track % 3) if n % 4 == 0 else ""
            skipped, time = int(n % 9 == 5), 1_600_000_000 + 1000 * n + user
            listens.append((f"u{user}", f"t{track}", time, rating, skipped))
    return write_dataset(
        directory,
        tracks,
        listens=rows("user_id track_id timestamp rating skipped", listens),
        friends=rows("user_id friend_id", [("u0", "u2"), ("u3", "u0")]),
    )


@pytest.fixture(scope="session")
def listening_directory(tmp_path_factory):
    """The directory of a library trained on listens, whose listeners may differ. Read only."""
    directory = tmp_path_factory.mktemp("listening")
    library = Library(directory / "my.segue")
    preprocess(library, write_listening_dataset(directory / "data"), workers=1)
    train(library, "collaborative")
    train(library, "sequence")
    manifest = library.models.manifest("engine")
    names, fingerprint = manifest["signals"], manifest["fingerprint"]
    weights = load_weights(library, fingerprint, names)
    even = replace(
        weights, everyone=np.full(len(names), 0.3), spread=np.full(len(names), 0.2), listeners={}
    )
    save_weights(library, even, names, fingerprint)
    build(library)
    library.close()
    return library.directory


@pytest.fixture
def listening_library(listening_directory, tmp_path):
    """A copy of `listening_directory` that a test may change."""
    copy_of_library(listening_directory, tmp_path / "my.segue")
    return Library(tmp_path / "my.segue")


@pytest.fixture(scope="session")
def nine_tracks(tmp_path_factory):
    """A dataset of nine short tracks of three genres, with listens of anna and ben."""
    rng = np.random.default_rng(0)
    tracks, sounds = [], {}
    for i in range(9):
        kind = SOUND_KINDS[i % 3]
        sounds[f"{i}.wav"] = sound(kind, rng, seconds=2)
        tracks.append((f"t{i}", f"audio/{i}.wav", f"Piece {i}", f"Band {i % 4}", kind))
    listens = [
        (user, f"t{i}", 1_700_000_000 + 1_000 * n)
        for user in ("anna", "ben")
        for n, i in enumerate(range(6))
    ]
    return write_dataset(
        tmp_path_factory.mktemp("nine"),
        rows("track_id path title artist genre", tracks),
        listens=rows("user_id track_id timestamp", listens),
        sounds=sounds,
        rate=RATE,
    )


@pytest.fixture(scope="session")
def nine_library(nine_tracks, tmp_path_factory):
    """A library of them with models, snapshot, feedback and a playlist. Not to be changed."""
    library = make_library(tmp_path_factory.mktemp("nine") / "my.segue", nine_tracks, "knn")
    event = Event(user="anna", track_id="t7", kind="like", key="1", at=1_700_000_000)
    library.feedback.add([event])
    library.playlists.add("anna", "Evening", "tracks", {}, ["t1", "t2"])
    recommend(library, user="anna")
    library.close()
    return library.directory
