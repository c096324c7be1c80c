"""A small real library: tones and noise of three kinds, two artists' worth of each, two listeners.

It is made, analysed and trained once for all tests of this room; tests that change a library make
their own from the same dataset.
"""

import csv
from pathlib import Path

import numpy as np
import pytest
import soundfile

from segue.encoders import CnnSettings, RnnSettings, TransformerSettings
from segue.library import Library
from segue.pipeline.preprocess import preprocess
from segue.pipeline.train import train

RATE = 22_050
SECONDS = 4
KINDS = ("low", "high", "noise")
N_PER_KIND = 12
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
