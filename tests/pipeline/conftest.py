"""A small real library: tones and noise of three kinds, two artists' worth of each, two listeners.

It is made, analysed and trained once for all tests of this room; tests that change a library make
their own from the same dataset.
"""

import csv
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from segue.encoders import CnnSettings, RnnSettings, TransformerSettings
from segue.library import Library
from segue.pipeline.learning.weights import load_weights, save_weights
from segue.pipeline.opening.snapshot import prepare
from segue.pipeline.preprocess import preprocess
from segue.pipeline.train import train

RATE = 22_050
SECONDS = 4
KINDS = ("low", "high", "noise")
N_PER_KIND = 12
N_LISTENING_TRACKS, N_LISTENERS = 60, 16
SMALL = {
    "cnn": CnnSettings(
        window=64,
        channels=(8, 8),
        width=8,
        embedding=8,
        passes=4,
        least_steps=12,
        least_epoch_steps=6,
    ),
    "rnn": RnnSettings(
        window=32, width=8, units=8, embedding=8, passes=6, least_steps=20, least_epoch_steps=5
    ),
    "transformer": TransformerSettings(
        window=32, width=8, heads=2, embedding=8, passes=6, least_steps=20, least_epoch_steps=5
    ),
}


def sound(kind: str, rng: np.random.Generator) -> np.ndarray:
    time = np.arange(RATE * SECONDS) / RATE
    if kind == "noise":
        return 0.2 * rng.normal(size=len(time))
    pitch = rng.uniform(150, 250) if kind == "low" else rng.uniform(2_000, 3_000)
    beat = 1 + np.sign(np.sin(2 * np.pi * rng.uniform(1, 3) * time))
    return 0.2 * np.sin(2 * np.pi * pitch * time) * beat + 0.001 * rng.normal(size=len(time))


def write_csv(path: Path, header: str, rows: list[tuple[object, ...]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([header.split(), *rows])


@pytest.fixture(scope="session")
def dataset(tmp_path_factory):
    """A dataset directory with audio, genres, artists and listens."""
    directory = tmp_path_factory.mktemp("dataset")
    rng = np.random.default_rng(0)
    (directory / "audio").mkdir()
    rows = []
    for i in range(N_PER_KIND * len(KINDS)):
        kind = KINDS[i % len(KINDS)]
        path = f"audio/{i:02}.wav"
        soundfile.write(directory / path, sound(kind, rng), RATE)
        band = f"{kind} band {i // 3 % 6}"
        rows.append((f"t{i:02}", path, f"Piece {i}", band, kind, band))
    header = "track_id path title artist genre ensemble"
    write_csv(directory / "metadata.csv", header, rows)
    listens = [
        (user, f"t{i:02}", 1_000 * n)
        for user, first in (("anna", 0), ("ben", 1), ("carl", 2))
        for n, i in enumerate(range(first, 30, 3))
    ]
    write_csv(directory / "listens.csv", "user_id track_id timestamp", listens)
    return directory


@pytest.fixture(scope="session")
def trained(dataset, tmp_path_factory):
    """A library of `dataset` with all models trained. Not to be changed."""
    library = Library(tmp_path_factory.mktemp("trained") / "my.segue")
    preprocess(library, dataset, workers=1)
    for result in train(library, "all", settings=SMALL):
        # three listeners share too little for a collaborative model
        wanted = "skipped" if result.model == "collaborative" else "trained"
        assert result.state == wanted, result.reason
    return library


@pytest.fixture
def library(tmp_path):
    return Library(tmp_path / "my.segue")


def write_listening_dataset(directory):
    directory.mkdir()
    head = "track_id,title,artist,album,year,genre,tags,duration,lyrics"
    rows = [
        f"t{i},Title {i},Artist {i % 20},Album {i % 30},{1960 + i if i % 7 else ''}"
        f",{('folk', 'jazz')[i % 2]},{('calm', 'wild')[i % 2]}:3|x{i % 5}:1,{100 + i},"
        for i in range(N_LISTENING_TRACKS)
    ]
    (directory / "metadata.csv").write_text("\n".join([head, *rows]), "utf-8")
    rng = np.random.default_rng(0)
    listens = ["user_id,track_id,timestamp,rating,skipped"]
    for user in range(N_LISTENERS):
        for n, track in enumerate(rng.choice(np.arange(user % 2, N_LISTENING_TRACKS - 2, 2), 14)):
            rating = 40 * (track % 3) if n % 4 == 0 else ""
            skipped = int(n % 9 == 5)
            listens.append(f"u{user},t{track},{1_600_000_000 + 1000 * n + user},{rating},{skipped}")
    (directory / "listens.csv").write_text("\n".join(listens), "utf-8")
    (directory / "friends.csv").write_text("user_id,friend_id\nu0,u2\nu3,u0\n", "utf-8")
    return directory


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
    prepare(library)
    library.close()
    return library.directory


@pytest.fixture
def listening_library(listening_directory, tmp_path):
    """A copy of `listening_directory` that a test may change."""
    shutil.copytree(listening_directory, tmp_path / "my.segue")
    return Library(tmp_path / "my.segue")
