"""Build small datasets and libraries for tests.

Rows are mappings from column to value; columns that a row lacks are written empty. Sounds are mono
arrays in [-1, 1], frames arrays of shape (n_frames, n_bands).
"""

import csv
import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import av
import numpy as np
import soundfile

from segue.artist_names import comparison_key, credits_of
from segue.encoders import CnnSettings, RnnSettings, TransformerSettings
from segue.library import Library, copy_library, database_address
from segue.pipeline.preprocess import preprocess
from segue.pipeline.train import train

RATE = 22_050
SOUND_KINDS = ("low", "high", "noise")
SMALL_SETTINGS = {
    "cnn": CnnSettings(
        window=64,
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
"""Encoder settings that train in about a second each."""

Row = Mapping[str, Any]


def rows(columns: str, values: Iterable[Sequence[Any]]) -> list[Row]:
    """Return rows of columns that are named in one string.

    Examples
    --------
    >>> rows("user_id track_id", [("anna", "t1")])
    [{'user_id': 'anna', 'track_id': 't1'}]
    """
    return [dict(zip(columns.split(), each, strict=True)) for each in values]


def write_csv(path: Path, table: Sequence[Row]) -> None:
    """Write rows as a CSV file."""
    columns = list(dict.fromkeys(name for row in table for name in row))
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, columns, restval="")
        writer.writeheader()
        writer.writerows(table)


def sound(kind: str, rng: np.random.Generator, seconds: float = 4, rate: int = RATE) -> np.ndarray:
    """Return noise, or a low or high tone with a beat: sounds that a small encoder tells apart."""
    time = np.arange(int(rate * seconds)) / rate
    if kind == "noise":
        return 0.2 * rng.normal(size=len(time))
    pitch = rng.uniform(150, 250) if kind == "low" else rng.uniform(2_000, 3_000)
    beat = 1 + np.sign(np.sin(2 * np.pi * rng.uniform(1, 3) * time))
    return 0.2 * np.sin(2 * np.pi * pitch * time) * beat + 0.001 * rng.normal(size=len(time))


def write_dataset(
    directory: Path,
    tracks: Sequence[Row],
    *,
    listens: Sequence[Row] = (),
    friends: Sequence[Row] = (),
    sounds: Mapping[str, np.ndarray] | None = None,
    rate: int = RATE,
    frames: Mapping[str, np.ndarray] | None = None,
) -> Path:
    """Write a dataset directory and return it.

    Parameters
    ----------
    sounds
        By file name below ``audio/``; the format is that of the name's ending.
    frames
        By file name below ``features/``.
    """
    directory.mkdir(parents=True, exist_ok=True)
    for name, signal in (sounds or {}).items():
        (directory / "audio").mkdir(exist_ok=True)
        soundfile.write(directory / "audio" / name, signal, rate)
    for name, array in (frames or {}).items():
        (directory / "features").mkdir(exist_ok=True)
        np.save(directory / "features" / name, array)
    for name, table in (("metadata", tracks), ("listens", listens), ("friends", friends)):
        if table:
            write_csv(directory / f"{name}.csv", table)
    return directory


def make_library(directory: Path, dataset: Path, *models: str, **options: Any) -> Library:
    """Return a library of a dataset, with models trained by the given options."""
    library = Library(directory)
    preprocess(library, dataset, workers=1)
    for model in models:
        for result in train(library, model, **options):
            assert result.state == "trained", result.reason
    return library


def copy_of_library(source: Path, target: Path) -> Path:
    """Copy a library to a new directory, its database too where that is in PostgreSQL."""
    if not (source / "library.toml").exists():
        return Path(shutil.copytree(source, target))
    opened = Library(source)
    copy_library(opened, target, database_address(os.environ["SEGUE_DATABASE"], target))
    opened.close()
    return target


def excluded_by(rules, tracks):
    """Return which tracks rules without folders exclude, each track looked at by itself."""

    def has(names, own):
        return not {comparison_key(name) for name in names}.isdisjoint(map(comparison_key, own))

    def outside(value, low, high):
        if low is None and high is None:
            return False
        known = value is not None
        return not (known and (low is None or value >= low) and (high is None or value <= high))

    assert not rules.folders
    return np.array(
        [
            has(rules.artists, [one.name for one in credits_of(track.artist, track.artists)])
            or has(rules.genres, track.genres)
            or has(rules.tags, track.tags)
            or has(rules.albums, [track.album or "", f"{track.artist} - {track.album}"])
            or outside(track.duration, rules.min_duration, rules.max_duration)
            or outside(track.year, rules.from_year, rules.to_year)
            for track in tracks
        ],
        bool,
    )


def encode_audio(
    path: Path, codec: str, signal: np.ndarray, rate: int, options: Mapping[str, str] | None = None
) -> Path:
    """Write a signal ``[n_samples]`` with FFmpeg; the suffix chooses the container."""
    with av.open(str(path), "w", options=dict(options or {})) as container:
        stream = container.add_stream(codec, rate=rate, layout="mono")
        stream.open()
        frame = av.AudioFrame.from_ndarray(signal[None].astype(np.float32), "fltp", "mono")
        frame.sample_rate = rate
        resampler = av.AudioResampler(stream.format, "mono", rate, stream.frame_size or None)
        for one in [*resampler.resample(frame), *resampler.resample(None)]:
            container.mux(stream.encode(one))
        container.mux(stream.encode(None))
    return path


def tune(seed: int, seconds: float = 12.0) -> np.ndarray:
    """Return random notes, a sound with a fingerprint, at `RATE`."""
    rng = np.random.default_rng(seed)
    notes = []
    while sum(map(len, notes)) < seconds * RATE:
        time = np.arange(int(rng.uniform(0.1, 0.5) * RATE)) / RATE
        pitch = 220 * 2 ** (rng.integers(0, 30) / 12)
        partials = sum(np.sin(2 * np.pi * pitch * n * time) / n for n in range(1, 6))
        notes.append(0.1 * partials * np.exp(-5 * time))
    signal = np.concatenate(notes)[: round(seconds * RATE)]
    return signal + 0.001 * rng.normal(size=len(signal))
