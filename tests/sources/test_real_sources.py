"""The real datasets: known counts and known facts about each."""

from collections import Counter
from pathlib import Path

import numpy as np

from segue.sources import load_frames, read_dataset


def test_real_soundtracks_dataset(shared_data: Path) -> None:
    dataset = read_dataset(shared_data / "soundtracks")
    assert (dataset.kind, len(dataset.tracks), dataset.problems) == ("table", 365, [])
    assert all(track.path is not None for track in dataset.tracks)
    assert len({track.metadata["collection"] for track in dataset.tracks}) == 20
    assert not any((track.artist or "").startswith("<") for track in dataset.tracks)
    assert Counter(genre for track in dataset.tracks for genre in track.genres)["thrash metal"] == 3


def test_real_soundtracks_folder(shared_data: Path) -> None:
    dataset = read_dataset(shared_data / "soundtracks" / "audio")
    assert (dataset.kind, len(dataset.tracks), dataset.problems) == ("folder", 365, [])
    assert all(0 < (track.duration or 0) <= 30.1 for track in dataset.tracks)


def test_real_gtzan_frames_and_splits(shared_data: Path) -> None:
    dataset = read_dataset(shared_data / "gtzan")
    assert (dataset.kind, len(dataset.tracks), dataset.problems) == ("table", 639, [])
    assert Counter(track.split for track in dataset.tracks) == {"train": 442, "valid": 197}
    assert len({track.genres for track in dataset.tracks}) == 10
    assert dataset.tracks[0].features is not None
    frames = load_frames(dataset.tracks[0].features)
    assert (frames.shape, frames.dtype) == ((256, 128), np.uint8)


def test_real_lastfm_listens_and_friends(shared_data: Path) -> None:
    dataset = read_dataset(shared_data / "lastfm")
    assert (len(dataset.tracks), len(dataset.listens), dataset.problems) == (17_632, 74_266, [])
    assert dataset.friends is not None
    assert len(dataset.friends) == 25_434
    assert dataset.listens["plays"].sum() > 0
    assert dataset.tracks[0].artist == "MALICE MIZER"
    assert dataset.tracks[0].tags["j-rock"] == 6.0  # j-rock:5 and jrock:1 are one


def test_real_lastfm1k_positions(shared_data: Path) -> None:
    dataset = read_dataset(shared_data / "lastfm1k")
    assert (len(dataset.tracks), len(dataset.listens), dataset.problems) == (42_220, 169_524, [])
    assert dataset.listens["user_id"].nunique() == 600
    first = dataset.listens[dataset.listens["user_id"] == "0"]
    assert first["position"].is_monotonic_increasing
    assert dataset.tracks[0].metadata["artist_id"] == "72875"


def test_real_million_songs(shared_data: Path) -> None:
    dataset = read_dataset(shared_data / "msd")
    assert (dataset.kind, len(dataset.tracks), dataset.problems) == ("msd", 24, [])
    tracks = {track.track_id: track for track in dataset.tracks}
    allies = tracks["TRBDAID128F92E88C6"]
    assert (allies.artist, allies.year, allies.tempo) == ("The Allies", None, 72.777)
    assert allies.tags["ccm"] == 1.0
    assert all("danceability" not in track.metadata for track in dataset.tracks)
    assert sum(track.year is None for track in dataset.tracks) == 13
    for track in dataset.tracks:
        assert track.features is not None
        frames = load_frames(track.features)
        assert (frames.shape[1], frames.dtype) == (24, np.float32)
        assert 0 <= frames[:, 12:].min() <= frames[:, 12:].max() <= 1
